import numpy as np

from ceteris.predict.polarity import border_levels, borders_of

RNG = np.random.default_rng(0)


def drawn(number: int, *, paper: int, ink: int) -> np.ndarray:
    """Images of ink in the middle of paper, both a little uneven."""
    images = np.full((number, 8, 8, 1), paper, np.int64)
    images[:, 2:6, 2:6] = ink
    return (images + RNG.integers(-5, 6, images.shape)).clip(0, 255).astype(np.uint8)


def test_the_other_kind_is_suspected_and_the_same_is_not() -> None:
    borders = borders_of(drawn(100, paper=10, ink=230), 255)
    same = border_levels(drawn(20, paper=20, ink=240), 255)
    other = border_levels(drawn(20, paper=245, ink=30), 255)
    assert not any(borders.suspects(level) for level in same)
    assert all(borders.suspects(level) for level in other)


def test_dark_on_light_training_images_suspect_the_reverse() -> None:
    borders = borders_of(drawn(100, paper=245, ink=30), 255)
    assert borders.suspects(0.05)
    assert not borders.suspects(0.95)


def test_photographs_suspect_nothing() -> None:
    photographs = RNG.integers(0, 256, (200, 1, 1, 3)).astype(np.uint8)
    borders = borders_of(np.broadcast_to(photographs, (200, 8, 8, 3)), 255)
    assert not any(borders.suspects(level) for level in np.linspace(0, 1, 21))


def test_a_grey_border_is_no_more_ordinary_inverted() -> None:
    borders = borders_of(drawn(100, paper=0, ink=255), 255)
    assert not borders.suspects(0.5)


def test_only_the_outermost_pixels_count() -> None:
    images = np.zeros((1, 4, 5, 3), np.uint8)
    images[:, 1:-1, 1:-1] = 255
    assert border_levels(images, 255).tolist() == [0.0]
    assert border_levels(255 - images, 255).tolist() == [1.0]
