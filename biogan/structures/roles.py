"""How real fragments get their parts in an evaluation: halves are halves of the families."""

from __future__ import annotations

from biogan.errors import DataError
from biogan.io.input_report import plural
from biogan.metrics.parts import Dealing
from biogan.structures.families import split_families
from biogan.structures.fragments import FragmentSet
from biogan.structures.samples import keys, shuffled


def halve(fragments: FragmentSet, seed: int) -> tuple[FragmentSet, FragmentSet]:
    """Halve the families, so that neither half holds a relative of the other.

    Raises
    ------
    DataError
        If there is only one.
    """
    if len(set(fragments.families.tolist())) < 2:
        raise DataError(
            f"{fragments.source}: {plural(len(fragments), 'fragment')} of one family, at least two "
            "families are needed to take a ceiling from: give more, or held-out fragments "
            "(--held-out)"
        )
    one, other = split_families(fragments, 0.5, seed)
    return shuffled(fragments[one], seed), shuffled(fragments[other], seed)


#: For :func:`biogan.metrics.parts.assign_roles`.
FRAGMENTS = Dealing("fragment", keys, shuffled, halve, "the families of the reference were halved")
