"""Constrained records of a trained model: what they keep, of what they depend, what is refused."""

import numpy as np
import pytest

from biogan import (
    DNA,
    GC,
    Avoid,
    Fixed,
    ImageGAN,
    ImageSet,
    MaxRun,
    OpenReadingFrame,
    SequenceGAN,
    SequenceSet,
    Template,
)
from biogan.cli import main, run
from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import rng
from biogan.models.sampling import joined
from biogan.sequences.constraints.constraint import flattened
from biogan.sequences.constraints.plan import TEMPLATE, ConstraintPlan

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 2, "seed": 1}
RULES = [Fixed("3-6=TATA"), Avoid("MboI"), GC(0.3, 0.6), MaxRun(3)]


def reads(n=100, low=20, high=20, letters="ACGT", alphabet=DNA):
    random = rng(0, "reads")
    lengths = random.integers(low, high + 1, n)
    texts = ["".join(random.choice(list(letters), k)) for k in lengths]
    return SequenceSet.from_strings(texts, alphabet=alphabet)


def genes(n=120):
    random = rng(0, "genes")
    sense = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
    sense = [codon for codon in sense if codon not in ("TAA", "TAG", "TGA")]
    return SequenceSet.from_strings(
        [
            "ATG" + "".join(random.choice(sense, random.integers(3, 7))) + random.choice(stops)
            for stops in [["TAA", "TGA"]] * n
        ]
    )


@pytest.fixture(scope="module")
def gan():
    return SequenceGAN(**SMALL).fit(reads())


