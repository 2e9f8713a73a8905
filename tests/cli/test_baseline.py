"""``biogan baseline`` end to end."""

import pytest

from biogan import read_fasta
from biogan.cli import main, run
from biogan.cli.baseline import NAMES, WITH_ORDER
from biogan.sequences.baselines import BASELINES, get_baseline


@pytest.fixture
def real(tmp_path):
    path = tmp_path / "real.fasta"
    path.write_text(">a\nACGTTGCA\n>b\nAACCGGTA\n>c\nGATTACAT\n")
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_writes_what_the_library_draws(name, real, capsys):
    drawn = main(["baseline", name, real, "-n", "5", "--seed", "7", "--quiet"])
    out, err = capsys.readouterr()
    whole = f"{name}-3" if name in WITH_ORDER else name
    sampler = BASELINES[name](seed=7) if name == "autoregressive" else get_baseline(whole)
    wanted = sampler.fit(read_fasta(real)).sample(5, 7)
    assert out == "".join(f">{i}\n{s}\n" for i, s in zip(wanted.ids, wanted, strict=True))
    assert drawn.strings() == wanted.strings()
    assert err == ""


def test_order_and_file(real, tmp_path, capsys):
    out = tmp_path / "floor.fasta"
    main(["baseline", "positional-markov", real, "--order", "1", "-n", "4", "-o", str(out)])
    assert out.read_text().startswith(">positional_markov1_1\n")
    text, messages = capsys.readouterr()
    assert text == ""
    assert f"4 sequences of positional-markov-1 in {out}" in messages


def test_the_name_says_the_format(real, tmp_path, capsys):
    """FASTA was written into floor.tsv and floor.png."""
    main(["baseline", "pwm", real, "-n", "2", "-o", str(tmp_path / "floor.tsv")])
    assert (tmp_path / "floor.tsv").read_text().startswith("id\tsequence\npwm_1\t")
    assert run(["baseline", "pwm", real, "-n", "2", "-o", str(tmp_path / "floor.png")]) == 1
    assert "floor.png: sequences are written as FASTA or TSV" in capsys.readouterr().err
    assert not (tmp_path / "floor.png").exists()


@pytest.mark.parametrize("command", [["train"], ["sample", "run", "--exclude"]])
def test_an_address_is_said_to_be_one(command, capsys):
    assert run([*command, "https://example.org/a.fa"]) == 1
    assert "No such file or directory; it is an address: fetch the file first" in (
        capsys.readouterr().err
    )


def test_wrong_usage_is_one_line(real, capsys):
    assert run(["baseline", "pwm", real, "--order", "2"]) == 2
    assert (
        "only markov, positional-markov and positional-markov-end have one, not pwm"
        in capsys.readouterr().err
    )
    assert run(["baseline", "pwm", real, "--max-time", "9s"]) == 2
    assert "--max-time: only autoregressive has one, not pwm" in capsys.readouterr().err
    assert run(["baseline", "hmm", real]) == 2
    assert run(["baseline", "pwm", real, "-n", "0"]) == 2
    capsys.readouterr()
    assert run(["baseline", "pwm", real + ".missing"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_every_registered_sampler_has_its_name_on_the_command_line(capsys):
    orders = {name: f"{name}-K" for name in WITH_ORDER}
    assert [orders.get(name, name) for name in NAMES] == list(BASELINES)
    main(["baseline", "--help"])
    assert f"NAME is {', '.join(NAMES[:-1])} or {NAMES[-1]}." in " ".join(
        capsys.readouterr().out.split()
    )


def test_an_input_is_not_overwritten(real, tmp_path, capsys):
    before = (tmp_path / "real.fasta").read_bytes()
    (tmp_path / "link.fasta").symlink_to(real)
    table = tmp_path / "labels.tsv"
    table.write_text("id\tclass\na\tx\nb\ty\nc\ty\n")
    labels = ["--labels", str(table)]
    for out in (real, str(tmp_path / "link.fasta"), str(table)):
        assert run(["baseline", "pwm", real, *labels, "-o", out]) == 1
        assert f"{out}: would overwrite" in capsys.readouterr().err
    assert (tmp_path / "real.fasta").read_bytes() == before
    assert table.read_text().startswith("id\tclass")
    (tmp_path / "new.fasta").write_text("older")
    command = ["baseline", "pwm", real, *labels, "-n", "2", "-o", str(tmp_path / "new.fasta")]
    assert run(command) == 1
    said = capsys.readouterr().err
    assert said == f"biogan: {tmp_path / 'new.fasta'}: exists; use --overwrite, or another name\n"
    main([*command, "--overwrite"])
    assert (tmp_path / "new.fasta").read_text().startswith(">pwm_1")
