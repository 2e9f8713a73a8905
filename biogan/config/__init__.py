"""Options, declared once: the command line, the Python keywords and ``config.json`` are one thing.

From a field made with :func:`biogan.options.option` come ``biogan train --gp 10``,
``SequenceGAN(gp=10)`` and ``"gp": 10``. A new option is one line in the file of its class.
"""

from biogan.config.images import (
    IMAGE_ARCHITECTURES,
    PRESETS,
    SIZES,
    ImageGANConfig,
    ImageReadingConfig,
)
from biogan.config.reading import ReadingConfig
from biogan.config.sampling import REFINEMENTS, SamplingConfig
from biogan.config.sequences import ARCHITECTURES, HEADS, SequenceGANConfig
from biogan.config.training import DEVICES, LOSSES, TrainingConfig

__all__ = [
    "ARCHITECTURES", "DEVICES", "HEADS", "IMAGE_ARCHITECTURES", "LOSSES", "PRESETS", "REFINEMENTS",
    "SIZES", "ImageGANConfig", "ImageReadingConfig", "ReadingConfig", "SamplingConfig",
    "SequenceGANConfig", "TrainingConfig",
]  # fmt: skip
