"""A run followed elsewhere: TensorBoard and Weights & Biases.

Both are watchers like any other, see :class:`biogan.core.protocols.Callback`: terms of the losses
every :data:`~biogan.training.callbacks.LOG_EVERY` steps, and the scores of each check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from biogan.core.errors import ConfigError
from biogan.training.callbacks import LOG_EVERY

Write = Callable[[dict[str, float], int], None]


class Tracker:
    """Hands the numbers of a run to a function.

    Parameters
    ----------
    write : callable
        Receives numbers by name, and the step.
    close : callable
        Called at the end of the run.

    Examples
    --------
    >>> tracker = Tracker(lambda numbers, step: print(step, numbers))
    >>> tracker.on_event("check", step=20, scores={"validation_distance": 1.5}, best=True)
    20 {'check/validation_distance': 1.5}
    """

    def __init__(self, write: Write, close: Callable[[], None] = lambda: None) -> None:
        self.write, self.close = write, close

    def on_step(self, step: int, terms: Mapping[str, float]) -> None:
        """Hand over the terms where they are due."""
        if step % LOG_EVERY == 0:
            self.write({f"train/{name}": value for name, value in terms.items()}, step)

    def on_event(self, event: str, **details: Any) -> None:
        """Hand over the scores of a check; end with the run."""
        if event == "check":
            scores = {f"check/{name}": value for name, value in details["scores"].items()}
            self.write(scores, details["step"])
        elif event == "end":
            self.close()


def tensorboard(folder: str) -> Tracker:
    """Return what writes a run into a folder for TensorBoard.

    Raises
    ------
    ConfigError
        If the package tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ConfigError(
            "--tensorboard: needs the package tensorboardX: pip install 'biogan[track]'"
        ) from error
    writer = SummaryWriter(folder)

    def write(numbers: dict[str, float], step: int) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, step)

    return Tracker(write, writer.close)


def wandb(project: str, config: Mapping[str, Any]) -> Tracker:
    """Return what sends a run to a project of Weights & Biases.

    Parameters
    ----------
    project : str
        Name of the project.
    config : mapping
        The options of the run.

    Raises
    ------
    ConfigError
        If the package wandb is not installed.
    """
    try:
        import wandb as client
    except ImportError as error:
        raise ConfigError(
            "--wandb: needs the package wandb: pip install 'biogan[track]'"
        ) from error
    run = client.init(project=project, config=dict(config))
    return Tracker(lambda numbers, step: run.log(numbers, step=step), run.finish)
