"""Augmentation: exact moves, one draw an image, gradients of first and second order."""

import pytest
import torch

from biogan.core.errors import ConfigError
from biogan.images.augment import CHANGES, Augment, cut, mirrored, parse


def drawn(names, images, seed=0):
    """Augment with a seed, and leave the global generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Augment(names)(images)


def numbered(n, channels=1, height=4, width=4):
    """Return n times the same image of which no two pixels are alike."""
    image = torch.arange(float(channels * height * width)).view(1, channels, height, width)
    return image.expand(n, -1, -1, -1)


def check_shares(images, references, shares):
    """Every image equals one reference, each as often as it should, within five deviations."""
    n = len(images)
    found = [int((images == r).flatten(1).all(1).sum()) for r in references]
    assert sum(found) == n and sum(shares) == pytest.approx(1)
    for count, p in zip(found, shares, strict=True):
        assert count == pytest.approx(n * p, abs=5 * (n * p * (1 - p)) ** 0.5)


def test_names_are_read_in_any_order_and_groups_opened():
    assert parse("none") == ()
    assert parse("contrast, flip,flip") == ("flip", "contrast")
    assert parse("cells,cutout,contrast,brightness") == CHANGES
    assert parse("cells") == ("flip", "rotate", "shift")


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


def test_flips_are_exact_and_each_axis_is_flipped_in_two_images_of_five():
    image = numbered(1)[0]
    references = [image, image.flip(1), image.flip(2), image.flip(1, 2)]
    check_shares(drawn("flip", numbered(4000)), references, [0.36, 0.24, 0.24, 0.16])


def test_quarter_turns_are_those_of_torch_and_one_image_in_five_is_left():
    """Left alone, or a turn by nothing: 1/5 + 4/5 * 1/4."""
    image = numbered(1)[0]
    references = [torch.rot90(image, k, (1, 2)) for k in range(4)]
    check_shares(drawn("rotate", numbered(4000)), references, [0.4, 0.2, 0.2, 0.2])


def test_flips_and_turns_together_give_the_eight_symmetries_of_a_square():
    """Products of the shares above, those that give the same image added up.

    Upright: 0.36 * 0.4 + 0.16 * 0.2 = 0.176, as both flips are half a turn.
    """
    image = numbered(1)[0]
    turns = [torch.rot90(image, k, (1, 2)) for k in range(4)]
    references = turns + [t.flip(2) for t in turns]
    shares = [0.176, 0.104, 0.136, 0.104, 0.144, 0.096, 0.144, 0.096]
    check_shares(drawn("flip,rotate", numbered(4000)), references, shares)


def test_an_oblong_image_is_only_turned_by_half():
    image = numbered(1, height=2, width=4)[0]
    turned = drawn("rotate", numbered(1000, height=2, width=4))
    check_shares(turned, [image, image.flip(1, 2)], [0.6, 0.4])


def test_shifts_reach_an_eighth_either_way_and_mirror_at_the_edge():
    image = numbered(1, height=8, width=8)[0]

    def moved(down, right):
        rows = [abs(i + down) if i + down < 8 else 14 - i - down for i in range(8)]
        columns = [abs(i + right) if i + right < 8 else 14 - i - right for i in range(8)]
        return image[:, rows][:, :, columns]

    steps = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    shares = [0.8 / 9 + 0.2 * (step == (0, 0)) for step in steps]
    references = [moved(*step) for step in steps]
    check_shares(drawn("shift", numbered(3600, height=8, width=8)), references, shares)


def test_the_edge_is_not_repeated():
    assert mirrored(torch.arange(-2, 7), 5).tolist() == [2, 1, 0, 1, 2, 3, 4, 3, 2]


@pytest.mark.parametrize("names", ["cells", "cells,brightness,contrast,cutout"])
def test_all_frames_of_an_image_share_one_draw_and_images_do_not(names):
    frame = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    changed = drawn(names, frame.expand(20, 3, -1, -1))
    assert torch.allclose(changed[:, :1].expand(-1, 3, -1, -1), changed, atol=1e-6)
    # All but those few that nothing was done to.
    assert len(torch.unique(changed[:, 0].flatten(1), dim=0)) >= 18


def test_the_hole_is_half_as_wide_and_holds_the_mean_of_its_channel():
    images = torch.stack([torch.arange(64.0), torch.arange(64.0) * 2]).view(1, 2, 8, 8)
    expected = images.clone()
    expected[0, 0, 2:6, 2:6], expected[0, 1, 2:6, 2:6] = 31.5, 63.0
    yes = torch.ones(1, 1, 1, dtype=torch.bool)
    assert torch.equal(cut(images, torch.tensor([[0.5, 0.5]]), yes), expected)
    assert torch.equal(cut(images, torch.tensor([[0.5, 0.5]]), ~yes), images)
    corner = cut(images, torch.tensor([[0.0, 0.99]]), yes)
    assert torch.equal(
        (corner != images)[0, 0].nonzero(),
        torch.tensor([[0, 5], [0, 6], [0, 7], [1, 5], [1, 6], [1, 7]]),
    )


def test_brightness_moves_all_pixels_alike_within_half_the_unit():
    images = torch.rand(2000, 2, 4, 4)
    moved = (drawn("brightness", images) - images).flatten(1)
    assert moved.std(1).max() < 1e-6
    # U(-1/2, 1/2) in four of five: mean 0, standard deviation sqrt(0.8 / 12) = 0.2582.
    assert moved[:, 0].mean().item() == pytest.approx(0, abs=0.03)
    assert moved[:, 0].std().item() == pytest.approx(0.2582, abs=0.02)
    assert (moved[:, 0] == 0).float().mean().item() == pytest.approx(0.2, abs=0.05)
    assert moved.abs().max() <= 0.5


def test_contrast_keeps_the_mean_and_scales_the_spread():
    images = torch.rand(2000, 2, 4, 4)
    changed = drawn("contrast", images)
    assert torch.allclose(changed.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-5)
    factor = changed.flatten(1).std(1) / images.flatten(1).std(1)
    assert factor.mean().item() == pytest.approx(1, abs=0.03)
    assert 0.4999 <= factor.min() < 0.51 and 1.49 < factor.max() <= 1.5001
    assert ((factor - 1).abs() < 1e-5).float().mean().item() == pytest.approx(0.2, abs=0.05)


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
