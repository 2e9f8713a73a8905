"""Options of sampling from a sequence GAN."""

from __future__ import annotations

from dataclasses import dataclass

from biogan.errors import ConfigError
from biogan.options import Options, option

REFINEMENTS = ("rejection", "mh")
EFFORT = 10


@dataclass(frozen=True)
class SamplingConfig(Options):
    """How records are drawn from a trained generator; the same options give the same records."""

    seed: int = option(0, "Seed of the stream.", "Sampling")
    temperature: float = option(
        1.0,
        "Below 1 safer, above 1 more varied, 0 the likeliest letters.",
        "Sampling",
        low=0,
        high=100,
    )
    refine: str | None = option(
        None,
        "Let the calibrated critic choose among candidates: rejection keeps some, mh ends chains "
        "(slower by about --effort).",
        "Sampling",
        choices=REFINEMENTS,
    )
    effort: int | None = option(
        None,
        f"Candidates that --refine may spend on a sequence ({EFFORT}).",
        "Sampling",
        low=1,
    )
    device_noise: bool = option(
        False,
        "Draw the noise on the device, too: faster on a GPU, but other records, and the same for a "
        "seed on one model of GPU only.",
        "Sampling",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        other = ""
        if self.temperature != 1:
            other = f"--temperature {self.temperature:g}: the critic was calibrated at 1"
        elif self.device_noise:
            other = "--device-noise: refined records begin with those of the CPU's noise"
        if self.refine and other:
            raise ConfigError(f"--refine {self.refine} {other}, take one of the two")
        if self.refine is None and self.effort is not None:
            raise ConfigError(
                f"--effort {self.effort}: nothing is refined, add --refine "
                + " or --refine ".join(REFINEMENTS)
            )
        if self.refine is not None and self.effort is None:
            object.__setattr__(self, "effort", EFFORT)
