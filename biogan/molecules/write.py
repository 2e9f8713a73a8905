"""Writing molecules: SMILES with ids, SELFIES, SDF or TSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from biogan.core.display import visible
from biogan.core.errors import ConfigError, OutputError
from biogan.core.files import open_output, utf8
from biogan.core.inputs import split_compression
from biogan.core.options import unknown_name
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.toolkit import chem, encoded, molecules, quiet

# Endings of names and the formats that they ask for.
_SUFFIXES = {
    ".smi": "smi", ".smiles": "smi", ".ism": "smi", ".can": "smi", ".txt": "smi",
    ".selfies": "selfies", ".sdf": "sdf", ".sd": "sdf", ".tsv": "tsv",
}  # fmt: skip


def output_format(path: str | Path) -> str:
    """Return the format that a name asks for.

    Raises
    ------
    OutputError
        If the name is that of something else.

    Examples
    --------
    >>> output_format("new.sdf.gz"), output_format("new.smi"), output_format("-")
    ('sdf', 'smi', 'smi')
    """
    suffix = Path(split_compression(path)[0]).suffix
    if suffix and suffix not in _SUFFIXES:
        raise OutputError(
            f"{path}: molecules are written as .smi, .selfies, .sdf or .tsv; give such a name, or "
            "--format"
        )
    return _SUFFIXES.get(suffix, "smi")


def write_molecules(records: MoleculeSet, path: str | Path, format: str | None = None) -> int:
    r"""Write a set, see :func:`write_chunks`.

    Examples
    --------
    >>> out = getfixture("tmp_path") / "two.smi"
    >>> write_molecules(MoleculeSet.from_smiles(["OCC", "C"], ["a", "b"]), out)
    2
    >>> out.read_text()
    'CCO a\nC b\n'
    """
    return write_chunks([records], path, format)


def write_chunks(chunks: Iterable[MoleculeSet], path: str | Path, format: str | None = None) -> int:
    """Write a stream of sets with the memory of one; a text that is no molecule stays as it is.

    Parameters
    ----------
    chunks : iterable of MoleculeSet
        Sets with the same labels.
    path : str or Path
        File name (``.gz``, ``.bz2``, ``.xz``, ``.zst``: compressed) or ``-`` for standard output.
    format : {"smi", "selfies", "sdf", "tsv"}, optional
        By default what the name asks for. ``smi``: SMILES, a space and the id on each line.
        ``selfies``: the same with SELFIES. ``sdf``: without coordinates; what is no molecule is
        left out. ``tsv``: ``id``, ``smiles``, ``valid`` and one column a label.

    Returns
    -------
    int
        Number of records written.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ConfigError
        If there is no such format.
    """
    form = format or output_format(path)
    if form not in FORMATS:
        raise ConfigError("--format: " + unknown_name("value", form, tuple(FORMATS)))
    written, first = 0, True
    with open_output(path) as out:
        for chunk in chunks:
            if form == "tsv" and first:
                names = ["id", "smiles", "valid", *map(visible, chunk.labels)]
                out.write(utf8("\t".join(names) + "\n"))
            first = False
            lines = [*FORMATS[form](chunk)]
            out.write(utf8("".join(lines)))
            written += len(lines)
            if str(path) == "-":
                out.flush()
    return written


def _line(text: str, name: str) -> str:
    return f"{visible(text)} {visible(' '.join(name.split()))}\n"


def _smi(chunk: MoleculeSet) -> Iterator[str]:
    for text, name in zip(chunk.smiles, chunk.ids, strict=True):
        # An empty text would make the id a molecule: it has a mark that no SMILES has.
        yield _line(text or "?", name)


def _selfies(chunk: MoleculeSet) -> Iterator[str]:
    for text, name, ok in zip(chunk.smiles, chunk.ids, chunk.valid.tolist(), strict=True):
        yield _line((encoded(text, "selfies") if ok else "") or "?", name)


def _sdf(chunk: MoleculeSet) -> Iterator[str]:
    tools = chem()
    for i, one in enumerate(molecules(chunk.smiles)):
        if one is None:
            continue
        with quiet():
            one.SetProp("_Name", visible(chunk.ids[i]))
            block = tools.MolToMolBlock(one)
        fields = {"smiles": chunk.smiles[i]} | {k: str(v[i]) for k, v in chunk.labels.items()}
        told = "".join(f"> <{visible(k)}>\n{visible(v)}\n\n" for k, v in fields.items() if v)
        yield f"{block}{told}$$$$\n"


def _tsv(chunk: MoleculeSet) -> Iterator[str]:
    columns = [chunk.ids, chunk.smiles, chunk.valid.tolist(), *chunk.labels.values()]
    for row in zip(*columns, strict=True):
        yield "\t".join(visible(" ".join(str(cell).split())) for cell in row) + "\n"


FORMATS: dict[str, Callable[[MoleculeSet], Iterator[str]]] = {
    "smi": _smi, "selfies": _selfies, "sdf": _sdf, "tsv": _tsv,
}  # fmt: skip
