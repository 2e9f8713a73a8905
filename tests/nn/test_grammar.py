"""Letters that keep to what all records show: they end with a closing word and have none before."""

import numpy as np
import pytest
import torch

from biogan import SequenceGAN
from biogan.nn.config import SequenceNetConfig
from biogan.nn.layers import from_end
from biogan.nn.sequence_heads import Grammar, Shape, best, likeliest
from biogan.nn.sequence_nets import build
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.tokenizer import Tokenizer

END, STOPS = 5, (1, 4)


def gumbels(n, channels=6, length=7, seed=0):
    uniform = torch.rand(n, channels, length, generator=torch.Generator().manual_seed(seed))
    return -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))


def lengths(codes):
    return ((codes == END).cumsum(1) == 0).sum(1)


def test_every_sequence_closes_once_and_its_length_stays():
    scores = gumbels(3000)
    codes = best(scores, Grammar(END, STOPS))
    long = lengths(codes)
    stops = torch.isin(codes, torch.tensor(STOPS))
    inside = torch.arange(7) < long[:, None] - 1
    assert long.min() == 1 and long.max() == 7
    assert not (stops & inside).any()
    assert stops.gather(1, long[:, None] - 1).all()
    free = best(scores, Grammar(END))
    assert torch.equal(lengths(free), long)


def test_what_keeps_to_the_rules_is_left_as_it_is():
    scores = gumbels(3000)
    free, ruled = best(scores, Grammar(END)), best(scores, Grammar(END, STOPS))
    stops = torch.isin(free, torch.tensor(STOPS))
    long = lengths(free)
    inside = torch.arange(7) < long[:, None] - 1
    good = ~(stops & inside).any(1) & stops.gather(1, long[:, None] - 1).squeeze(1)
    assert good.sum() > 100
    assert torch.equal(free[good], ruled[good])


def test_letters_are_drawn_from_what_the_rules_leave():
    # Length 3 for sure; the closing word and the others in the shares that the logits give them.
    logits = torch.zeros(6, 3)
    logits[:, 0] = torch.tensor([0.0, 2.0, 1.0, -1.0, 2.0, 3.0])
    logits[END, 1] = logits[END, 2] = -1e9
    logits[1, 2] = 1.0
    codes = best(logits + gumbels(40_000, length=3), Grammar(END, STOPS))
    first = torch.bincount(codes[:, 0], minlength=6) / len(codes)
    weights = torch.tensor([0.0, 1.0, -1.0]).softmax(0)
    assert first[[0, 2, 3]].tolist() == pytest.approx(weights.tolist(), abs=0.01)
    last = torch.bincount(codes[:, 2], minlength=6) / len(codes)
    share = torch.tensor([1.0, 0.0]).softmax(0)
    assert last[[1, 4]].tolist() == pytest.approx(share.tolist(), abs=0.01)


def test_without_closing_words_only_an_empty_sequence_is_ruled_out():
    scores = gumbels(500)
    plain, codes = likeliest(scores), best(scores, Grammar(END))
    assert (plain[:, 0] == END).any() and not (codes[:, 0] == END).any()
    inside = torch.arange(6) < lengths(codes)[:, None] - 1
    assert torch.equal(plain[:, 1:][inside], codes[:, 1:][inside])
    assert (codes[:, 1:][~inside] == END).all()


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
def test_a_generator_keeps_to_a_grammar_at_every_temperature(temperature):
    config = SequenceNetConfig(architecture="resnet", width=4, depth=1, latent=4)
    generator = build(config, Shape(6, 7), Grammar(END, STOPS)).generator
    noise = generator.noise(300, torch.Generator().manual_seed(1))
    codes = generator.sample(noise, temperature).long()
    assert torch.isin(codes.gather(1, lengths(codes)[:, None] - 1), torch.tensor(STOPS)).all()


