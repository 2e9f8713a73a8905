"""Models that come with biogan."""

import hashlib
import json

import pytest

from biogan.cli import main
from biogan.core.errors import ConfigError
from biogan.models.address import local_folder
from biogan.models.gan import SequenceGAN
from biogan.models.published import FACTS, check_published


def test_an_unknown_name_is_told_with_the_near_one():
    with pytest.raises(ConfigError, match="did you mean 'promoters'"):
        local_folder("builtin:promotors")


def test_the_model_of_the_package_writes_promoters(capsys):
    main(["-q", "sample", "builtin:promoters", "-n", "10", "--seed", "1"])
    out = capsys.readouterr().out
    assert out.count(">") == 10 and "gan1_10" in out
    folder = local_folder("builtin:promoters")
    facts = check_published(folder, "builtin:promoters")
    assert facts["licence"] == "mit"
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 3_000_000
    known = main(["models", "--json"])
    assert json.loads(capsys.readouterr().out) == known
    (entry,) = known
    assert entry["address"] == "builtin:promoters"
    assert entry["sha256"] == hashlib.sha256((folder / FACTS).read_bytes()).hexdigest()
    main(["models"])
    assert "builtin:promoters" in capsys.readouterr().out
    new = SequenceGAN.load("builtin:promoters").sample(300, 5)
    assert {*new.lengths.tolist()} == {60}
