"""``biogan demo``: training, sampling and evaluation on embedded promoters, digits, molecules."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.options import HELP, refuse_unknown_kind
from biogan.core.errors import OutputError, percentage

if TYPE_CHECKING:
    from biogan.evaluation.report.report import Report
    from biogan.sequences.dataset import SequenceSet


SAMPLES, DIGITS, MOLECULES = 2000, 1000, 400
# Metrics of molecules that cost more time than a demonstration has.
_LEFT_OUT = {"fcd", "filters", "kl-score", "unique-10000", "unique-1000"}


def demo_folder(out: str, overwrite: bool) -> Path:
    """Make the folder of a demo.

    Raises
    ------
    OutputError
        If it is there already and must not be replaced.
    """
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not overwrite:
        raise OutputError(
            f"{folder}: exists: choose another folder with -o, or replace an earlier demo in it "
            "with --overwrite"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class DemoCommand(click.Command):
    """A command that knows fewer kinds than others, and says so beside ``--help``, too."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Look at the kind before help is shown."""
        if HELP & set(args):
            refuse_unknown_kind(self.params, args)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=DemoCommand)
@click.option("--kind", type=click.Choice(["sequences", "images", "molecules"]),
              default="sequences", show_default=True,
              help="Simulated promoters, handwritten digits, or molecules of common building "
              "blocks.")  # fmt: skip
@click.option("-o", "--out", help="Folder to write.  [default: demo, of images image-demo, of "
              "molecules molecule-demo]")  # fmt: skip
@click.option("--max-time", help="Time for training.  [default: 2m, of images 75s, of molecules "
              "90s]")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of everything.")
@click.option("--threads", type=int, help="CPU threads for training; by default up to 4.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo in the folder.")
def command(
    kind: str,
    out: str | None,
    max_time: str | None,
    seed: int,
    threads: int | None,
    overwrite: bool,
) -> Report:
    """Train, sample and evaluate on embedded data: how it all works together, in minutes.

    Of simulated promoters it also shows how often the planted -35 and -10 boxes come back.
    """
    if kind == "images":
        return digits(out or "image-demo", max_time or "75s", seed, threads, overwrite)
    if kind == "molecules":
        return drugs(out or "molecule-demo", max_time or "90s", seed, threads, overwrite)
    return promoters(out or "demo", max_time or "2m", seed, threads, overwrite)


def promoters(out: str, max_time: str, seed: int, threads: int | None, overwrite: bool) -> Report:
    """Show how often the planted -35 and -10 boxes come back, and how the samples are judged."""
    from biogan.models.gan import SequenceGAN
    from biogan.sequences.demo import load_demo
    from biogan.sequences.evaluate import evaluate
    from biogan.sequences.io.write import write_fasta
    from biogan.training.callbacks import Progress

    gan = SequenceGAN(max_time=max_time, seed=seed, threads=threads)
    folder = demo_folder(out, overwrite)
    files = {name: folder / f"{name}.fasta" for name in ("train", "held_out", "new")}
    train, held_out = load_demo()
    write_fasta(train, files["train"])
    write_fasta(held_out, files["held_out"])

    console.say(f"1/3 learning {len(train):,} simulated promoters of 60 nt for {max_time}")
    watcher = Progress(console.say, console.status)
    gan.fit(train, out=folder / "run", overwrite=overwrite, callbacks=[watcher])
    console.say(f"2/3 writing {SAMPLES} new ones to {files['new']}")
    new = gan.sample(SAMPLES, seed)
    write_fasta(new, files["new"])
    console.say("3/3 judging them beside held-out promoters and trivial samplers")
    report = evaluate(train, new, held_out=held_out, seed=seed, progress=console.Steps("scoring"))
    console.end_status()
    console.echo(report.to_text())
    console.echo(motif_table(new, held_out, seed))
    typed = {name: shlex.quote(str(path)) for name, path in files.items()}
    say_next(
        f"model: {folder / 'run'}   sequences: {files['new']}",
        f"biogan sample {shlex.quote(str(folder / 'run'))} -n 10000 --seed 7 > more.fasta",
        f"biogan evaluate {typed['new']} --reference {typed['train']} "
        f"--held-out {typed['held_out']}",
        "biogan train YOUR.fasta -o run",
    )
    return report