@pytest.mark.parametrize("architecture", ["resnet", "dense", "hybrid", "dcgan"])
def test_letters_are_drawn_given_a_drawn_length(architecture):
    config = SequenceNetConfig(architecture=architecture, width=4, depth=1, units=8, latent=4)
    shares = (0.0, 0.0, 0.25, 0.0, 0.75, 0.0, 0.0, 0.0)
    grammar = Grammar(END, STOPS, (2,), shares)
    generator, critic = build(config, Shape(6, 7), grammar)
    noise = generator.noise(4000, torch.Generator().manual_seed(1))
    training = generator(noise)
    assert set(training.round(decimals=5).unique().tolist()) <= {0.0, 1.0}  # hard letters forward
    for codes in (training.argmax(1), generator.sample(noise).long()):
        long = lengths(codes)
        assert sorted(set(long.tolist())) == [2, 4]
        assert float((long == 4).float().mean()) == pytest.approx(0.75, abs=0.02)
        assert torch.isin(codes.gather(1, long[:, None] - 1), torch.tensor(STOPS)).all()
        assert (codes[:, 0] == 2).all()
        assert (codes == END).sum(1).equal(7 - long)
    assert set(lengths(generator.sample(noise, 1.0, 3, 6).long()).tolist()) == {4}
    critic(training).sum().backward()
    unused = {name for name, p in generator.named_parameters() if p.grad is None}
    assert not unused
    assert torch.isfinite(torch.cat([p.grad.flatten() for p in generator.parameters()])).all()


def test_a_critic_reads_lengths_of_whole_and_of_mixed_letters():
    grammar = Grammar(4, lengths=(0.0, 0.5, 0.5))
    letters = torch.eye(5)[torch.tensor([[0, 1, 4, 4], [3, 4, 4, 4], [1, 1, 1, 1]])].transpose(1, 2)
    assert grammar.lengths_of(letters).tolist() == [2, 1, 4]
    assert grammar.lengths_of((letters[:1] + letters[2:]) / 2).tolist() == [3]


def test_what_is_read_from_the_end_is_put_back():
    x = torch.randn(3, 2, 5)
    long = torch.tensor([5, 2, 0])
    again = from_end(from_end(x, long), long)
    kept = torch.arange(5) < long[:, None, None]
    assert torch.equal(again, x * kept)
    assert torch.equal(from_end(x, long, 2)[0, :, 0], x[0, :, 4])


def genes(n=80, seed=0):
    rng = np.random.default_rng(seed)
    inner = ["AAA", "CCC", "GAT", "ATG"]
    return ["ATG" + "".join(rng.choice(inner, 1 + i % 5)) + ["TAA", "TGA"][i % 2] for i in range(n)]


def test_the_closing_words_are_found_said_and_kept():
    layout = Tokenizer.of(SequenceSet.from_strings(genes()))
    assert layout.words(layout.closing) == ["TAA", "TGA"]
    assert "TAA or TGA last in all and nowhere else" in layout.describe()
    assert Tokenizer.from_dict(layout.to_dict()) == layout


@pytest.mark.parametrize(
    "records",
    [
        [*genes(), "ATGTAAAAATAA"],  # a stop inside
        [*genes(), "ATGAAA"],  # AAA closes a record and stands inside others
        genes(30),  # too few to believe it
    ],
)
def test_one_exception_and_there_is_no_rule(records):
    assert Tokenizer.of(SequenceSet.from_strings(records), word=3).closing == ()


def test_genes_of_one_length_have_the_rule_too():
    records = [text for text in genes(400) if len(text) == 12]
    layout = Tokenizer.of(SequenceSet.from_strings(records))
    assert layout.kind == "fixed" and layout.words(layout.closing) == ["TAA", "TGA"]
    gan = SequenceGAN(width=4, depth=1, units=8, latent=4, batch_size=8, steps=1, seed=1)
    new = gan.fit(SequenceSet.from_strings(records)).sample(500).strings()
    assert all(text[-3:] in ("TAA", "TGA") for text in new)
    assert not any(text[i : i + 3] in ("TAA", "TGA") for text in new for i in (0, 3, 6))


def test_the_first_word_is_one_that_opens_all():
    layout = Tokenizer.of(SequenceSet.from_strings(genes()))
    assert layout.words(layout.opening) == ["ATG"] and "ATG first in all" in layout.describe()
    some = [a + "AAATAA" for a in ("CCC", "CCA", "CCG", "CCT", "GCC", "GCA", "GCG")]
    assert Tokenizer.of(SequenceSet.from_strings([*genes(400), *some]), word=3).opening == ()
    scores = torch.randn(500, 5, 6, generator=torch.Generator().manual_seed(0))
    free, ruled = best(scores, Grammar(4, (3,))), best(scores, Grammar(4, (3,), (1, 2)))
    assert set(ruled[:, 0].tolist()) <= {1, 2, 3}
    # One word cannot open and close: a sequence has two at least, and all but the first stay.
    assert set(ruled[:, 0].tolist()) == {1, 2}
    same = (ruled[:, 0] == free[:, 0]) & (free[:, 1] != 4)
    assert torch.equal(ruled[same, 1:], free[same, 1:])


def test_letters_have_no_rule():
    assert Tokenizer.of(SequenceSet.from_strings(genes()), word=1).closing == ()
