"""``biogan image demo``: the whole way on embedded handwritten digits."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.demo import demo_folder, demo_options

if TYPE_CHECKING:
    from biogan.evaluation.report.report import Report


SAMPLES = 1000


@click.command()
@demo_options("image-demo", "75s")
def command(out: str, max_time: str, seed: int, threads: int | None, overwrite: bool) -> Report:
    """Learn 1,797 handwritten digits, paint new ones and judge them."""
    from biogan.core.rng import rng
    from biogan.images.config import ImageReadingConfig
    from biogan.images.evaluate import evaluate_images
    from biogan.images.read import read_images
    from biogan.images.write import write_images
    from biogan.models.gan import ImageGAN
    from biogan.training.callbacks import Progress

    gan = ImageGAN(max_time=max_time, seed=seed, threads=threads)
    folder = demo_folder(out, overwrite)
    digits = read_images("digits", ImageReadingConfig())
    order = rng(seed, "demo").permutation(len(digits))
    # A quarter is never shown to the networks: only then can copying be told from likeness.
    train, held_out = digits[order[450:]], digits[order[:450]]
    console.say(f"1/3 learning {len(train):,} digits of 28 x 28 pixels for {max_time}")
    watcher = Progress(console.say, console.status)
    gan.fit(train, out=folder / "run", overwrite=overwrite, callbacks=[watcher])
    console.say(f"2/3 painting {SAMPLES:,} new ones")
    new = gan.sample(SAMPLES, seed)
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
    click.echo(report.to_text())
    console.say(
        f"digits: {folder / 'new.png'}   page: {folder / 'evaluation' / 'report.html'}   "
        f"film: {folder / 'run' / 'training.webp'}\n"
        "next:\n"
        f"  biogan image interpolate {shlex.quote(str(folder / 'run'))} -o between.png\n"
        "  biogan image train --data YOUR_IMAGES -o run"
    )
    return report
