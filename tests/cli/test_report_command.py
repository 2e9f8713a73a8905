import re

import pytest

from biogan.cli import main, run

TINY = ["--steps", "4", "--width", "4", "--depth", "1", "--latent", "4", "--batch-size", "4",
        "--check-every", "2", "--threads", "1"]  # fmt: skip


@pytest.fixture(scope="module")
def fasta(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "real.fasta"
    letters = "ACGTTGCA" * 4
    path.write_text("".join(f">r{i}\n{letters[i % 8 : i % 8 + 20]}\n" for i in range(40)))
    return path


def test_training_ends_with_a_page_that_can_be_drawn_again(fasta, tmp_path, capsys):
    folder = tmp_path / "my <b>run"
    main(["train", str(fasta), "-o", str(folder), *TINY])
    page = folder / "report.html"
    drawn = page.read_text()
    assert "<h1>my &lt;b&gt;run</h1>" in drawn
    assert "4 steps in" in drawn
    assert "<script" not in drawn
    page.unlink()
    assert main(["report", str(folder)]) == page
    assert page.read_text() == drawn
    assert "report.html written" in capsys.readouterr().err


def test_a_page_that_cannot_be_drawn_does_not_fail_the_training(
    fasta, tmp_path, capsys, monkeypatch
):
    def broken(run):
        raise ValueError("no ink")

    monkeypatch.setattr("biogan.cli.report.write_page", broken)
    folder = tmp_path / "run"
    assert run(["train", str(fasta), "-o", str(folder), *TINY]) == 0
    assert "was not drawn (no ink); the model is whole" in capsys.readouterr().err
    assert (folder / "generator.safetensors").is_file()


def test_a_folder_without_a_model_is_said(tmp_path, capsys):
    assert run(["report", str(tmp_path)]) == 1
    assert re.search(r"not a model folder, config.json is missing\n$", capsys.readouterr().err)


def test_a_page_takes_the_place_of_pages_only(fasta, tmp_path, capsys):
    folder = tmp_path / "run"
    main(["train", str(fasta), "-o", str(folder), *TINY])
    files = [folder / "config.json", folder / "samples.fasta", fasta]
    before = [file.read_bytes() for file in files]
    for file, said in zip(files, ["would overwrite"] * 2 + ["exists and is no HTML"], strict=True):
        assert run(["report", str(folder), "-o", str(file)]) == 1
        assert f"biogan: {file}: {said}" in capsys.readouterr().err
    assert [file.read_bytes() for file in files] == before
    older = tmp_path / "older.HTM"
    older.write_text("older")
    assert run(["report", str(folder), "-o", str(older)]) == 1
    assert f"biogan: {older}: exists; use --overwrite, or another" in capsys.readouterr().err
    assert older.read_text() == "older"
    # The page in the folder belongs to the run.
    for page, options in ((older, ["--overwrite"]), (tmp_path / "new", []),
                          (folder / "report.html", [])):  # fmt: skip
        assert main(["report", str(folder), "-o", str(page), *options]) == page
        assert "<h1>run</h1>" in page.read_text()
