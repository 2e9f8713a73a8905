"""Writing fragments: C-alpha PDB files, ``.npz``, or a picture of their distance maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from biogan.core import __version__
from biogan.core.display import visible
from biogan.core.errors import ConfigError, DataError, OutputError, plural
from biogan.core.files import atomic_path, claim_folder, file_names, open_output, utf8
from biogan.core.inputs import split_compression
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import distances

#: Maps of one picture.
MOST = 64
#: Distances (Angstrom) and colours of a map, dark where residues are near; between them blended.
_SCALE = (0.0, 6.0, 12.0, 24.0, 60.0)
_COLOURS = ((20, 11, 52), (101, 21, 110), (212, 72, 66), (250, 166, 60), (252, 252, 200))
_ENLARGED, _GAP, _WHITE = 96, 3, 255
# A PDB line has room for -999.999 to 9999.999.
_ROOM = 999.0


def write_structures(
    fragments: FragmentSet, out: str | Path, overwrite: bool = False, remark: str = ""
) -> list[str]:
    """Write fragments in the way that a name asks for.

    Parameters
    ----------
    fragments : FragmentSet
        What to write.
    out : str or Path
        ``.npz``: ``xyz`` (n, residues, 3) and ``maps`` (n, residues, residues), float32 Angstrom,
        and ``ids``. ``.png``: the distance maps of the first 64. ``.pdb`` (also ``.pdb.gz``): one
        fragment. A name without a suffix, or a folder: a PDB file a fragment, named by its id.
        Residues are alanines, of which only the C-alpha atom is written.
    overwrite : bool
        Write into a folder that is not empty; files of other names stay there. A single file takes
        the place of an older one either way.
    remark : str
        One line for the head of each PDB file, such as the model and the seed.

    Returns
    -------
    list of str
        What was written, in words.

    Raises
    ------
    ConfigError
        If the suffix is unknown, or several fragments are asked into one ``.pdb``.
    DataError
        If there are no fragments, or coordinates that are no finite numbers.
    OutputError
        If something cannot be written, or the folder is not empty.

    Examples
    --------
    >>> line = np.arange(16.0)[None, :, None] * [3.8, 0, 0]
    >>> one = FragmentSet(line.astype(np.float32), ("line",), np.zeros(1, np.int64))
    >>> write_structures(one, getfixture("tmp_path") / "line.pdb")
    ['.../line.pdb: 1 fragment of 16 residues']
    """
    out = Path(out)
    n = len(fragments)
    if not n:
        raise DataError(f"{out}: no fragments to write")
    if not np.isfinite(fragments.xyz).all():
        raise DataError(f"{out}: not written, a coordinate of {fragments.source} is not finite")
    what = f"{plural(n, 'fragment')} of {fragments.residues} residues"
    suffix = "" if out.is_dir() else Path(split_compression(out.name)[0]).suffix
    if suffix == ".npz":
        maps = distances(fragments.xyz) if fragments.maps is None else fragments.maps
        ids = np.array(fragments.ids, np.str_)
        with atomic_path(out) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, xyz=fragments.xyz, maps=maps.astype(np.float32), ids=ids)
    elif suffix == ".png":
        with atomic_path(out) as temporary:
            map_grid(fragments).save(temporary, "PNG")
        what = f"distance maps of {f'the first {MOST} of ' if n > MOST else ''}{what}"
    elif suffix == ".pdb":
        if n > 1:
            raise ConfigError(
                f"{out}: holds one fragment, and there are {n:,}; name a folder (a name without a "
                "suffix) for a file each, or an .npz"
            )
        with open_output(out) as file:
            file.write(utf8(pdb_text(fragments.xyz[0], fragments.ids[0], remark)))
    elif suffix:
        raise ConfigError(
            f"{out}: structures are written as .npz, .png, .pdb, or into a folder (a name without "
            "a suffix)"
        )
    else:
        return _folder(fragments, out, overwrite, remark, what)
    return [f"{out}: {what}"]


def pdb_text(xyz: np.ndarray, name: str, remark: str = "") -> str:
    """Return a PDB file of the C-alpha atoms of a fragment of alanines.

    Parameters
    ----------
    xyz : numpy.ndarray, shape (residues, 3)
        Coordinates in Angstrom; those that are too large for the format are centred.
    name : str
        Id of the fragment, for the head.
    remark : str
        Further text for the head.
    """
    if np.abs(xyz).max() > _ROOM:
        xyz = xyz - xyz.mean(0)
    said = [f"C-alpha trace written by biogan {__version__}", f"fragment {name}", remark]
    lines = [f"REMARK   6 {visible(' '.join(text.split())[:69])[:69]}" for text in said if text]
    lines += [
        f"ATOM  {i:5d}  CA  ALA A{i:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
        for i, (x, y, z) in enumerate(xyz.tolist(), 1)
    ]
    last = len(xyz)
    lines += [f"TER   {last + 1:5d}      ALA A{last:4d}", "END"]
    return "\n".join(line.ljust(80) for line in lines) + "\n"


def map_grid(fragments: FragmentSet, most: int = MOST, columns: int | None = None) -> Image.Image:
    """Draw the distance maps of the first fragments side by side, dark where residues are near.

    Without ``columns`` the picture is about square.

    Raises
    ------
    DataError
        If there are none.
    """
    some = fragments[:most]
    if not len(some):
        raise DataError(f"{fragments.source}: no fragments to draw")
    cells = map_pictures(some)
    scale = max(1, _ENLARGED // some.residues)
    cells = cells.repeat(scale, 1).repeat(scale, 2)
    side, columns = cells.shape[1], columns or int(np.ceil(len(cells) ** 0.5))
    step, rows = side + _GAP, -(-len(cells) // columns)
    canvas = np.full((rows * step - _GAP, columns * step - _GAP, 3), _WHITE, np.uint8)
    for i, cell in enumerate(cells):
        y, x = i // columns * step, i % columns * step
        canvas[y : y + side, x : x + side] = cell
    return Image.fromarray(canvas)


def map_pictures(fragments: FragmentSet) -> np.ndarray:
    """Colour the distance maps, a pixel a pair of residues: shape (n, L, L, 3), uint8."""
    maps = distances(fragments.xyz) if fragments.maps is None else fragments.maps
    shades = [np.interp(maps, _SCALE, [colour[i] for colour in _COLOURS]) for i in range(3)]
    return np.rint(np.stack(shades, -1)).astype(np.uint8)


def _folder(
    fragments: FragmentSet, out: Path, overwrite: bool, remark: str, what: str
) -> list[str]:
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if there and not overwrite:
        raise OutputError(f"{out}: is not empty; use --overwrite, or another folder")
    claim_folder(out)
    names = [f"{name}.pdb" for name in file_names(fragments.ids, "fragment")]
    for file, name, xyz in zip(names, fragments.ids, fragments.xyz, strict=True):
        with open_output(out / file) as stream:
            stream.write(utf8(pdb_text(xyz, name, remark)))
    done = [f"{out}: {what}, a .pdb file each"]
    older = sorted(there - set(names))
    if older:
        done.append(f"{out}: {len(older):,} files of before are still there (first: {older[0]})")
    return done
