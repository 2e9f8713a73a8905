"""Each constraint, and products of them, as it is drawn: against all sequences, written down.

What a constraint allows is read from its own check of texts, which knows no automaton.
"""

from functools import lru_cache
from itertools import product

import numpy as np
import pytest
import torch
from support.laws import Tabled, chance

from biogan import (
    DNA,
    GC,
    Avoid,
    AvoidMotif,
    Fixed,
    MaxRun,
    OpenReadingFrame,
    Require,
    Template,
    Translation,
)
from biogan.nn.sequence_heads import Grammar, Noise, Shape, draw_noise
from biogan.sequences.constraints.generator import ConstrainedGenerator
from biogan.sequences.constraints.joint import language
from biogan.sequences.io.motifs import Motif
from biogan.sequences.tokenizer import ALIGNED, FIXED, VARIABLE, Tokenizer

N = 5000
TATA = Motif("TATA", np.array([[1, 1, 1, 7], [7, 1, 1, 1], [1, 2, 1, 6], [4, 1, 4, 1]]), 10)
TOKENIZERS = {
    "fixed": Tokenizer(DNA, 6, FIXED),
    "aligned": Tokenizer(DNA.with_letters("-"), 5, ALIGNED),
    "varying": Tokenizer(DNA, 5, VARIABLE, lengths=(0, 1, 2, 4, 2, 1)),
    "codons": Tokenizer(DNA, 6, VARIABLE, 3, lengths=(0, 1, 2)),
}
CONSTRAINTS = [
    Template("NRYNSN"),
    Fixed("2-4=TAN"),
    Avoid("GATC"),
    Avoid("MboI", flanks=("GA", "TC")),
    AvoidMotif(TATA, 0.6),
    Require("TA", 2, 5),
    GC(0.4, 0.6),
    GC(0.5, 0.5, 1, 4),
    GC(0.25, 0.75, window=4),
    MaxRun(2),
    OpenReadingFrame(),
    Translation("SL"),
]
# Ten random products; what clashes is drawn again.
CHOSEN = [
    (0, 6, 9), (1, 2, 6), (2, 5, 7), (3, 4, 9), (4, 6, 8), (5, 6, 9), (0, 3, 7), (2, 3, 4, 6),
    (1, 3, 9), (2, 9, 11),
]  # fmt: skip


@lru_cache
def every(name):
    """All sequences of a tokenizer: rows, lengths in positions, texts."""
    tokenizer = TOKENIZERS[name]
    shortest = 1 if tokenizer.kind == VARIABLE else tokenizer.positions
    rows, lengths = [], []
    for length in range(shortest, tokenizer.positions + 1):
        some = [*product(range(tokenizer.end), repeat=length)]
        rows += [codes + (tokenizer.end,) * (tokenizer.positions - length) for codes in some]
        lengths += [length] * len(some)
    found = np.array(rows, np.uint8)
    return found, np.array(lengths), tokenizer.decode(found).strings()


@lru_cache
def modelled(name):
    """A generator with random logits, its noise for N sequences, and the law of all sequences."""
    tokenizer = TOKENIZERS[name]
    varies = tokenizer.kind == VARIABLE
    grammar = Grammar(tokenizer.end if varies else None, lengths=tokenizer.length_shares)
    shape = Shape(tokenizer.channels, tokenizer.positions)
    generator = Tabled(shape, grammar, seed=len(name))
    rng = torch.Generator().manual_seed(1)
    one = draw_noise(1, generator.config, shape, rng, varies)
    logits = generator.table[generator.cell(one.latent)[0]].detach().double()
    law = logits[:, : tokenizer.end].log_softmax(1).numpy()
    rows, lengths, _ = every(name)
    log_p = np.log(np.array(tokenizer.length_shares)[lengths]) if varies else 0.0
    for place in range(tokenizer.positions):
        inside = place < lengths
        given = lengths if varies else np.zeros_like(lengths)
        codes = np.where(inside, rows[:, place], 0)
        log_p = log_p + np.where(inside, law[given, codes, place], 0)
    noise = Noise(*(part.expand(N, *part.shape[1:]) for part in one))
    return generator, noise, np.exp(log_p)


_KEPT: dict = {}


def kept_by(name, constraint):
    """Which sequences keep a constraint, by its check of texts."""
    key = name, str(constraint)
    if key not in _KEPT:
        alphabet = TOKENIZERS[name].alphabet
        _KEPT[key] = np.array([not constraint.violations(t, alphabet) for t in every(name)[2]])
    return _KEPT[key]


def check(name, *constraints):
    tokenizer, (rows, _, _) = TOKENIZERS[name], every(name)
    generator, noise, p = modelled(name)
    kept = np.all([kept_by(name, constraint) for constraint in constraints], 0)
    assert 0 < kept.sum() < len(rows)
    constrained = ConstrainedGenerator(generator, [language(constraints, tokenizer)])
    items = torch.zeros(N, dtype=torch.long)
    uniform = torch.rand(
        N, tokenizer.positions + 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )
    codes, log_p = constrained.draw(noise, items, uniform, True)
    assert float(log_p[0]) == pytest.approx(np.log(p[kept].sum()), abs=1e-6)
    place = tokenizer.channels ** np.arange(tokenizer.positions)
    numbers = rows[kept].astype(int) @ place
    order = np.argsort(numbers)
    drawn = codes.numpy().astype(int) @ place
    found = np.searchsorted(numbers[order], drawn).clip(max=len(order) - 1)
    assert (numbers[order][found] == drawn).all()
    seen = np.bincount(found, minlength=len(order))
    p = p[kept][order]
    assert chance(seen, N * p / p.sum()) > 1e-4


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=str)
def test_each_constraint(constraint):
    check("fixed", constraint)


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_random_products(chosen):
    check("fixed", *(CONSTRAINTS[i] for i in chosen))


@pytest.mark.parametrize(
    "constraints",
    [
        (GC(0.4, 0.6), MaxRun(2)),
        (Avoid("TA"), Fixed("2=R")),
        (Require("TA", 2, 5),),
        (Template("N-RNY"),),
    ],
    ids=str,
)
def test_alignments(constraints):
    check("aligned", *constraints)


@pytest.mark.parametrize(
    "constraints",
    [
        (GC(0.4, 0.6), MaxRun(2)),
        (Avoid("TA"), Fixed("2=R")),
        (Require("TA"),),
        (Template("NRY"),),
        (Avoid("GATC", flanks=("GA", "TC")), GC(0.3, 1)),
    ],
    ids=str,
)
def test_lengths_that_vary(constraints):
    check("varying", *constraints)


@pytest.mark.parametrize(
    "constraints",
    [(OpenReadingFrame(),), (Translation("SL"), Avoid("GATC")), (GC(0.4, 0.6), MaxRun(2))],
    ids=str,
)
def test_codons(constraints):
    check("codons", *constraints)