def digits(out: str, max_time: str, seed: int, threads: int | None, overwrite: bool) -> Report:
    """Learn 1,797 handwritten digits, draw new ones and evaluate them."""
    from biogan.core.rng import rng
    from biogan.images.config import ImageReadingConfig
    from biogan.images.evaluate import evaluate_images
    from biogan.images.read import read_images
    from biogan.images.write import write_images
    from biogan.models.gan import ImageGAN
    from biogan.training.callbacks import Progress

    gan = ImageGAN(max_time=max_time, seed=seed, threads=threads)
    folder = demo_folder(out, overwrite)
    images = read_images("digits", ImageReadingConfig())
    order = rng(seed, "demo").permutation(len(images))
    # A quarter is never shown to the networks: only then can copying be told from likeness.
    train, held_out = images[order[450:]], images[order[:450]]
    console.say(f"1/3 learning {len(train):,} digits of 28 x 28 pixels for {max_time}")
    watcher = Progress(console.say, console.status)
    gan.fit(train, out=folder / "run", overwrite=overwrite, callbacks=[watcher])
    console.say(f"2/3 painting {DIGITS:,} new ones")
    new = gan.sample(DIGITS, seed)
    for name in ("new.npz", "new.png"):
        for line in write_images(new, folder / name):
            console.say(line)
    console.say("3/3 judging them beside held-out digits and trivial samplers")
    report = evaluate_images(
        train, new, train=train, held_out=held_out, seed=seed, progress=console.Steps("scoring")
    )
    console.end_status()
    (folder / "evaluation").mkdir(exist_ok=True)
    report.write(folder / "evaluation", console.command_line())
    console.echo(report.to_text())
    say_next(
        f"digits: {folder / 'new.png'}   page: {folder / 'evaluation' / 'report.html'}   "
        f"film: {folder / 'run' / 'training.webp'}",
        f"biogan interpolate {shlex.quote(str(folder / 'run'))} -o between.png",
        "biogan train YOUR_IMAGES -o run",
    )
    return report


def drugs(out: str, max_time: str, seed: int, threads: int | None, overwrite: bool) -> Report:
    """Learn molecules of common building blocks, write new ones and evaluate them."""
    from biogan.models.gan import MoleculeGAN
    from biogan.molecules.demo import load_demo
    from biogan.molecules.evaluate import evaluate_molecules
    from biogan.molecules.metrics import MOLECULE_METRICS
    from biogan.molecules.write import write_molecules
    from biogan.training.callbacks import Progress

    # Refinement is not shown: its critic would take a third of the time.
    gan = MoleculeGAN(max_time=max_time, seed=seed, threads=threads, judge_steps=0)
    folder = demo_folder(out, overwrite)
    train, held_out = load_demo()
    files = {name: folder / f"{name}.smi" for name in ("train", "held_out", "new")}
    write_molecules(train, files["train"])
    write_molecules(held_out, files["held_out"])
    console.say(
        f"1/3 learning {len(train):,} molecules made of common building blocks for {max_time}"
    )
    watcher = Progress(console.say, console.status)
    gan.fit(train, out=folder / "run", overwrite=overwrite, callbacks=[watcher])
    console.say(f"2/3 writing {MOLECULES} new ones to {files['new']}")
    new = gan.sample(MOLECULES, seed)
    write_molecules(new, files["new"])
    console.say("3/3 judging them beside held-out molecules and trivial samplers")
    report = evaluate_molecules(
        train, new, held_out=held_out, seed=seed, progress=console.Steps("scoring"),
        metrics=[name for name in MOLECULE_METRICS if name not in _LEFT_OUT],
    )  # fmt: skip
    console.end_status()
    (folder / "evaluation").mkdir(exist_ok=True)
    report.write(folder / "evaluation", console.command_line())
    console.echo(report.to_text())
    typed = {name: shlex.quote(str(path)) for name, path in files.items()}
    say_next(
        f"model: {folder / 'run'}   page: {folder / 'evaluation' / 'report.html'}",
        f"biogan evaluate {typed['new']} --reference {typed['train']} "
        f"--held-out {typed['held_out']}",
        "biogan train YOUR.smi -o run",
    )
    return report


def say_next(where: str, *commands: str) -> None:
    """Say where everything is and what may be typed next; each is a message of its own line."""
    for line in (where, "next:", *(f"  {command}" for command in commands)):
        console.say(line)


def motif_table(new: SequenceSet, held_out: SequenceSet, seed: int) -> str:
    """Write how often the planted boxes occur in new, held-out and shuffled sequences.

    Parameters
    ----------
    new, held_out : SequenceSet
        DNA of 60 letters.
    seed : int
        Seed of the shuffle, the level of chance.
    """
    from biogan.sequences.baselines import get_baseline
    from biogan.sequences.demo import planted_motif_rate

    chance = get_baseline("shuffle").fit(held_out).sample(SAMPLES, seed)
    rates = {
        "generated": planted_motif_rate(new),
        "held-out (the truth)": planted_motif_rate(held_out),
        "shuffled (chance)": planted_motif_rate(chance),
    }
    head = f"{'planted motifs, at most one mismatch each':<42}" + "".join(
        f"{name:>12}" for name in rates["generated"]
    )
    rows = [
        f"  {name:<40}" + "".join(f"{percentage(share, 1):>12}" for share in rate.values())
        for name, rate in rates.items()
    ]
    return "\n".join([head, *rows])
