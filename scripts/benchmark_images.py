"""Speed and fidelity of image GANs, printed as Markdown tables.

    python scripts/benchmark_images.py steps
    python scripts/benchmark_images.py fidelity --train mnist --held-out mnist-test --minutes 10
    python scripts/benchmark_images.py fidelity --train train-images-idx3-ubyte.gz \
        --held-out t10k-images-idx3-ubyte.gz --presets classic --seeds 1 2 3 --keep runs/

**steps** times the training step of each preset against the same networks, batch, loss and
penalties in a plain PyTorch loop, written as a tutorial would: real and generated images are judged
one after the other, each player has an Adam, the generator's backward pass fills the critic's
gradients too. biogan also averages the weights and looks for terms that are no numbers; the plain
loop does neither. Blocks of steps are timed in turn, and the median of the ratios of neighbouring
blocks is printed, since absolute figures depend on the machine and on who else uses it.

**fidelity** trains on real images and scores samples beside held-out ones, for each preset and
seed, and says from the log how good the kept model was after how long.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import biogan
from biogan import ImageGAN
from biogan.core.rng import rng
from biogan.images.dataset import ImageSet
from biogan.images.evaluate import evaluate_images
from biogan.images.modality import ImageModality
from biogan.images.read import read_images
from biogan.models.checkpoint import LOG
from biogan.nn.layers import Networks
from biogan.training.batches import Batches
from biogan.training.config import ImageGANConfig
from biogan.training.engine import Engine
from biogan.training.losses import LOSSES
from biogan.training.presets import SETTINGS
from biogan.training.step import AdversarialStep

METRICS = ("frechet", "recall", "coverage")
#: Minutes of training at which the curve is read.
MINUTES = (0.5, 1, 2, 5, 10, 20, 30)
#: Random images that the steps are timed on: what they show does not matter.
RANDOM = 2000


def plain_step(networks: Networks, config: ImageGANConfig, images: Tensor) -> Callable[[], None]:
    """Return one training step as a tutorial would write it."""
    generator, critic = networks
    loss, batch = LOSSES[config.chosen("loss")], config.chosen("batch_size")
    betas = (config.chosen("beta1"), config.chosen("beta2"))
    g_opt, c_opt = (
        torch.optim.Adam(net.parameters(), config.chosen("lr"), betas) for net in networks
    )

    def slope(logits: Tensor, inputs: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
        return gradient.flatten(1)

    def fresh() -> Tensor:
        noise = torch.randn(batch, config.latent)
        return generator((noise, torch.empty(batch, 0)))

    def step() -> None:
        for _ in range(config.chosen("critic_steps")):
            real = images[torch.randint(len(images), (batch,))].requires_grad_(bool(config.r1))
            fake = fresh().detach().requires_grad_(bool(config.r2))
            real_logits, fake_logits = critic(real), critic(fake)
            total = loss.critic(real_logits, fake_logits)
            if config.r1:
                total = total + config.r1 / 2 * slope(real_logits, real).square().sum(1).mean()
            if config.r2:
                total = total + config.r2 / 2 * slope(fake_logits, fake).square().sum(1).mean()
            if config.gp:
                alpha = torch.rand(batch, 1, 1, 1)
                mixed = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
                norm = slope(critic(mixed), mixed).norm(dim=1)
                total = total + config.gp * (norm - 1).square().mean()
            c_opt.zero_grad()
            total.backward()
            c_opt.step()
        fake_logits = critic(fresh())
        real_logits = critic(real) if loss.relative else fake_logits
        g_opt.zero_grad()
        loss.generator(real_logits, fake_logits).backward()
        g_opt.step()

    return step


def steps(args: argparse.Namespace) -> list[str]:
    """Time the step of each preset against the plain loop: lines of a table."""
    size = args.size
    pixels = rng(args.seed, "benchmark").integers(0, 256, (RANDOM, size, size), np.uint8)
    images = ImageSet.from_pixels(pixels)
    lines = [
        "| preset | batch | biogan, steps/s | plain PyTorch, steps/s | ratio | of the blocks |",
        "|---" * 6 + "|",
    ]
    for preset in args.presets:
        config = ImageGANConfig(preset=preset, steps=1, device="cpu", seed=args.seed)
        modality, config, *_ = ImageModality.plan(images, config)
        networks, engine = modality.networks(config), Engine(config)
        same = Networks(*(copy.deepcopy(net).train() for net in networks))
        data, encode = modality.stored(images), modality.encoder(engine.device)
        own = AdversarialStep(
            networks.generator, networks.critic,
            Batches(data, np.ones(len(data)), config.chosen("batch_size"), args.seed),
            encode, config, engine,
        )  # fmt: skip
        with engine.busy(), torch.random.fork_rng():
            torch.manual_seed(args.seed)
            plain = plain_step(same, config, encode(data))
            mine, theirs = blocks(own.step, plain, args)
        ratios = [b / a for a, b in zip(mine, theirs, strict=True)]
        lines.append(
            f"| {preset} | {config.batch_size} | {args.block / statistics.median(mine):.1f} | "
            f"{args.block / statistics.median(theirs):.1f} | {statistics.median(ratios):.2f} x | "
            f"{min(ratios):.2f} to {max(ratios):.2f} |"
        )
        print(lines[-1], file=sys.stderr)
    what = f"{args.repeats} blocks of {args.block} steps each, {size} x {size} pixels, one channel"
    return [*lines, "", f"{what}; a ratio above 1: biogan is faster."]


def blocks(
    own: Callable[[int], object], plain: Callable[[], None], args: argparse.Namespace
) -> tuple[list[float], list[float]]:
    """Time blocks of steps in turn: seconds of each block."""
    done = 0

    def mine() -> None:
        nonlocal done
        for _ in range(args.block):
            own(done)
            done += 1

    def theirs() -> None:
        for _ in range(args.block):
            plain()

    times: tuple[list[float], list[float]] = ([], [])
    mine(), theirs()
    for turn in range(args.repeats):
        # Who is first changes, so that a machine that grows slower favours neither.
        for place in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            (mine, theirs)[place]()
            times[place].append(time.perf_counter() - start)
    return times


def fidelity(args: argparse.Namespace) -> list[str]:
    """Train each preset from each seed, score samples: lines of two tables."""
    train, held_out = read_images(args.train), read_images(args.held_out)
    heads = ["Frechet", "/ held-out", "recall", "coverage", "classes, least to most", "steps"]
    lines = [f"| images | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    curves = [f"| run | {' | '.join(f'{m:g} min' for m in MINUTES)} |"]
    curves.append("|---" * (len(MINUTES) + 1) + "|")
    with tempfile.TemporaryDirectory() as scratch:
        for preset in args.presets:
            for seed in args.seeds:
                name = f"{preset}, seed {seed}"
                run = Path(args.keep or scratch) / f"{preset}-{seed}"
                gan = ImageGAN(
                    preset=preset, conditional=args.conditional,
                    max_time=f"{args.minutes * 60:g}s", seed=seed,
                ).fit(train, out=run)  # fmt: skip
                report = evaluate_images(
                    train, gan.sample(args.n, seed), train=train, held_out=held_out,
                    n=args.n, metrics=METRICS,
                )  # fmt: skip
                lines.append(scored(name, report, "generated", gan.card["training"]["steps"]))
                curves.append(f"| {name} | {' | '.join(map(written, curve(run / LOG)))} |")
                print(lines[-1], file=sys.stderr)
    # The scale, as scored beside the last run: real images in the place of generated ones, floors.
    lines += [scored(c, report, c, "-") for c in report.rows[0].columns if c != "generated"]
    return [
        *lines, "", f"n = {report.n:,}; {'; '.join(report.notes)}", "",
        "Frechet distance of the kept model over that of training images, at checks while training "
        "(validation part of the training images):", "", *curves,
    ]  # fmt: skip


def scored(
    name: str, report: biogan.evaluation.report.report.Report, column: str, done: object
) -> str:
    """One line of the table: a column of a report."""
    values = [report[m].columns[column].value for m in METRICS]
    ceiling = report["frechet"].columns["held-out"].value
    times = None if values[0] is None or not ceiling else values[0] / ceiling
    cells = [written(values[0]), "-" if times is None else f"{times:.1f} x"]
    cells += [written(v) for v in values[1:]]
    shares = [row.get(column.replace("-", "_")) for row in report.tables.get("classes", [])]
    known = bool(shares) and None not in shares
    cells.append(f"{min(shares):.1%} to {max(shares):.1%}" if known else "-")
    return f"| {name} | {' | '.join(cells)} | {done} |"


def curve(log: Path) -> list[float | None]:
    """Return the best validation distance after each of some minutes; None beyond the run's end."""
    checks = [json.loads(line) for line in log.read_text().splitlines() if '"check"' in line]
    found = [(c["seconds"] / 60, c["scores"]["validation_distance"]) for c in checks]
    # The last check comes a moment before or after the time is over.
    end = max((minute for minute, _ in found), default=0.0) * 1.02
    return [
        min((value for minute, value in found if minute <= limit * 1.02), default=None)
        if limit <= end
        else None
        for limit in MINUTES
    ]


