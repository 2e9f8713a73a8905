"""Several constraints at once: the language that keeps them all, or which of them clash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from biogan.core.errors import ConfigError
from biogan.sequences.constraints.constraint import Constraint, Constraints, flattened
from biogan.sequences.constraints.language import Automaton, Language, compiled, narrowed
from biogan.sequences.tokenizer import Tokenizer

# States that are looked at to find a smaller set that clashes.
_WORK = 500_000
Named = tuple[str, Automaton]


def language(
    constraints: Constraint | Constraints | Iterable[Constraint | Constraints],
    tokenizer: Tokenizer,
    rules: Mapping[str, Automaton] | None = None,
) -> Language:
    """Return all sequences of a tokenizer that keep some constraints.

    Parameters
    ----------
    constraints : Constraint, or an iterable of them
        All are kept.
    tokenizer : Tokenizer
        Letters, positions, words, end symbol.
    rules : mapping of str to Automaton, optional
        What the records of a model keep anyway, in words: ``"the stop codons of this model"``.

    Returns
    -------
    Language
        With at least one sequence.

    Raises
    ------
    ConfigError
        If a constraint does not fit the tokenizer, or no sequence keeps all: the smallest set that
        was found to clash is named.

    Examples
    --------
    >>> from biogan import GC, Fixed, SequenceSet
    >>> tokenizer = Tokenizer.of(SequenceSet.from_strings(["ACGTAC"]))
    >>> round(language([GC(0.5, 0.5)], tokenizer).log_count(), 2)
    7.15
    >>> language([GC(0, 0.2), Fixed("1-2=AA"), Fixed("3-6=GGGG")], tokenizer)
    Traceback (most recent call last):
    biogan.core.errors.ConfigError: no sequence keeps --gc 0:0.2 and --fix 3-6=GGGG together: ...
    """
    single = isinstance(constraints, (Constraint, Constraints))
    parts = flattened([constraints] if single else constraints)  # type: ignore[list-item,arg-type]
    named = [(str(part), part.automaton(tokenizer)) for part in parts] + [*(rules or {}).items()]
    try:
        found = compiled([automaton for _, automaton in named], tokenizer)
    except ConfigError:  # too many states; what clashes is still to be named
        few = _few_that_clash(named, tokenizer, len(named))
        if few is None:
            raise
        raise ConfigError(_said(few)) from None
    if found.empty:
        needed = _needed(named, tokenizer)
        raise ConfigError(_said(_few_that_clash(named, tokenizer, len(needed)) or needed))
    return found


def _needed(named: Sequence[Named], tokenizer: Tokenizer) -> list[Named]:
    """Return some that clash, none of which can be left out."""
    needed: list[Named] = []
    others = sorted(named, key=lambda one: one[1].states)
    # The one with which those before it clash is needed; of those before it, again the last one.
    while not (found := compiled([automaton for _, automaton in needed], tokenizer)).empty:
        for count, one in enumerate(others):
            found = narrowed(found, one[1], tokenizer)
            if found.empty:
                needed.append(one)
                others = others[:count]
                break
    return [one for one in named if any(one is other for other in needed)]


def _few_that_clash(
    named: Sequence[Named], tokenizer: Tokenizer, below: int
) -> Sequence[Named] | None:
    """Return fewer than so many that clash, or None if none is found soon."""
    single = []
    for one in named:
        single.append(compiled([one[1]], tokenizer))
        if single[-1].empty:
            return [one] if below > 1 else None
    # The cheap ones first. The automaton of many states reads what the one of few has left.
    order = sorted(range(len(named)), key=lambda k: single[k].states)
    pairs = [(few, many) for many, few in combinations(order[::-1], 2)][::-1]
    work = 0
    for few, many in pairs if below > 2 else ():
        work += single[many].states
        if work > _WORK:
            return None
        if narrowed(single[few], named[many][1], tokenizer).empty:
            return [named[k] for k in sorted((few, many))]
    return None


def _said(clash: Sequence[Named]) -> str:
    names = [name for name, _ in clash]
    if not names:
        return "this model has no sequence that can be written"
    if len(names) == 1:
        return f"no sequence of this model keeps {names[0]}: loosen it or leave it out"
    said = ", ".join(names[:-1]) + f" and {names[-1]}"
    return f"no sequence keeps {said} together: loosen or leave out one"
