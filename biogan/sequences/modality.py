"""What a fit trains with: letters as tensors, networks, batches, the term that matches k-mers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from biogan.core.rng import layers_from
from biogan.nn.sequence_heads import Shape
from biogan.nn.sequence_nets import Networks, build
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmer_matching import LONGEST_PLACED, KmerMatching
from biogan.sequences.splits import Split, StoredSplit, reverse_complement
from biogan.sequences.tokenizer import VARIABLE, Tokenizer
from biogan.training.batches import Batches, LazyBatches, RotatedBatches, Stream


class Letters:
    """Codes (N, length) to one-hot letters (N, channels, length) on a device."""

    def __init__(self, channels: int, device: torch.device) -> None:
        self.table = torch.eye(channels, device=device)

    def __call__(self, codes: Tensor) -> Tensor:
        """Look the letters up."""
        letters = codes.to(self.table.device).int()
        return self.table[letters].transpose(1, 2).contiguous()


def build_networks(config: SequenceGANConfig, layout: Tokenizer) -> Networks:
    """Build generator and critic with weights drawn from the seed."""
    with layers_from(config.seed, "weights"):
        return build(config, Shape(layout.channels, layout.positions))


def build_matching(config: SequenceGANConfig, layout: Tokenizer) -> KmerMatching | None:
    """Build the term that matches k-mer counts, if it has a weight."""
    weight = config.chosen("kmer_matching")
    if not weight:
        return None
    shape = layout.channels, layout.positions
    if layout.word > 1:
        # Codons are matched by the letters they spell: across their borders, too.
        end = layout.end if layout.kind == VARIABLE else None
        return KmerMatching(*shape, weight, spelling=torch.from_numpy(layout.spelling), end=end)
    places = layout.kind != VARIABLE and not config.rotate
    return KmerMatching(*shape, weight, LONGEST_PLACED if places else 0)


def build_batches(
    config: SequenceGANConfig, layout: Tokenizer, parts: Split | StoredSplit
) -> Stream:
    """Lay the training records out, all at once or a batch at a time."""
    batches = in_order(config, layout, parts)
    return RotatedBatches(batches) if config.rotate else batches


def in_order(
    config: SequenceGANConfig, layout: Tokenizer, parts: Split | StoredSplit
) -> Batches | LazyBatches:
    """Lay the training records out as they were read, from one strand or both."""

    def codes(part: SequenceSet) -> Tensor:
        return torch.from_numpy(layout.encode(part))

    train, size, seed = parts.train, config.chosen("batch_size"), config.seed
    strands = config.chosen("reverse_complement")
    if isinstance(train, SequenceSet):
        twins = codes(reverse_complement(train)) if strands else None
        return Batches(codes(train), train.weights, size, seed, twins)

    def fetch(records: np.ndarray) -> Tensor:
        return codes(train.take(records))

    def other_strand(records: np.ndarray) -> Tensor:
        return codes(reverse_complement(train.take(records)))

    return LazyBatches(len(train), fetch, size, seed, other_strand if strands else None)
