from dataclasses import replace

import numpy as np
import pytest
import torch

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import BUMPS, join, split
from biogan.nn.config import ImageNetConfig
from biogan.nn.image_nets import (
    DCGANCritic2D,
    DCGANGenerator2D,
    ImageNoise,
    RecordShape,
    halvings,
    widths,
)


def config(**options):
    return ImageNetConfig(**{"width": 4, "latent": 6, "dropout": 0.0} | options)


def shapes(network, kind):
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, kind)]


def test_at_full_width_it_is_the_network_of_the_tutorials():
    options = ImageNetConfig(width=64, dropout=0.3)
    generator = DCGANGenerator2D(options, RecordShape(1, 28, 28))
    critic = DCGANCritic2D(options, RecordShape(1, 28, 28))
    assert generator.unfold.weight.shape == (7 * 7 * 256, 100) and generator.unfold.bias is None
    # (inputs, outputs, kernel, kernel)
    grown = shapes(generator, torch.nn.ConvTranspose2d)
    assert grown == [(256, 128, 5, 5), (128, 64, 5, 5), (64, 1, 5, 5)]
    strides = [m.stride for m in generator.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    assert strides == [(1, 1), (2, 2), (2, 2)]
    assert shapes(critic, torch.nn.Conv2d) == [(64, 1, 5, 5), (128, 64, 5, 5)]
    assert critic.judge.weight.shape == (1, 6272) and critic.drop.p == 0.3


@pytest.mark.parametrize("size", [16, 28, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_fits_both_networks(size, channels):
    shape = RecordShape(channels, size, size)
    generator, critic = DCGANGenerator2D(config(), shape), DCGANCritic2D(config(), shape)
    images = generator(generator.noise(3, torch.Generator().manual_seed(0)))
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1
    assert critic(images).shape == (3,)


def test_sides_are_halved_to_four_to_eight():
    assert [halvings(s) for s in (16, 28, 64)] == [(2, 4), (2, 7), (3, 8)]
    assert widths(256, 3) == [256, 512, 512]


def classes(*counts):
    """Labels of one class, with so many records of each."""
    texts = [name for name, count in zip("abc", counts, strict=False) for _ in range(count)]
    found = Conditions.of({"class": texts}, ("class",), np.ones(len(texts)))
    return replace(found, whole=True)


def test_labels_and_pixels_are_one_record():
    shape = RecordShape(2, 16, 16, classes(40, 20, 20))
    generator, critic = DCGANGenerator2D(config(), shape), DCGANCritic2D(config(), shape)
    noise = generator.noise(4, torch.Generator().manual_seed(1))
    records = generator(noise)
    # Nothing is ever unknown, so no number says so.
    assert records.shape == (4, 2 * 16 * 16 + 3)
    images, labels = split(records, shape[:3], shape.labels)
    assert images.shape == (4, 2, 16, 16)
    assert labels.argmax(1).tolist() == noise.labels[:, 0].tolist()
    assert torch.equal(join(images, labels), records)
    assert critic(records).shape == (4,)


def test_numbers_and_missing_labels_are_read_by_images_too():
    columns = {"size": [str(i) for i in range(99)] + [""]}
    some = Conditions.of(columns, ("size",), np.ones(100))
    assert RecordShape(1, 16, 16, some).labels == BUMPS + 1
    assert RecordShape(1, 16, 16, replace(some, whole=True)).labels == BUMPS
    labels = (
        DCGANGenerator2D(config(), RecordShape(1, 16, 16, some))
        .noise(200, torch.Generator().manual_seed(1))
        .labels
    )
    assert labels.dtype == torch.uint8 and 0 < (labels == 255).all(1).float().mean() < 0.3


def test_a_class_is_judged_by_its_product_with_the_features():
    shape = RecordShape(1, 16, 16, classes(20, 20))
    critic = DCGANCritic2D(config(), shape)
    image = torch.rand(1, 1, 16, 16)
    one, other = (critic(join(image, torch.tensor([hot]))) for hot in ([1.0, 0.0], [0.0, 1.0]))
    found = critic.features(image)
    difference = (critic.match.weight[:, 0] - critic.match.weight[:, 1]) @ found[0]
    assert (one - other).item() == pytest.approx(difference.item() / found.shape[1] ** 0.5, 1e-3)


def test_classes_are_drawn_as_often_as_in_the_data():
    generator = DCGANGenerator2D(config(), RecordShape(1, 16, 16, classes(70, 30)))
    labels = generator.noise(4000, torch.Generator().manual_seed(2)).labels[:, 0]
    assert (labels == 0).float().mean().item() == pytest.approx(0.7, abs=0.03)
    assert labels.max() == 1


def test_noise_is_cut_by_rows():
    noise = ImageNoise(torch.arange(6.0).view(3, 2), torch.eye(3))
    part = noise.rows(slice(1, None, 2))
    assert part.latent.tolist() == [[2.0, 3.0]] and part.labels.tolist() == [[0.0, 1.0, 0.0]]
