"""Several constraints at once: the language that keeps them all, or which of them clash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, islice

from biogan.core.errors import ConfigError
from biogan.sequences.constraints.constraint import Constraint, Constraints, flattened
from biogan.sequences.constraints.language import Automaton, Language, compiled
from biogan.sequences.tokenizer import Tokenizer

# Sets of constraints that are tried to find a smaller one that clashes.
_TRIES = 300


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
    found = compiled([automaton for _, automaton in named], tokenizer)
    if found.empty:
        raise ConfigError(_clash(named, tokenizer))
    return found


def _clash(named: Sequence[tuple[str, Automaton]], tokenizer: Tokenizer) -> str:
    """Say which constraints cannot be kept together."""

    def clashes(some: Iterable[tuple[str, Automaton]]) -> bool:
        return compiled([automaton for _, automaton in some], tokenizer).empty

    # What can be left out is left out; each of the others is then needed for the clash.
    needed = list(named)
    for one in named:
        fewer = [other for other in needed if other is not one]
        if clashes(fewer):
            needed = fewer
    # Another set may be smaller.
    sets = (few for size in range(1, len(needed)) for few in combinations(named, size))
    needed = list(next(filter(clashes, islice(sets, _TRIES)), needed))
    names = [name for name, _ in needed]
    if not names:
        return "this model has no sequence that can be written"
    if len(names) == 1:
        return f"no sequence of this model keeps {names[0]}: loosen it or leave it out"
    said = ", ".join(names[:-1]) + f" and {names[-1]}"
    return f"no sequence keeps {said} together: loosen or leave out one"
