"""The section of the benchmark on a GPU: how a step is launched, and where noise is drawn."""

from __future__ import annotations

from functools import partial
from itertools import count

import numpy as np
import torch
from benchmark_step import GEMM, Operations, cycle, follow, interleaved, milliseconds, players

from biogan import DNA, SequenceSet
from biogan.core.rng import rng, torch_generator
from biogan.models.sampling import block_size, drawer, stream
from biogan.sequences.config import SequenceSamplingConfig
from biogan.sequences.modality import SequenceModality
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.launch import WARM_UP

# Width of the convolutions and records in a batch, from the default to what fills a GPU.
SIZES = ((32, 64), (64, 512), (256, 1024))
WAYS = {
    "as a graph": {"cuda_graph": True},
    "as a graph, bf16": {"cuda_graph": True, "precision": "bf16"},
    "as a graph, noise of its own": {"cuda_graph": True, "device_noise": True},
    "as a graph, bf16, noise of its own": {
        "cuda_graph": True,
        "precision": "bf16",
        "device_noise": True,
    },
}


def compare_launches(length: int, repeats: int, seed: int) -> list[tuple[str, str, str, str]]:
    """Time a step on a GPU operation by operation and as a graph, from small networks to large."""
    if not torch.cuda.is_available():
        return [("steps on a GPU", "not measured", "no CUDA device here", "-")]
    codes = rng(seed, "benchmark").integers(0, DNA.size, (10_000, length), np.uint8)
    sequences = SequenceSet.from_matrix(DNA, codes)
    square = torch.randn(8 * GEMM, 8 * GEMM, device="cuda")

    def product() -> None:
        torch.mm(square, square)
        torch.cuda.synchronize()

    # As the convolutions of a step are computed by default, in TF32.
    torch.backends.cuda.matmul.allow_tf32 = True
    best = 2 * len(square) ** 3 / min(interleaved([product], repeats)[0])
    torch.backends.cuda.matmul.allow_tf32 = False
    rows = []
    for width, batch in SIZES:
        options = {"device": "cuda", "width": width, "batch_size": batch}
        plain = players(sequences, **options)
        others = {name: players(sequences, **options, **way) for name, way in WAYS.items()}
        # Step after step, as the next draws are made while the device works.
        tasks = [partial(follow, some, count()) for some in (plain, *others.values())]
        with plain.engine.busy():
            with Operations() as counter:
                tasks[0]()
            for task in tasks[1:]:
                for _ in range(WARM_UP):
                    task()
            every = cycle(plain)
            timed = interleaved(tasks, repeats)
            drawing = min(interleaved([lambda some=plain: some.draw(0)], repeats)[0])
        one, *found = ([seconds / every for seconds in times] for times in timed)
        beside = f"operation by operation, float32: {milliseconds(one)}"
        for name, times in zip(others, found, strict=True):
            share = counter.total / every / min(times) / best
            rows.append(
                (
                    f"step on a GPU ({length} nt, width {width}, batch {batch}), {name}, ms",
                    f"{milliseconds(times)}, {batch / min(times):,.0f} sequences/s, "
                    f"{share:.3f} of the rate of large matrix products in TF32",
                    beside,
                    f"{min(one) / min(times):.2f} x",
                )
            )
        rows.append((f"draws of a step (batch {batch}), made on the CPU meanwhile, ms",
                     f"{drawing * 1e3:.1f}", beside, f"{min(one) / drawing:.1f} x"))  # fmt: skip
    return rows


def compare_noise(
    length: int, n: int, seed: int, device: str = "cuda"
) -> list[tuple[str, str, str, str]]:
    """Time sampling on a GPU with noise of its own and of the CPU, as codes and as records."""
    if device == "cuda" and not torch.cuda.is_available():
        return [("sampling on a GPU", "not measured", "no CUDA device here", "-")]
    codes = rng(seed, "benchmark").integers(0, DNA.size, (1000, length), np.uint8)
    sequences = SequenceSet.from_matrix(DNA, codes)
    modality = SequenceModality(Tokenizer.of(sequences))
    generator = players(sequences, device).generator

    def as_codes(size: int, place: str) -> None:
        for k in range(-(-n // size)):
            noise = generator.noise(size, torch_generator(seed, "benchmark", k, device=place))
            modality.draw(generator, noise, SequenceSamplingConfig())

    def as_records() -> None:
        draw = drawer(generator, modality, wide)
        for _ in stream(draw, modality, 0, n, "gan", block_size(modality, wide)):
            pass

    wide = SequenceSamplingConfig(seed=seed, device_noise=True)
    large, small = block_size(modality, wide), modality.block

    tasks = [lambda: as_codes(large, device), lambda: as_codes(small, "cpu"), as_records]
    own, cpu, records = (n / min(times) for times in interleaved(tasks, 3))
    return [
        (
            f"sample on a GPU ({length} letters, noise of its own), sequences/s",
            f"{own:,.0f} as codes, {records:,.0f} as records",
            f"noise of the CPU: {cpu:,.0f} as codes",
            f"{own / cpu:.1f} x",
        )
    ]
