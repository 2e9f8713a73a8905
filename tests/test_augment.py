"""Augmentation: exact moves, one draw an image, gradients of first and second order."""

import pytest
import torch

from biogan.augment import CHANGES, Augment, cut, mirrored, parse
from biogan.errors import ConfigError


def drawn(names, images, seed=0):
    """Augment with a seed, and leave the global generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Augment(names)(images)


def numbered(n, channels=1, height=4, width=4):
    """Return n times the same image of which no two pixels are alike."""
    image = torch.arange(float(channels * height * width)).view(1, channels, height, width)
    return image.expand(n, -1, -1, -1)


def counts(images, references):
    """Count how many of the images equal each reference; all must equal exactly one."""
    found = [int((images == r).flatten(1).all(1).sum()) for r in references]
    assert sum(found) == len(images)
    return found


def test_names_are_read_in_any_order_and_groups_opened():
    assert parse("none") == ()
    assert parse("contrast, flip,flip") == ("flip", "contrast")
    assert parse("cells,cutout") == CHANGES
    assert parse("cells") == ("flip", "rotate", "shift", "brightness", "contrast")


@pytest.mark.parametrize(
    ("names", "found"),
    [("flop,flip", "'flop'"), ("", "''"), ("none,flip", "none beside other names")],
)
def test_unknown_names_are_refused_with_the_list(names, found):
    with pytest.raises(ConfigError) as caught:
        Augment(names)
    assert str(caught.value) == (
        f"--augment {names}: {found}; give flip, rotate, shift, cutout, brightness, contrast, "
        "cells, joined by commas, or none alone"
    )


def test_none_changes_nothing_and_draws_nothing():
    images = torch.rand(3, 1, 8, 8)
    state = torch.get_rng_state()
    assert Augment("none")(images) is images
    assert torch.equal(torch.get_rng_state(), state)
    assert not Augment("none") and Augment("flip")


def test_flips_are_exact_and_each_combination_is_as_frequent():
    image = numbered(1)[0]
    references = [image, image.flip(1), image.flip(2), image.flip(1, 2)]
    found = counts(drawn("flip", numbered(4000)), references)
    # Binomial of 4,000 and 1/4: mean 1,000, standard deviation 27.4; five of them.
    assert all(abs(f - 1000) < 137 for f in found)


def test_quarter_turns_are_those_of_torch_and_uniform():
    image = numbered(1)[0]
    references = [torch.rot90(image, k, (1, 2)) for k in range(4)]
    found = counts(drawn("rotate", numbered(4000)), references)
    assert all(abs(f - 1000) < 137 for f in found)


def test_flips_and_turns_together_give_the_eight_symmetries_of_a_square():
    image = numbered(1)[0]
    turns = [torch.rot90(image, k, (1, 2)) for k in range(4)]
    found = counts(drawn("flip,rotate", numbered(4000)), turns + [t.flip(2) for t in turns])
    # Mean 500, standard deviation 20.9.
    assert all(abs(f - 500) < 105 for f in found)


def test_an_oblong_image_is_only_turned_by_half():
    image = numbered(1, height=2, width=4)[0]
    found = counts(drawn("rotate", numbered(400, height=2, width=4)), [image, image.flip(1, 2)])
    assert min(found) > 150


def test_shifts_reach_an_eighth_either_way_and_mirror_at_the_edge():
    image = numbered(1, height=8, width=8)[0]

    def moved(down, right):
        rows = [abs(i + down) if i + down < 8 else 14 - i - down for i in range(8)]
        columns = [abs(i + right) if i + right < 8 else 14 - i - right for i in range(8)]
        return image[:, rows][:, :, columns]

    references = [moved(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    found = counts(drawn("shift", numbered(3600, height=8, width=8)), references)
    # Mean 400, standard deviation 18.9.
    assert all(abs(f - 400) < 95 for f in found)


def test_the_edge_is_not_repeated():
    assert mirrored(torch.arange(-2, 7), 5).tolist() == [2, 1, 0, 1, 2, 3, 4, 3, 2]


@pytest.mark.parametrize("names", ["cells", "cells,cutout"])
def test_all_frames_of_an_image_share_one_draw_and_images_do_not(names):
    frame = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    changed = drawn(names, frame.expand(20, 3, -1, -1))
    assert torch.allclose(changed[:, :1].expand(-1, 3, -1, -1), changed, atol=1e-6)
    assert len(torch.unique(changed[:, 0].flatten(1), dim=0)) == 20


def test_the_hole_is_half_as_wide_and_holds_the_mean_of_its_channel():
    images = torch.stack([torch.arange(64.0), torch.arange(64.0) * 2]).view(1, 2, 8, 8)
    expected = images.clone()
    expected[0, 0, 2:6, 2:6], expected[0, 1, 2:6, 2:6] = 31.5, 63.0
    assert torch.equal(cut(images, torch.tensor([[0.5, 0.5]])), expected)
    corner = cut(images, torch.tensor([[0.0, 0.99]]))
    assert torch.equal(
        (corner != images)[0, 0].nonzero(),
        torch.tensor([[0, 5], [0, 6], [0, 7], [1, 5], [1, 6], [1, 7]]),
    )


def test_brightness_moves_all_pixels_alike_within_half_the_unit():
    images = torch.rand(2000, 2, 4, 4)
    moved = (drawn("brightness", images) - images).flatten(1)
    assert moved.std(1).max() < 1e-6
    # U(-1/2, 1/2): mean 0, standard deviation 1 / sqrt(12) = 0.2887.
    assert moved[:, 0].mean().item() == pytest.approx(0, abs=0.03)
    assert moved[:, 0].std().item() == pytest.approx(0.2887, abs=0.02)
    assert moved.abs().max() <= 0.5


def test_contrast_keeps_the_mean_and_scales_the_spread():
    images = torch.rand(2000, 2, 4, 4)
    changed = drawn("contrast", images)
    assert torch.allclose(changed.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-5)
    factor = changed.flatten(1).std(1) / images.flatten(1).std(1)
    assert factor.mean().item() == pytest.approx(1, abs=0.03)
    assert 0.5 <= factor.min() < 0.51 and 1.49 < factor.max() <= 1.5001


def test_a_seed_gives_the_same_changes_and_another_seed_others():
    images = torch.rand(8, 1, 16, 16)
    assert torch.equal(drawn("cells,cutout", images, 5), drawn("cells,cutout", images, 5))
    assert not torch.equal(drawn("cells,cutout", images, 5), drawn("cells,cutout", images, 6))


def test_gradients_are_those_of_finite_differences_to_second_order():
    images = torch.rand(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    for names in ("cells", "cutout"):
        assert torch.autograd.gradcheck(lambda x, names=names: drawn(names, x), images)
        assert torch.autograd.gradgradcheck(lambda x, names=names: drawn(names, x), images)


def test_a_gradient_penalty_passes_through_by_hand():
    """D(x) = |A x|^2 / 2 with a permutation A has the gradient x, and so has |x|^2 / 2."""
    images = torch.rand(5, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    judged = drawn("flip,rotate", images).square().sum() / 2
    (slope,) = torch.autograd.grad(judged, images, create_graph=True)
    assert torch.allclose(slope, images)
    (second,) = torch.autograd.grad(slope.square().sum() / 2, images)
    assert torch.allclose(second, images)
