"""Several constraints at once: the language that keeps them all, or which of them clash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

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
    automata = {str(part): part.automaton(tokenizer) for part in parts} | dict(rules or {})
    found = compiled(list(automata.values()), tokenizer)
    if found.empty:
        raise ConfigError(_clash(automata, tokenizer))
    return found


def _clash(automata: Mapping[str, Automaton], tokenizer: Tokenizer) -> str:
    """Say which constraints cannot be kept together."""

    def clashes(names: Iterable[str]) -> bool:
        return compiled([automata[name] for name in names], tokenizer).empty

    # What can be left out is left out; each of the others is then needed for the clash.
    names = list(automata)
    for name in list(names):
        fewer = [other for other in names if other != name]
        if clashes(fewer):
            names = fewer
    # Another set may be smaller.
    tries = 0
    for size in range(1, len(names)):
        for few in combinations(automata, size):
            tries += 1
            if tries <= _TRIES and clashes(few):
                names = list(few)
                break
        else:
            continue
        break
    if not names:
        return "this model has no sequence that can be written"
    if len(names) == 1:
        return f"no sequence of this model keeps {names[0]}: loosen it or leave it out"
    said = ", ".join(names[:-1]) + f" and {names[-1]}"
    return f"no sequence keeps {said} together: loosen or leave out one"
