"""Batches as the network is given them: each scale by its formula, augmentation on light."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ceteris.data import Normalisation, Scale
from ceteris.data.dataset import Content
from ceteris.data.parsed import write_parsed
from ceteris.engine.augment import augmentation
from ceteris.engine.material import Material, Scaling, open_material
from ceteris.seeds import Streams
from ceteris.study.spec import AugmentSpec

SHAPE = (6, 5, 3)
TRAIN = np.arange(0, 30, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = np.random.default_rng(0).integers(40, 200, (30, *SHAPE), dtype=np.uint8)
    labels = np.arange(30) % 2
    content = Content.of_arrays(
        "toy", [images], labels, classes=("a", "b"), num_train=30, pixel_max=255
    )
    path = tmp_path_factory.mktemp("data") / "toy"
    write_parsed(content, path)
    return path


def of_scale(folder: Path, scale: Scale) -> tuple[Material, np.ndarray]:
    """A material, and all its pixels as float64 (N, C, H, W)."""
    material = open_material(folder, scale, TRAIN)
    return material, material.images.permute(0, 3, 1, 2).double().numpy()


def test_unit_is_one_product_to_the_bit(folder: Path) -> None:
    material, _ = of_scale(folder, "unit")
    rows = torch.tensor([3, 1, 3])
    pixels = material.images[rows].float() * (1.0 / 255)
    assert torch.equal(material.batch(rows)[0], pixels.permute(0, 3, 1, 2))


def test_none_is_the_pixels(folder: Path) -> None:
    material, pixels = of_scale(folder, "none")
    assert np.array_equal(material.batch(torch.arange(30))[0].numpy(), pixels)


def test_standard_gives_the_training_part_mean_0_and_deviation_1(folder: Path) -> None:
    material, pixels = of_scale(folder, "standard")
    images, labels = material.batch(torch.from_numpy(TRAIN))
    np.testing.assert_allclose(images.double().mean((0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(images.double().std((0, 2, 3), correction=0), 1, atol=1e-6)
    assert labels.tolist() == (TRAIN % 2).tolist()
    found = material.normalisation
    offset, divisor = found.offset[:, None, None], found.divisor[:, None, None]
    every = material.batch(torch.arange(30))[0]
    np.testing.assert_allclose(every, (pixels - offset) / divisor, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", ["unit", "none", "standard"])
@pytest.mark.parametrize("augment", [None, AugmentSpec(flip=True), AugmentSpec(rotation=10)])
def test_batches_lie_in_memory_as_kernels_read_them(
    folder: Path, scale: Scale, augment: AugmentSpec | None
) -> None:
    material, before = of_scale(folder, scale)
    change = augmentation(augment, Streams(0, 0))
    images, _ = material.batch(torch.arange(4), lambda images: change(images, 0))
    assert images.permute(0, 2, 3, 1).is_contiguous()
    assert images.dtype == torch.float32
    assert np.array_equal(material.images.permute(0, 3, 1, 2).numpy(), before), "left as it is"


@pytest.mark.parametrize("scale", ["unit", "none", "standard"])
def test_what_augmentation_brings_in_is_black(folder: Path, scale: Scale) -> None:
    material, _ = of_scale(folder, scale)
    black = material.scaling.of(torch.zeros(1, *SHAPE, dtype=torch.uint8))[0]
    change = augmentation(AugmentSpec(shift=0.6, fill="zero"), Streams(0, 0))
    images, _ = material.batch(torch.arange(30), lambda images: change(images, 0))
    corners = images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].permute(0, 2, 1)
    is_black = (corners == black[:, 0, 0]).all(2)
    assert is_black.any(1).float().mean() > 0.5, "most pictures are moved off a corner"
    erase = augmentation(AugmentSpec(erase=1), Streams(0, 0))
    images, _ = material.batch(torch.arange(30), lambda images: erase(images, 0))
    assert (images == black).all(1).any(2).any(1).all(), "no pixel of the set itself is black"


def test_brightness_multiplies_light_before_the_mean_is_taken_off(folder: Path) -> None:
    material, pixels = of_scale(folder, "standard")
    images, _ = material.batch(torch.arange(30), lambda images: images * 1.5)
    found = material.normalisation
    offset, divisor = found.offset[:, None, None], found.divisor[:, None, None]
    np.testing.assert_allclose(images, (pixels * 1.5 - offset) / divisor, rtol=1e-5, atol=1e-5)


def test_divisors_that_differ_are_each_applied() -> None:
    by_channel = Normalisation.of_arrays(np.zeros(2), np.array([2.0, 4.0]))
    found = Scaling(by_channel, (1, 1, 2)).of(torch.tensor([[[[8, 8]]]], dtype=torch.uint8))
    assert found.flatten().tolist() == [4.0, 2.0]
