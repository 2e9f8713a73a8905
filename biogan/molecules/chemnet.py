"""ChemNet, whose activations the Frechet ChemNet Distance compares (Preuer et al. 2018).

The weights are those of the package fcd_torch (extra ``mol-fcd``). They are checked against a
digest and read as numbers alone, so that the file cannot run code.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.errors import DataError

#: SHA-256 of the weights.
DIGEST = "a36658cc7c94d3c728eacd7ed2d2f104753bb2fde742c2817daefe9533a28080"
WEIGHTS = "ChemNet_v0.13_pretrained.pt"
#: Numbers of an activation.
SIZE = 512
_BATCH = 256


def missing() -> str:
    """Say what to install; an empty string if ChemNet is there."""
    there = find_spec("fcd_torch") is not None
    return "" if there else "needs ChemNet: pip install 'biogan[mol-fcd]'"


@cache
def _network() -> Any:
    import fcd_torch
    import torch
    from fcd_torch.utils import load_imported_model

    path = Path(fcd_torch.__file__).parent / WEIGHTS
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != DIGEST:
        raise DataError(
            f"{path}: other weights than those that published distances were measured with; "
            "install fcd_torch again"
        )
    config = torch.load(io.BytesIO(data), weights_only=True)
    return load_imported_model(config).eval()


def activations(smiles: Sequence[str]) -> np.ndarray:
    """Return the activations of canonical SMILES, shape (n, 512), float32; in one thread."""
    import torch
    from fcd_torch.utils import SmilesDataset

    torch.set_num_threads(1)
    rows = SmilesDataset(list(smiles), canonize=False)
    found = [np.zeros((0, SIZE), np.float32)]
    with torch.no_grad():
        for at in range(0, len(rows), _BATCH):
            some = np.stack([rows[i] for i in range(at, min(at + _BATCH, len(rows)))])
            batch = torch.from_numpy(some).float().transpose(1, 2)
            found.append(_network()(batch).numpy())
    return np.concatenate(found)