@pytest.fixture(scope="module")
def folder(gan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "run"
    gan.save(folder)
    return str(folder)


def keep(records, *constraints):
    rules = flattened(constraints)
    alphabet = records.alphabet
    return not any(rule.violations(t, alphabet) for t in records.strings() for rule in rules)


@pytest.mark.parametrize("latents", ["free", "mcmc"])
def test_every_record_keeps_every_constraint(gan, latents):
    some = gan.sample(100, 3, constraints=RULES, latents=latents, chain_steps=5)
    assert keep(some, *RULES) and len(set(some.strings())) > 80
    assert some.ids[0] == "gan3_1"
    joint = gan.sample(3, 3, constraints=RULES[0] & RULES[1], chain_steps=1)
    assert keep(joint, *RULES[:2])


@pytest.mark.parametrize("options", [{"latents": "free"}, {"latents": "mcmc", "chain_steps": 4}])
def test_a_record_depends_on_seed_and_number_alone(gan, options):
    plan = ConstraintPlan(
        (GC(0.3, 0.6),),
        {TEMPLATE: (("a", Template("T" + "N" * 19)), ("b", Template("N" * 19 + "G")))},
    )
    options = {"constraints": plan, **options}
    whole = gan.sample(75, 5, **options)
    assert gan.sample(2, 5, **options).strings() == whole.strings()[:2]
    part = joined([*gan.stream(70, 5, 33, **options)])
    assert part.strings() == whole.strings()[33:70] and part.ids[0] == "gan5_34"
    other = gan.sample(75, 6, **options).strings()
    assert not set(other) & set(whole.strings())
    first = [text[0] for text in whole.strings()]
    assert set(first[::2]) == {"T"} and set(first[1::2]) > {"T"}
    assert {text[-1] for text in whole.strings()[1::2]} == {"G"}


def test_without_constraints_records_are_what_they_were(gan):
    plain = gan.sample(20, 3).strings()
    gan.sample(20, 3, constraints=RULES, latents="free")
    assert gan.sample(20, 3).strings() == plain


def test_excluded_records_are_replaced_by_ones_of_the_same_template(gan):
    places = ConstraintPlan((), {TEMPLATE: tuple((x, Template(x * 17 + "NNN")) for x in "AT")})
    options = {"constraints": places, "latents": "free"}
    plain = gan.sample(60, **options).strings()
    new = gan.sample(60, exclude=plain[:10], **options).strings()
    assert not set(plain[:10]) & set(new)
    assert {text[0] for text in new[::2]} == {"A"} and {text[0] for text in new[1::2]} == {"T"}


def test_varying_lengths_and_codons():
    gan = SequenceGAN(**SMALL).fit(genes())
    assert gan.tokenizer.word == 3 and gan.tokenizer.closing
    rules = [OpenReadingFrame(), Avoid("MboI", "TTT"), GC(0.3, 0.6)]
    for latents in ("free", "mcmc"):
        some = gan.sample(60, constraints=rules, latents=latents, chain_steps=5)
        assert keep(some, *rules) and len({*some.lengths.tolist()}) > 2
        some = gan.sample(40, constraints=rules, latents=latents, length="15:18", chain_steps=5)
        assert keep(some, *rules) and {*some.lengths.tolist()} == {15, 18}
    one = gan.sample(30, constraints=[Template("ATGNNNNNNNNNNNNTAA")], chain_steps=5)
    assert {*one.lengths.tolist()} == {18}
    with pytest.raises(ConfigError, match=r"keeps --fix 1-3=TTT and the first and last words of "
                       r"this model \(ATG first, TAA or TGA last\) tog"):  # fmt: skip
        gan.sample(1, constraints=[MaxRun(9), Fixed("1-3=TTT")])
    with pytest.raises(ConfigError, match="no sequence keeps --template N* and --length 15 toget"):
        gan.sample(1, constraints=[Template("N" * 18), OpenReadingFrame()], length="15")
    with pytest.raises(
        ConfigError, match=r"NNN and the lengths of this model \(15 to 24 letters\)"
    ):
        gan.sample(1, constraints=[Template("NNN"), GC(0, 0.9)])


@pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")
def test_models_of_before_lengths_were_drawn_first():
    gan = SequenceGAN.load("tests/data/models/genes")
    rules = [Avoid("GATC"), GC(0.3, 0.6)]
    for latents in ("free", "mcmc"):
        some = gan.sample(40, constraints=rules, latents=latents, chain_steps=5)
        assert keep(some, *rules)
        assert all(t.startswith("ATG") and t.endswith("TAA") for t in some.strings())


@pytest.mark.parametrize("anywhere", [{"rotate": True}, {"shift": 5}])
def test_records_without_places(anywhere):
    gan = SequenceGAN(**anywhere, **SMALL).fit(reads())
    for latents in ("free", "mcmc"):
        some = gan.sample(40, constraints=RULES, latents=latents, chain_steps=5)
        assert keep(some, *RULES)


def test_alignments():
    aligned = SequenceGAN(**SMALL).fit(reads(letters="ACGT-", alphabet=DNA.with_letters("-")))
    rules = [Template("AC--" + "." * 16), Avoid("GATC"), GC(0.3, 0.6)]
    some = aligned.sample(40, constraints=rules, chain_steps=5)
    assert keep(some, *rules)
    assert {text[:4] for text in some.strings()} == {"AC--"}


def test_refinement_weighs_records_within_the_chains():
    gan = SequenceGAN(**{**SMALL, "steps": 20}).fit(reads(letters="AAAAAACGT"))
    rules = [Fixed("3=T")]
    ratio = gan.calibrated_critic
    how = {"constraints": rules, "chain_steps": 20}
    plain = gan.sample(64, 1, latents="mcmc", **how)
    refined = gan.sample(64, 1, refine="mh", **how)
    assert keep(refined, *rules) and refined.ids[0] == "gan1_mh_1"
    assert plain.strings() != refined.strings()
    means = [ratio.log_ratio(gan.tokenizer.encode(some)).mean() for some in (plain, refined)]
    assert means[1] > means[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": 0}, "the likeliest letters are one record"),
        ({"refine": "rejection"}, "take --refine mh"),
        ({"refine": "mh", "latents": "free"}, "take --latents mcmc"),
        ({"device_noise": True}, "--device-noise"),
    ],
)
def test_options_that_do_not_suit_are_refused(gan, options, said):
    with pytest.raises(ConfigError, match=said):
        gan.sample(1, constraints=RULES, **options)


def test_a_head_without_a_law_is_refused_and_so_are_latents_of_nothing(gan):
    soft = SequenceGAN(head="softmax", **SMALL).fit(reads())
    with pytest.raises(ConfigError, match="no law of letters"):
        soft.sample(1, constraints=RULES)
    with pytest.raises(ConfigError, match="--latents mcmc: nothing is constrained"):
        gan.sample(1, latents="mcmc")
    with pytest.raises(ConfigError, match="--chain-steps 9: nothing is constrained"):
        gan.sample(1, chain_steps=9)


