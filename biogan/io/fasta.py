"""Reading a sequence file: one call from a path to a clean :class:`SequenceSet`."""

from __future__ import annotations

from pathlib import Path

from biogan.config import ReadingConfig
from biogan.datasets.sequences import SequenceSet
from biogan.io.chunks import Raw, Watch, iter_chunks
from biogan.io.cleaning import clean_records


def read_fasta(
    path: str | Path,
    config: ReadingConfig | None = None,
    *,
    watch: Watch | None = None,
    whose: str = "",
    **options: object,
) -> SequenceSet:
    """Read FASTA, FASTQ or bare sequences, plain or gzip.

    Parameters
    ----------
    path : str or Path
        File name, ``-`` for standard input.
    config : ReadingConfig, optional
        The policies for doubtful letters; the defaults are in ``docs/input.md``.
    watch : callable, optional
        Receives now and then how many bytes of the file were read, and how many it has (``None``
        for standard input).
    whose : str
        Whose alphabet ``config`` names, for messages: ``"the reference"``; by default it was asked
        for.
    **options
        Fields of :class:`~biogan.config.ReadingConfig`, over those of ``config``.

    Returns
    -------
    SequenceSet
        Its ``report`` says what was found and done, see :meth:`InputReport.lines`.

    Raises
    ------
    FastaError
        If the file cannot be read whole, a policy says ``error``, or no record is left.
    ConfigError
        If an option is unknown or out of range.

    Examples
    --------
    >>> read_fasta("promoters.fa.gz", ambiguous="resolve", length=50)  # doctest: +SKIP
    SequenceSet(10696 dna sequences, length 50)
    """
    config = (config or ReadingConfig()).replace(**options)
    notes: list[str] = []
    raw = Raw.join(list(iter_chunks(path, config.format, notes, watch)))
    return clean_records(raw, config, str(path), notes, whose)
