"""Averages over views: which views, of what, and that nothing else is touched."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ceteris.engine.views import averaged, views_of
from ceteris.study.spec import ViewsSpec


def batch(*shape: int) -> torch.Tensor:
    """Images of that shape (B, C, H, W) in channels-last memory."""
    num_images, channels, height, width = shape
    pixels = np.random.default_rng(0).random((num_images, height, width, channels))
    return torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)


def recording(outputs: int = 3) -> tuple[list[torch.Tensor], Callable[..., torch.Tensor]]:
    """A network of one product, and what it was given."""
    seen: list[torch.Tensor] = []
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=(2 * 5 * 4, outputs)))

    def evaluate(images: torch.Tensor) -> torch.Tensor:
        seen.append(images)
        return images.flatten(1) @ weights.float()

    return seen, evaluate


def test_without_views_the_image_is_evaluated_once_and_nothing_else_done() -> None:
    seen, evaluate = recording()
    images = batch(2, 2, 5, 4)
    found = averaged(evaluate, images, None, "cross_entropy")
    assert len(seen) == 1
    assert seen[0] is images
    assert torch.equal(found, evaluate(images))


@pytest.mark.parametrize(
    "views", [ViewsSpec(flip=True), ViewsSpec(shift_pixels=1), ViewsSpec(flip=True, shift_pixels=2)]
)
def test_the_views_are_the_image_moved_and_mirrored(views: ViewsSpec) -> None:
    images = batch(2, 2, 5, 4)
    n = views.shift_pixels
    around = np.pad(images.numpy(), ((0, 0), (0, 0), (n, n), (n, n)), mode="edge")
    moves = [(0, 0), (n, 0), (-n, 0), (0, n), (0, -n)] if n else [(0, 0)]
    expected = []
    for down, right in moves:
        window = around[:, :, n - down : n - down + 5, n - right : n - right + 4]
        expected += [window, window[:, :, :, ::-1]] if views.flip else [window]
    found = list(views_of(images, views))
    assert len(found) == len(expected) == views.count
    wanted = {array.tobytes() for array in expected}
    assert len(wanted) == views.count
    assert {view.contiguous().numpy().tobytes() for view in found} == wanted
    assert torch.equal(found[0], images)
    assert all(view.permute(0, 2, 3, 1).is_contiguous() for view in found)


def test_probabilities_are_averaged_for_cross_entropy_and_outputs_for_mse() -> None:
    _, evaluate = recording()
    images, views = batch(3, 2, 5, 4), ViewsSpec(flip=True)
    one, two = evaluate(images), evaluate(images.flip(3))
    outputs = averaged(evaluate, images, views, "cross_entropy")
    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs.softmax(1), (one.softmax(1) + two.softmax(1)) / 2)
    torch.testing.assert_close(outputs.exp().sum(1), torch.ones(3))
    torch.testing.assert_close(averaged(evaluate, images, views, "mse"), (one + two) / 2)
    assert not torch.allclose(outputs.softmax(1), ((one + two) / 2).softmax(1), atol=1e-3)


def test_a_probability_of_zero_in_one_view_does_not_end_the_other() -> None:
    outputs = iter([torch.tensor([[0.0, -1000.0]]), torch.tensor([[-1000.0, 0.0]])])
    found = averaged(lambda _: next(outputs), batch(1, 2, 5, 4), ViewsSpec(flip=True), "")
    torch.testing.assert_close(found.exp(), torch.tensor([[0.5, 0.5]]))


def test_a_shift_larger_than_the_image_shows_its_edge() -> None:
    images = batch(1, 1, 2, 3)
    down = list(views_of(images, ViewsSpec(shift_pixels=9)))[1]
    assert torch.equal(down, images[:, :, :1].expand(-1, -1, 2, -1))
