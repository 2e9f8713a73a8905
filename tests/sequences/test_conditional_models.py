"""Sequences that are learned with their labels: what has to change, and what must not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import Kill, Killed, unverified

from biogan import Fixed, SequenceGAN, SequenceSet, read_fasta
from biogan.cli import main, run
from biogan.core.errors import AdjustedRequest, ConfigError
from biogan.core.rng import rng
from biogan.sequences.io.write import write_fasta

TINY = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 6, "seed": 1}
N = 240
DRAWN = rng(0, "records")
HOT = DRAWN.random(N) < 0.5
X = DRAWN.normal(size=N)
BOX = {True: "AAAAAA", False: "GGGGGG"}


def reads(hot=HOT, x=X, **labels):
    """Random records with a box that tells the class, and a number that tells nothing."""
    letters = rng(1, "letters").integers(0, 4, (len(hot), 18))
    texts = ["".join("ACGT"[c] for c in row) for row in letters]
    texts = [text[:6] + BOX[bool(h)] + text[12:] for text, h in zip(texts, hot, strict=True)]
    columns = {
        "kind": ["hot" if h else "cold" for h in hot],
        "x": [f"{v:.3f}" for v in x],
        "tags": ["a;b" if v > 0 else "b" for v in x],
    }
    return SequenceSet.from_strings(texts, labels={**columns, **labels})


def weights(gan):
    return {name: tuple(value.flatten().tolist())
            for net in gan.networks for name, value in net.state_dict().items()}  # fmt: skip


def fitted(records, **options):
    return SequenceGAN(**{**TINY, **options}).fit(records)


def boxes(gan, kind, n=200, **options):
    """Share of the records of a class with most of the box of "hot"."""
    texts = gan.sample(n, label={"kind": kind}, **options).strings()
    return np.mean([text[6:12].count("A") >= 4 for text in texts])


QUICK = {"architecture": "dense", "width": None, "depth": None, "units": 32, "latent": 8,
         "batch_size": 32, "steps": 320, "judge_steps": 0, "check_every": 320}  # fmt: skip


@pytest.fixture(scope="module")
def classes():
    return fitted(reads(), condition="kind", **QUICK | {"judge_steps": 60})


def test_what_is_written_is_what_is_asked_for(classes):
    assert boxes(classes, "hot") > 0.8 and boxes(classes, "cold") < 0.1


def test_swapped_labels_swap_what_is_written():
    swapped = reads(kind=["cold" if h else "hot" for h in HOT])
    gan = fitted(swapped, condition="kind", **QUICK)
    assert boxes(gan, "hot") < 0.1 and boxes(gan, "cold") > 0.8


def test_random_labels_give_chance():
    coins = rng(2, "coins").random(N) < 0.5
    gan = fitted(reads(kind=["hot" if c else "cold" for c in coins]), condition="kind", **QUICK)
    assert abs(boxes(gan, "hot") - boxes(gan, "cold")) < 0.25


def test_a_class_that_stands_there_twice_gives_two_alike():
    twice = reads(np.repeat(HOT, 2), np.repeat(X, 2), kind=["one", "two"] * N)
    gan = fitted(twice, condition="kind", **QUICK)
    assert gan.card.data.train > N  # each sequence under both labels
    assert abs(boxes(gan, "one") - boxes(gan, "two")) < 0.2


def test_one_value_for_all_is_the_unconditional_model_bit_for_bit():
    plain, one = fitted(reads()), fitted(reads(kind=["hot"] * N), condition="kind")
    assert weights(plain) == weights(one)
    some = one.sample(40, seed=3)
    assert some.strings() == plain.sample(40, seed=3).strings()
    assert set(some.labels["kind"]) == {"hot"}
    assert one.sample(2, seed=3, label="kind=hot").strings() == some.strings()[:2]


def test_the_order_of_labels_changes_nothing():
    records = reads()
    turned = SequenceSet.from_strings(
        records.strings(), labels={k: records.labels[k] for k in reversed(records.labels)}
    )
    one = fitted(records, condition=["kind", "x"])
    assert weights(one) == weights(fitted(turned, condition="x,kind"))


@pytest.mark.parametrize(
    ("architecture", "without"),
    [("resnet", ["units"]), ("dense", ["width", "depth"]), ("hybrid", []), ("dcgan", ["units"])],
)
def test_all_families_learn_all_kinds(architecture, without):
    options = dict.fromkeys(without) | {"architecture": architecture}
    gan = fitted(reads(), condition={"kind": "class", "x": "number", "tags": "multi"}, **options)
    with pytest.warns(AdjustedRequest, match="x=99: training data have"):
        some = gan.sample(30, label={"x": 99, "tags": ["b", "a"]})
    assert set(some.labels["tags"]) == {"a;b"} and len({*some.labels["x"]}) == 1
    assert {*some.labels["kind"]} == {"hot", "cold"}
    assert np.isfinite(gan.score(some)).all()
    assert np.isfinite(gan.score(some.strings())).all()  # without labels


@pytest.mark.parametrize(
    "options",
    [
        {"rotate": True},
        {"shift": 4},
        {"minibatch_std": True},
        {"head": "softmax"},
        {"reverse_complement": True},
        {"loss": "wgan-gp"},
    ],
)
def test_labels_go_with_the_other_options(options):
    gan = fitted(reads(), condition="kind", **options)
    assert len(gan.sample(9, label="kind=hot")) == 9


def test_a_record_does_not_depend_on_how_many_are_asked_for(classes):
    many = classes.sample(1100, seed=5, label="kind=hot")
    assert classes.sample(7, seed=5, label="kind=hot").strings() == many.strings()[:7]
    late = next(classes.stream(1030, seed=5, start=1025, label="kind=hot"))
    assert late.records.strings() == many.strings()[1025:1030]
    drawn = classes.sample(600, seed=5)
    assert drawn.labels["kind"][:9].tolist() == classes.sample(9, 5).labels["kind"].tolist()


def test_refined_records_keep_their_label(classes):
    for how in ("mh", "rejection"):
        some = classes.sample(60, refine=how, label="kind=hot")
        assert {*some.labels["kind"]} == {"hot"}
        assert np.mean([text[6:12].count("A") >= 4 for text in some.strings()]) > 0.8


def test_the_critic_sees_the_label(classes):
    texts = ["C" * 6 + "AAAAAA" + "C" * 6] * 2
    right = classes.score(SequenceSet.from_strings(texts, labels={"kind": ["hot", "cold"]}))
    assert right[0] > right[1]


def test_records_that_are_left_out_give_way_to_others_of_their_label(classes, tmp_path):
    table = tmp_path / "wanted.tsv"
    kinds = ["hot", "cold"] * 20
    table.write_text("name\tkind\n" + "".join(f"w{i}\t{k}\n" for i, k in enumerate(kinds)))
    first = classes.sample(40, labels=str(table))
    assert first.labels["kind"].tolist() == kinds
    assert first.labels["wanted"][:2].tolist() == ["w0", "w1"]
    again = classes.sample(40, labels=str(table), exclude=first[:5])
    assert again.labels["kind"].tolist() == kinds
    assert again.strings()[5:] == first.strings()[5:] and again[0] != first[0]
    refined = classes.sample(40, labels=str(table), refine="mh", effort=2)
    assert refined.labels["kind"].tolist() == kinds
    with pytest.raises(ConfigError, match="-n 41: one record for each row asked for, 40 rows"):
        classes.sample(41, labels=str(table))
    with pytest.raises(ConfigError, match="take --refine mh"):
        classes.sample(4, labels=str(table), refine="rejection")


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    options = {"condition": "kind,x,tags", "check_every": 2, "steps": 8}
    whole = SequenceGAN(**TINY | options).fit(reads(), out=tmp_path / "whole")
    with pytest.raises(Killed):
        SequenceGAN(**TINY | options).fit(reads(), out=tmp_path / "part", callbacks=[Kill(5)])
    part = SequenceGAN(**TINY | options).fit(reads(), out=tmp_path / "part", resume=True)
    assert weights(whole) == weights(part)
    read = SequenceGAN.load(tmp_path / "part")
    assert read.conditions == whole.conditions
    labelled = read.sample(20, label="x=0.5"), whole.sample(20, label="x=0.5")
    assert labelled[0].strings() == labelled[1].strings()


def test_lengths_go_with_labels(tmp_path):
    texts = [text if hot else text[:9] for text, hot in zip(reads().strings(), HOT, strict=True)]
    records = SequenceSet.from_strings(texts, labels=reads().labels)
    SequenceGAN(**TINY, condition="kind,tags").fit(records, out=tmp_path / "run")
    gan = SequenceGAN.load(tmp_path / "run")
    cold, hot = (gan.sample(300, label={"kind": kind}).lengths for kind in ("cold", "hot"))
    # A little of the lengths of all records is left in each class.
    assert (cold == 9).mean() > 0.8 and (hot == 18).mean() > 0.8
    assert {*gan.sample(50, label="kind=cold", length="18").lengths} == {18}


@pytest.mark.parametrize("latents", ["free", "mcmc"])
def test_labels_go_with_constraints(classes, latents):
    some = classes.sample(
        60, label="kind=hot", constraints=[Fixed("1-3=TCT")], latents=latents, chain_steps=5
    )
    assert {*some.labels["kind"]} == {"hot"} and all(text[:3] == "TCT" for text in some)
    assert np.mean([text[6:12].count("A") >= 4 for text in some.strings()]) > 0.8


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    write_fasta(reads(), folder / "reads.fasta")
    small = [f"--{k}={v}" for k, v in TINY.items() if k not in ("batch_size", "units")]
    main(["train", str(folder / "reads.fasta"), "-o", str(folder / "run"), "--batch-size", "8",
          "--condition", "kind", "--condition", "x=number", *small])  # fmt: skip
    return folder


def test_commands(files, capsys):
    folder, out = str(files / "run"), files / "new.fasta"
    main(["sample", folder, "-n", "5", "--label", "kind=hot", "--label", "x=0.5", "-o", str(out)])
    assert read_fasta(out).labels["x"].tolist() == ["0.5"] * 5
    assert ">gan0_labels_1 kind=hot x=0.5\n" in out.read_text()
    capsys.readouterr()
    main(["info", folder])
    told = capsys.readouterr().out
    assert "labels     kind (2 classes: cold " in told and "x (numbers from -" in told
    page = (files / "run" / "report.html").read_text()
    assert "<dt>Labels</dt><dd>kind (2 classes: cold " in page
    (files / "wanted.tsv").write_text("name\tkind\tsource\nw1\tcold\ta\nw2\thot\tb\n")
    main(["sample", folder, "--labels", str(files / "wanted.tsv"), "-o", "-"])
    captured = capsys.readouterr()
    heads = [line for line in captured.out.splitlines() if line.startswith(">")]
    assert [head.split()[1] for head in heads] == ["kind=cold", "kind=hot"]
    assert heads[1].endswith(" wanted=w2")
    assert "not learned by this model, left out: source" in captured.err


def test_labels_that_are_not_used_are_told(files, capsys):
    reads = str(files / "reads.fasta")
    main(["train", reads, "--dry-run"])
    assert (
        "labels found and not used: kind (2 classes), x (numbers), tags (2 labels, several at "
        "once): --condition NAME learns one\n"
    ) in capsys.readouterr().err
    main(["train", reads, "--dry-run", "--condition", "kind", "--condition", "tags"])
    assert "labels found and not used: x (numbers): --cond" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train", "{reads}", "--condition", "knd", "--dry-run"], "did you mean 'kind'?"),
        (["train", "{reads}", "--condition", "kind", "--store", "-o", "{new}"], "--no-store"),
        (
            ["sample", "{run}", "--label", "kind=warm"],
            "unknown value 'warm': kind is one of cold, hot",
        ),
        (["sample", "{run}", "--label", "hot"], "write NAME=VALUE, for example kind=hot"),
        (["sample", "{run}", "--labels", "{reads}"], "line 1: "),
    ],
)
def test_mistakes_are_one_line(files, capsys, argv, message):
    names = {"reads": files / "reads.fasta", "run": files / "run", "new": files / "new"}
    assert run([word.format(**names) for word in argv]) != 0
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("biogan: ") and message in last


def test_a_model_without_labels_cannot_be_asked():
    with pytest.raises(ConfigError, match="has learned no labels: train it with --condition"):
        fitted(reads()).sample(3, label="kind=hot")


def test_a_damaged_card_is_one_line(files, capsys):
    folder = unverified(Path(shutil.copytree(files / "run", files / "damaged")))
    card = json.loads((folder / "config.json").read_text())
    card["layout"]["conditions"]["parts"][0]["counts"] = [1]
    (folder / "config.json").write_text(json.dumps(card))
    assert run(["sample", str(folder)]) == 1
    assert "one count each" in capsys.readouterr().err.splitlines()[-1]
