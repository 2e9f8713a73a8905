"""From chains to a model, to samples, to files, to a report: what the parts hand to one another."""

import json
from dataclasses import replace

import numpy as np
import pytest
from shapes import helix, strand, walk

from biogan import ImageGAN
from biogan.cli import main
from biogan.structures.geometry import chirality, distances, pseudo_torsions, separations
from biogan.structures.read import read_fragments, read_structures


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """An array of 24 chains of 22 residues."""
    path = tmp_path_factory.mktemp("chains") / "chains.npz"
    rng = np.random.default_rng(0)
    chains = [
        np.concatenate([helix(8), walk(6, i) / 2 + 20, strand(8) + 40])
        if i % 3 == 0
        else (helix(22), strand(22))[i % 2] + rng.normal(0, 0.1, (22, 3))
        for i in range(24)
    ]
    np.savez(path, xyz=np.concatenate(chains), offsets=22 * np.arange(25),
             ids=[f"c{i}" for i in range(24)])  # fmt: skip
    return path


def fitted(data, architecture):
    gan = ImageGAN(architecture=architecture, width=4, latent=4, batch_size=4, steps=2, seed=1)
    from biogan.structures.config import StructureReadingConfig

    return gan.fit(read_structures(data, StructureReadingConfig(residues=16)))


@pytest.mark.parametrize("architecture", ["chain", "dcgan"])
def test_samples_are_chains_in_space(data, architecture):
    gan = fitted(data, architecture)
    found = gan.sample(150, seed=3)
    assert found.xyz.shape == (150, 16, 3) and found.ids[149] == "gan3_150"
    # Two blocks: families go on counting.
    assert len(set(found.families.tolist())) == 150
    assert (chirality(found.xyz) > -1e-3).all()
    if architecture == "chain":
        bonds = separations(found.xyz, 1)
        off = np.minimum(np.abs(bonds - 3.804), np.abs(bonds - 2.94))  # trans, cis
        assert off.max() < 0.241 and off.mean() < 0.05
        assert found.maps is None
    else:
        assert found.maps.shape == (150, 16, 16)
        assert np.abs(distances(found.xyz) - found.maps).mean() > 1e-3


def test_sampled_files_are_judged_as_they_are(data, tmp_path):
    fitted(data, "dcgan").save(tmp_path / "run")
    main(["image", "sample", str(tmp_path / "run"), "-n", "30", "-o", str(tmp_path / "new")])
    assert len(list((tmp_path / "new").glob("*.pdb"))) == 30
    assert len(read_fragments(tmp_path / "new")) == 30
    # Untrained, its bonds are no bonds: reading them as real chains would leave all out.
    main([
        "image", "evaluate", str(tmp_path / "new"), "--reference", str(data), "--residues", "16",
        "--metric", "bond-share", "-o", str(tmp_path / "report"),
    ])  # fmt: skip
    report = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert report["kind"] == "structures" and report["sets"]["generated"]["records"] == 30


def test_a_chain_is_kept_with_its_twists_and_knows_its_hand(data, tmp_path):
    gan = fitted(data, "chain")
    gan.save(tmp_path / "run")
    again = ImageGAN.load(tmp_path / "run")
    found = gan.sample(20, seed=3)
    assert np.array_equal(again.sample(20, seed=3).xyz, found.xyz)
    card = json.loads((tmp_path / "run" / "config.json").read_text())
    assert len(card["layout"]["twists"]["follows"]) == len(card["layout"]["twists"]["angles"])
    # Its own samples are read as they were written, and its critic is not blind to their hand.
    mirrored = replace(found, xyz=found.xyz * np.float32([1, 1, -1]))
    assert not np.allclose(again.score(found), again.score(mirrored), atol=1e-6)
    between = again.interpolate(pairs=2, steps=5)
    assert between.xyz.shape == (10, 16, 3)
    # Along the way the kinds of twists stay, those of the first end.
    torsions = pseudo_torsions(between.xyz.astype(float)).reshape(2, 5, -1)
    turned = np.abs((torsions[:, 1:] - torsions[:, :1] + 180) % 360 - 180)
    assert np.median(turned) < 10 and np.abs(between.xyz[0] - between.xyz[4]).max() > 0
