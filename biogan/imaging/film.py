"""Previews of a run: the same latent vectors, drawn at each check, and their film at the end."""

from __future__ import annotations

from PIL import Image

from biogan.imaging.domain import Domain, Records
from biogan.io.tables import atomic_path
from biogan.training.folder import FILM, PICTURE, PREVIEWS, ModelFolder


class Film:
    """Writes ``samples.png`` at each check, keeps it under its step and joins all to a film.

    Parameters
    ----------
    domain : Domain
        Draws records.
    folder : ModelFolder
        Where to; asked each time, as a run that replaces a model moves.
    """

    def __init__(self, domain: Domain, folder: ModelFolder) -> None:
        self.domain, self.folder = domain, folder

    def __call__(self, samples: Records, step: int) -> None:
        """Draw the samples of a check."""
        picture = self.domain.picture(samples)
        place = self.folder.path
        (place / PREVIEWS).mkdir(exist_ok=True)
        for path in (place / PICTURE, place / PREVIEWS / f"{step:08}.png"):
            with atomic_path(path) as temporary:
                picture.save(temporary, "PNG")

    def develop(self, last: int) -> None:
        """Join the previews up to a step to an animation; of a single one there is none."""
        from biogan.images.write import animation

        paths = sorted((self.folder.path / PREVIEWS).glob("[0-9]*.png"))
        pictures = []
        for path in paths:
            if int(path.stem) <= last:
                with Image.open(path) as picture:
                    pictures.append(picture.copy())
        if len(pictures) > 1:
            animation(pictures, self.folder.path / FILM)
