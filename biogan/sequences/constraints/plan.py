"""The constraints that options ask for: those of all records, and those of each."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from biogan.core.display import excerpt, shown
from biogan.core.errors import ConfigError
from biogan.sequences.config import ConstraintConfig
from biogan.sequences.constraints.coding import OpenReadingFrame, Translation
from biogan.sequences.constraints.composition import GC, MaxRun
from biogan.sequences.constraints.constraint import Constraint
from biogan.sequences.constraints.fixed import Fixed, Template
from biogan.sequences.constraints.motif_sites import AvoidMotif
from biogan.sequences.constraints.words import Avoid, Require
from biogan.sequences.io.motifs import read_motifs
from biogan.sequences.io.records import iter_records

#: Labels in the header of a record: which template, and which protein, it was drawn under.
TEMPLATE, PROTEIN = "template", "protein"

# Letters of DNA alone, from which it is believed that they are no protein.
_FEW = 20
# From here on a share without a sign is percent; 1.5 is a slip, which the constraint refuses.
_PERCENT = 10


@dataclass(frozen=True)
class ConstraintPlan:
    """Which constraints each record keeps.

    Attributes
    ----------
    always : tuple of Constraint
        Those of all records.
    each : mapping of str to tuple of (str, Constraint)
        By label (:data:`TEMPLATE`, :data:`PROTEIN`): record ``i`` keeps number ``i`` modulo their
        number, and its header has the id.
    """

    always: tuple[Constraint, ...]
    each: Mapping[str, tuple[tuple[str, Constraint], ...]]

    @property
    def period(self) -> int:
        """After how many records the same constraints come again."""
        return math.lcm(*map(len, self.each.values()))

    def of(self, record: int, labels: Mapping[str, str] | None = None) -> tuple[Constraint, ...]:
        """Return the constraints of a record.

        Parameters
        ----------
        record : int
            Its number, from 0.
        labels : mapping of str to str, optional
            Those of its header: an id that stands there is looked for in place of the number.
        """
        found = []
        for label, several in self.each.items():
            named = (labels or {}).get(label)
            own = next((one for name, one in several if name == named), None)
            found.append(own or several[record % len(several)][1])
        return (*self.always, *found)

    def labels(self, record: int) -> dict[str, str]:
        """Return the ids that stand in the header of a record."""
        return {label: several[record % len(several)][0] for label, several in self.each.items()}


def constraint_plan(config: ConstraintConfig) -> ConstraintPlan:
    """Read the constraints that options ask for.

    Parameters
    ----------
    config : ConstraintConfig
        The options; the files that they name are read.

    Raises
    ------
    ConfigError
        If an option is not written as it has to be.
    DataError, FastaError
        If a file cannot be read.

    Examples
    --------
    >>> plan = constraint_plan(ConstraintConfig(avoid="BsaI,GGNCC", gc="40%:60%", max_run=5))
    >>> [str(constraint) for constraint in plan.of(0)]
    ['--avoid BsaI', '--avoid GGNCC', '--gc 0.4:0.6', '--max-run 5']
    """
    left, _, right = (config.flanks or ",").partition(",")
    flanks = left.strip(), right.strip()
    always: list[Constraint] = []
    if config.template is not None:
        always.append(Template(config.template))
    always += map(Fixed, _values("--fix", config.fix))
    always += (Avoid(text, flanks=flanks) for text in _values("--avoid", config.avoid))
    for text in _values("--avoid-motifs", config.avoid_motifs):
        path, share = _motif_share(text)
        always += (AvoidMotif(motif, share, flanks, path) for motif in read_motifs(path))
    always += map(Require.parse, _values("--require", config.require))
    always += map(GC.parse, _values("--gc", config.gc))
    if config.max_run is not None:
        always.append(MaxRun(config.max_run, flanks))
    if config.orf:
        always.append(OpenReadingFrame(config.genetic_code))
    each: dict[str, tuple[tuple[str, Constraint], ...]] = {}
    if config.template_from is not None:
        each[TEMPLATE] = tuple(
            (name, Template(letters, f"{config.template_from} ({shown(name)})"))
            for name, letters in _records(config.template_from)
        )
    if config.translate is not None:
        proteins = list(_records(config.translate))
        found = "".join(letters for _, letters in proteins).upper()
        if len(found) > _FEW and not set(found) - set("ACGTUN"):
            raise ConfigError(
                f"--translate {config.translate}: these letters are those of DNA; the proteins "
                "that are to be coded for are needed"
            )
        each[PROTEIN] = tuple(
            (name, Translation(letters, config.genetic_code, f"{config.translate} ({shown(name)})"))
            for name, letters in proteins
        )
    return ConstraintPlan(tuple(always), each)


def _values(flag: str, text: str | None) -> list[str]:
    """Return the values between commas."""
    if text is None:
        return []
    found = [value.strip() for value in text.split(",")]
    if not all(found):
        raise ConfigError(f"{flag} {excerpt(text)}: a value is missing between or beside commas")
    return found


def _motif_share(text: str) -> tuple[str, float]:
    path, _, share = text.rpartition(":")
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?|\.\d{1,9})(%?)", share.strip(), re.ASCII)
    if not found or not path:
        raise ConfigError(
            f"--avoid-motifs {excerpt(text)}: write FILE:SHARE, such as bad.meme:0.85"
        )
    value = float(found[1])
    return path, value / 100 if found[2] or value >= _PERCENT else value


def _records(path: str) -> Iterator[tuple[str, str]]:
    """Read ids and letters; a record without an id has its number, a second of an id ``#2``."""
    seen: Counter[str] = Counter()
    for number, record in enumerate(iter_records(path), 1):
        letters = "".join(record.text.split())
        name = first = record.id or f"record_{number}"
        while name in seen:
            seen[first] += 1
            name = f"{first}#{seen[first]}"
        seen[name] += 1
        if not letters:
            raise ConfigError(f"{path}, line {record.line}: record {shown(name)} has no letters")
        yield name, letters
