"""Pictures of a run: the samples of each check, and their animation at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image

from biogan.core.errors import ConfigError, DataError
from biogan.core.files import atomic_path, reading

#: Names in the folder of a run: samples of the last check, the animation, samples of each check.
PICTURE, FILM, PREVIEWS = "samples.png", "training.webp", "previews"
#: Formats of films.
FILMS = {".gif": "GIF", ".webp": "WEBP"}
# The last picture of a film stays so many times as long as the others.
LAST = 8


def animation(frames: Sequence[Image.Image], path: str | Path, milliseconds: int = 150) -> None:
    """Write pictures of one size as a film that runs for ever; equal pictures give equal bytes.

    Parameters
    ----------
    frames : sequence of PIL.Image.Image
        Pictures in their order.
    path : str or Path
        Name in ``.gif`` or ``.webp``; the file appears whole and takes the place of an older one.
    milliseconds : int
        How long each picture stays; the last one stays eight times as long.

    Raises
    ------
    ConfigError
        If the name says neither GIF nor WebP.
    DataError
        If there are no pictures, or they differ in size.
    OutputError
        If the file cannot be written.
    """
    kind = FILMS.get(Path(path).suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: a film is written as {' or '.join(FILMS)}")
    sizes = sorted({picture.size for picture in frames})
    if len(sizes) != 1:
        found = ", ".join(f"{width} x {height}" for width, height in sizes) or "none"
        raise DataError(f"{path}: a film needs pictures of one size; found {found}")
    # Grey has its 256 values in a GIF; colour is cut down to 256 colours a picture.
    mode = "L" if kind == "GIF" and all(picture.mode in ("1", "L") for picture in frames) else "RGB"
    pictures = [picture.convert(mode) for picture in frames]
    times = [milliseconds] * (len(pictures) - 1) + [milliseconds * LAST]
    how = {"lossless": True} if kind == "WEBP" else {"optimize": False}
    with atomic_path(path) as temporary:
        pictures[0].save(
            temporary, kind, save_all=True, append_images=pictures[1:], duration=times, loop=0,
            **how,
        )  # fmt: skip


def write_preview(picture: Image.Image, folder: Path, step: int) -> None:
    """Write the picture of a check, and keep it under its step."""
    (folder / PREVIEWS).mkdir(exist_ok=True)
    for path in (folder / PICTURE, folder / PREVIEWS / f"{step:08}.png"):
        with atomic_path(path) as temporary:
            picture.save(temporary, "PNG")


def write_film(folder: Path, last: int) -> None:
    """Join the previews up to step ``last`` to an animation; of a single one there is none.

    Previews that are damaged, or have another size than the last one, are left out.
    """
    pictures = []
    for path in sorted((folder / PREVIEWS).glob("[0-9]*.png")):
        if path.stem.isdecimal() and int(path.stem) <= last:
            with suppress(DataError), reading(path, "no picture"), Image.open(path) as picture:
                pictures.append(picture.copy())
    pictures = [picture for picture in pictures if picture.size == pictures[-1].size]
    if len(pictures) > 1:
        animation(pictures, folder / FILM)
