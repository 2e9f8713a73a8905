"""Ideal helices and strands, and files of them, for the tests of structures."""

import numpy as np

from biogan.structures.dataset import FragmentSet
from biogan.structures.write import pdb_text


def helix(length=32):
    """Right-handed alpha helix: 100 degrees and 1.5 Angstrom a residue, radius 2.3."""
    turn = np.deg2rad(100) * np.arange(length)
    return np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(length)], 1)


def strand(length=32):
    """Twisted strand: -170 degrees and 3.33 Angstrom a residue, as extended as in proteins."""
    turn = np.deg2rad(-170) * np.arange(length)
    return np.stack([0.92 * np.cos(turn), 0.92 * np.sin(turn), 3.33 * np.arange(length)], 1)


def fragments(xyz, families=None):
    ids = tuple(f"f{i}" for i in range(len(xyz)))
    families = np.arange(len(xyz)) if families is None else np.asarray(families)
    return FragmentSet(np.asarray(xyz, np.float32), ids, families)


def walk(length, seed):
    """Chain of bonds of 3.8 Angstrom with no break."""
    steps = np.random.default_rng(seed).normal(size=(length - 1, 3))
    steps *= 3.8 / np.linalg.norm(steps, axis=1, keepdims=True)
    return np.concatenate([np.zeros((1, 3)), steps.cumsum(0)])


def write_pdb(path, xyz, letters=None):
    """Write a C-alpha PDB file with any residues (three letters each)."""
    lines = pdb_text(np.asarray(xyz), path.stem).splitlines(keepends=True)
    at = [i for i, line in enumerate(lines) if line.startswith("ATOM")]
    for i, name in zip(at, letters or (), strict=False):
        lines[i] = lines[i][:17] + name + lines[i][20:]
    path.write_text("".join(lines))
    return path


THREE = {
    "A": "ALA", "R": "ARG", "N": "ASN", "D": "ASP", "C": "CYS", "Q": "GLN", "E": "GLU",
    "G": "GLY", "H": "HIS", "I": "ILE", "L": "LEU", "K": "LYS", "M": "MET", "F": "PHE",
    "P": "PRO", "S": "SER", "T": "THR", "W": "TRP", "Y": "TYR", "V": "VAL",
}  # fmt: skip
