"""Design of molecules beside a genetic search over SELFIES, in one run.

    python scripts/benchmark_molecules.py run mols.smi --calls 10000 --goals 10 --seed 1

Both know the same molecules: the model was trained on such, the genetic search begins with some of
them. Prints the best score by each goal of GuacaMol and the mean of the ten best molecules.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence

import numpy as np

from biogan import MoleculeGAN, MoleculeReadingConfig, design, read_molecules
from biogan.core.oracles import Asked
from biogan.molecules.goals import GOALS, goal
from biogan.molecules.toolkit import decoded, encoded, parsed, split_tokens

# Population of the genetic search, children of a generation, and share of changed tokens.
POPULATION, CHILDREN, MUTATED = 100, 200, 0.02
BEST = 10

Scored = dict[str, float]


def genetic(score: Callable[[list[str]], Sequence[float]], starts: list[str], calls: int,
            seed: int) -> Scored:  # fmt: skip
    """Search over SELFIES as Nigam et al. 2021 (STONED) change them: crossover and mutation.

    Two parents out of the best are cut and joined, tokens are replaced, inserted or deleted. Each
    molecule is asked about once, by its canonical SMILES.
    """
    source = random.Random(seed)
    tokens = sorted(
        {t for text in starts for t in split_tokens(encoded(text, "selfies"), "selfies")}
    )
    known: Scored = {}

    def ask(texts: list[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text and text not in known]
        new = new[: calls - len(known)]
        known.update(zip(new, score(new), strict=True))

    ask(starts)
    while len(known) < calls:
        best = sorted(known, key=lambda text: -known[text])[:POPULATION]
        rows = [split_tokens(encoded(text, "selfies"), "selfies") for text in best]
        children = []
        for _ in range(CHILDREN):
            one, other = source.choices(rows, k=2)
            child = one[: source.randint(0, len(one))] + other[source.randint(0, len(other)) :]
            changed: list[str] = []
            for token in child:
                kind = source.random()
                if kind < MUTATED:
                    changed.append(source.choice(tokens))
                elif kind < 1.5 * MUTATED:
                    changed += [token, source.choice(tokens)]
                elif kind > 0.5 * MUTATED + 1 - MUTATED:
                    continue
                else:
                    changed.append(token)
            children.append(parsed(decoded("".join(changed), "selfies")).smiles)
        ask(children)
    return known


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("molecules")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--goals", type=int, default=10, help="the first so many of GuacaMol")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    gan = MoleculeGAN.load(args.model)
    reading = MoleculeReadingConfig(limit=10 * POPULATION)
    starts = read_molecules(args.molecules, reading).smiles[:POPULATION]
    print("| goal | biogan design: best, mean of ten, s | genetic over SELFIES | real: best |")
    print("|---|---|---|---|")
    ahead = 0
    for name in [*GOALS][: args.goals]:
        score = goal(f"guacamol:{name}")
        cells, firsts = [], []
        for search in ("design", "genetic"):
            start = time.process_time()
            if search == "design":
                found = design(gan, Asked(score, name), BEST, calls=args.calls, seed=args.seed)
                values = sorted(map(float, found.labels["score"]), reverse=True)
            else:
                values = sorted(genetic(score, [*starts], args.calls, args.seed).values())[::-1]
            taken = time.process_time() - start
            firsts.append(values[0])
            cells.append(f"{values[0]:.3f}, {np.mean(values[:BEST]):.3f}, {taken:.0f}")
        ahead += firsts[0] > firsts[1]
        real = max(score([*starts]))
        print(f"| {name} | {' | '.join(cells)} | {real:.3f} |", flush=True)
    print(f"\nbiogan ahead in {ahead} of {args.goals}; {args.calls:,} calls, seed {args.seed}.")


if __name__ == "__main__":
    main()