def written(value: float | None) -> str:
    """Write a number, or that there is none."""
    return "-" if value is None else f"{value:.3g}"


def about(args: argparse.Namespace) -> list[str]:
    """Machine, versions, seed and command."""
    packages = ", ".join(f"{p} {version(p)}" for p in ("torch", "numpy"))
    return [
        f"* {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
        f"* biogan {biogan.__version__}, {packages}; seed {args.seed}",
        f"* `python scripts/benchmark_images.py {shlex.join(sys.argv[1:])}`",
        "",
    ]


SECTIONS = {f.__name__: f for f in (steps, fidelity)}


def main() -> None:
    """Run a section and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("section", choices=SECTIONS)
    parser.add_argument("--presets", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--seed", type=int, default=1, help="of the section on steps")
    parser.add_argument("--size", type=int, default=28, help="pixels of a side, for steps")
    parser.add_argument("--block", type=int, default=10, help="steps of a block")
    parser.add_argument("--repeats", type=int, default=9, help="blocks of each")
    parser.add_argument("--train", help="a known set, IDX, .npz or folder to train on")
    parser.add_argument("--held-out", help="images to judge against")
    parser.add_argument("--minutes", type=float, default=10, help="training time of a run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--conditional", action=argparse.BooleanOptionalAction,
        help="learn classes, or do not; left out, where the images have labels",
    )  # fmt: skip
    parser.add_argument("-n", type=int, default=10_000, help="images that are generated and scored")
    parser.add_argument("--keep", metavar="FOLDER", help="where the models are left")
    args = parser.parse_args()
    if args.section == "fidelity" and not (args.train and args.held_out):
        parser.error("fidelity needs --train and --held-out")
    print("\n".join(about(args) + SECTIONS[args.section](args)))


if __name__ == "__main__":
    main()