def test_few_records_do_not_wait_for_a_block_of_costly_ones(gan):
    def block(*rules):
        how = gan.modality.sampling(latents="free")
        return gan.modality.constrained(gan.networks.generator, rules, how).size

    assert block(Avoid("MboI")) == gan.modality.block
    assert 32 <= block(GC(0.2, 0.8, window=12)) < gan.modality.block


def test_what_clashes_is_named(gan):
    with pytest.raises(ConfigError, match="no sequence keeps --gc 0:0.1 and --fix 1-4=GCGC"):
        gan.sample(1, constraints=[GC(0, 0.1), Fixed("1-4=GCGC"), MaxRun(5)])


def test_where_hardly_any_record_is_new_it_is_said(gan):
    rules = [Template("A" * 19 + "N")]
    every = ["A" * 19 + x for x in "ACGT"]
    with pytest.raises(DataError, match="--exclude: "):
        gan.sample(1, constraints=rules, exclude=every, latents="free")


def test_the_command_says_what_it_did(folder, tmp_path, capsys):
    out = tmp_path / "new.fasta"
    main(["sample", folder, "-n", "40", "--fix", "3-6=TATA", "--gc", "0.3:0.6", "--avoid", "MboI",
          "--chain-steps", "5", "-o", str(out)])  # fmt: skip
    said = capsys.readouterr().err
    assert "latents mcmc: the log-probability of the constraints varies by " in said
    assert "latents mcmc: 40 chains of 5 steps, " in said and "40 distinct latents" in said
    assert run(["check", str(out), "--fix", "3-6=TATA", "--gc", "0.3:0.6", "--avoid", "MboI"]) == 0
    main(["sample", folder, "-n", "4", "--latents", "free", "--avoid", "MboI"])
    assert "latents free: mean log-probability of the constraints -" in capsys.readouterr().err


def test_too_many_pairs_of_templates_and_proteins_are_refused(gan):
    templates = tuple((f"{i}", Template("N" * 20)) for i in range(400))
    proteins = tuple((f"{i}", Template("N" * 20)) for i in range(399))
    plan = ConstraintPlan((), {TEMPLATE: templates, "protein": proteins})
    with pytest.raises(ConfigError, match="400 templates and 399 proteins: 159,600 different"):
        gan.sample(1, constraints=plan)


def test_templates_of_a_file_name_the_records(folder, tmp_path, capsys):
    parts = tmp_path / "parts.fasta"
    texts = {"left": "TATA" + "-" * 16, "right": "-" * 16 + "TATA", "all": "ACGT" * 5}
    parts.write_text("".join(f">{name}\n{text}\n" for name, text in texts.items()))
    main(["sample", folder, "--template-from", str(parts), "--chain-steps", "2"])
    lines = capsys.readouterr().out.split("\n")
    assert [line for line in lines if line.startswith(">")] == [
        ">gan0_1 template=left", ">gan0_2 template=right", ">gan0_3 template=all"
    ]  # fmt: skip
    assert lines[1][:4] == lines[3][-4:] == "TATA" and lines[5] == "ACGTACGTACGTACGTACGT"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--fix", "1-4=GCGC", "--gc", "0:0.1"], "no sequence keeps"),
        (["--template", "NNN"], "has 3 letters, the records of this model have 20"),
        (["--avoid", "BsaX"], "BsaX"),
        (["--fix", "1=X"], "X"),
        (["--latents", "free"], "nothing is constrained"),
    ],
)
def test_what_cannot_be_is_one_line(folder, capsys, flags, said):
    assert run(["sample", folder, "-n", "2", *flags]) != 0
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.strip().splitlines()[-1]
    assert last.startswith("biogan: ") and said in last


def test_rare_constraints_are_told_before_anything_is_drawn(gan):
    said = []
    rules = [Template("ACGTACGTACGTACGTACNN")]
    chunks = gan.stream(2, constraints=rules, tell=said.append, latents="free")
    assert len(said) == 1 and said[0].startswith("the constraints are rare: ")
    assert keep(joined([*chunks]), *rules)


def test_images_have_no_letters_to_constrain():
    pixels = rng(0, "pixels").integers(0, 255, (20, 1, 16, 16)).astype(np.uint8)
    gan = ImageGAN(width=4, latent=4, batch_size=4, steps=1).fit(ImageSet.from_pixels(pixels))
    with pytest.raises(ConfigError, match="only sequences"):
        gan.sample(1, constraints=RULES)
