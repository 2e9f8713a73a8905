"""``biogan image sample``: new images, or new fragments, from a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from biogan.cli import console
from biogan.training.config import Device


@click.command()
@click.argument("run")
@click.option("-n", "count", type=click.IntRange(1), default=100, show_default=True,
              help="Number of images.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the stream.")
@click.option("--label", help="Class of all images, of a model trained with --conditional.")
@click.option("-o", "--out", required=True, help="What to write, by its name: .npz, .png (a grid), "
              ".gif or .webp (time series), or a folder of files.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--device", type=click.Choice(get_args(Device)), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
def command(
    run: str, count: int, seed: int, label: str | None, out: str, overwrite: bool, device: str
) -> Any:
    """Paint new images with the model in the folder RUN; fragments are written as PDB files.

    The same seed gives the same images, however many are asked for.

    \b
    biogan image sample run -n 10000 --seed 2 -o samples.npz
    biogan image sample run -n 64 -o grid.png
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.models.gan import ImageGAN
    from biogan.models.sampling import joined

    check_out(run, out)
    gan = ImageGAN.load(run, device)
    done = 0
    chosen: dict[str, Any] = {} if label is None else {"label": label}

    def watched() -> Any:
        nonlocal done
        for part in gan.stream(count, seed, **chosen):
            done += len(part.records)
            console.status(f"sampled {done:,} of {count:,}")
            yield part

    records = joined([*watched()])
    console.end_status()
    write_records(records, out, overwrite)
    return records


def check_out(run: str, out: str) -> None:
    """Refuse an output that would take the place of the model, before anything is sampled."""
    from biogan.core.errors import OutputError
    from biogan.core.files import check_output
    from biogan.models.checkpoint import FILES

    check_output(out, [Path(run) / name for name in FILES])
    if Path(out).is_dir() and Path(run).is_dir() and Path(out).samefile(run):
        raise OutputError(f"{out}: is the model folder; give the output another name")


def write_records(records: Any, out: str, overwrite: bool) -> None:
    """Write images or fragments and say what was written."""
    from biogan.images.dataset import ImageSet
    from biogan.images.write import write_images
    from biogan.structures.write import write_structures

    write = write_images if isinstance(records, ImageSet) else write_structures
    for line in write(records, out, overwrite):
        console.say(line)
