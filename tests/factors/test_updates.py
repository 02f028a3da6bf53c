"""What every update promises the engine, whatever its formula: tested over the register."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ceteris.factors import OPTIMIZERS, initial_states, optimizer_options

SIZE = 100


def _cases() -> Iterator[Any]:
    for name, optimizer in OPTIMIZERS.items():
        choices = [option for option in optimizer.options if option.choices]
        for chosen in itertools.product(*(option.choices for option in choices)):
            given = {option.name: word for option, word in zip(choices, chosen, strict=True)}
            options = optimizer_options(name, "book", given)
            yield pytest.param(name, options, id="-".join([name, *chosen]))


every_update = pytest.mark.parametrize(("name", "options"), list(_cases()))
both_types = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def _vector(seed: int, dtype: torch.dtype = torch.float32, size: int = SIZE) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=torch.float64).to(dtype)


def _run(
    name: str,
    options: Mapping[str, Any],
    p: Tensor,
    *,
    steps: int = 5,
    scratch: Tensor | None = None,
    states: dict[str, Tensor] | None = None,
    sign: float = 1.0,
) -> dict[str, Tensor]:
    """Take steps in place with gradients 1, 2, ...; the states are returned."""
    states = initial_states(OPTIMIZERS[name], p, options) if states is None else states
    scratch = torch.empty_like(p) if scratch is None else scratch
    for step in range(1, steps + 1):
        g = sign * _vector(step, p.dtype, p.numel())
        OPTIMIZERS[name].update(p, g, states, step, 0.01, options, scratch)
    return states


class _Storages(TorchDispatchMode):
    """Collects the storages that operations write their results to."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, Tensor) and tensor.numel() > 1:
                self.seen.add(tensor.untyped_storage().data_ptr())
        return result


@every_update
@both_types
def test_states_are_vectors_like_the_parameters(
    name: str, options: Mapping[str, Any], dtype: torch.dtype
) -> None:
    p = _vector(0, dtype)
    states = initial_states(OPTIMIZERS[name], p, options)
    assert tuple(states) == OPTIMIZERS[name].states
    for state in states.values():
        assert state.shape == p.shape
        assert state.dtype == dtype
        assert state.data_ptr() != p.data_ptr()


@every_update
@both_types
def test_it_changes_parameters_and_states_in_place_and_nothing_else(
    name: str, options: Mapping[str, Any], dtype: torch.dtype
) -> None:
    p, g, scratch = _vector(0, dtype), _vector(1, dtype), torch.empty(SIZE, dtype=dtype)
    states = initial_states(OPTIMIZERS[name], p, options)
    vectors = {"p": p, **states}
    before = {key: (value.data_ptr(), value.clone()) for key, value in vectors.items()}
    given_options, gradient = dict(options), g.clone()
    OPTIMIZERS[name].update(p, g, states, 1, 0.01, options, scratch)
    assert set(states) == set(OPTIMIZERS[name].states)
    assert states.items() <= vectors.items()
    for key, (address, value) in before.items():
        assert vectors[key].data_ptr() == address
        assert not torch.equal(vectors[key], value), f"{key} did not change"
        assert vectors[key].dtype == dtype
        assert vectors[key].isfinite().all()
    assert torch.equal(g, gradient)
    assert dict(options) == given_options


@every_update
def test_it_allocates_no_vector(name: str, options: Mapping[str, Any]) -> None:
    p, g, scratch = _vector(0), _vector(1), torch.empty(SIZE)
    states = initial_states(OPTIMIZERS[name], p, options)
    own = {vector.untyped_storage().data_ptr() for vector in (p, g, scratch, *states.values())}
    with _Storages() as written:
        OPTIMIZERS[name].update(p, g, states, 1, 0.01, options, scratch)
    assert written.seen
    assert written.seen <= own


@every_update
def test_the_same_again_gives_the_same_bits(name: str, options: Mapping[str, Any]) -> None:
    first, second = _vector(0), _vector(0)
    _run(name, options, first)
    _run(name, options, second)
    assert torch.equal(first, second)
    assert not torch.equal(first, _vector(0))


@every_update
def test_what_scratch_held_does_not_matter(name: str, options: Mapping[str, Any]) -> None:
    first, second = _vector(0), _vector(0)
    _run(name, options, first, scratch=torch.zeros(SIZE))
    _run(name, options, second, scratch=torch.full((SIZE,), float("nan")))
    assert torch.equal(first, second)


@every_update
@both_types
def test_it_works_on_views_and_leaves_their_neighbours_alone(
    name: str, options: Mapping[str, Any], dtype: torch.dtype
) -> None:
    alone = _vector(0, dtype)
    _run(name, options, alone)

    def inside(vector: Tensor) -> tuple[Tensor, Tensor]:
        whole = torch.full((SIZE + 7,), 5.0, dtype=dtype)
        whole[3 : 3 + SIZE] = vector
        return whole, whole[3 : 3 + SIZE]

    whole, p = inside(_vector(0, dtype))
    pairs = {
        key: inside(state) for key, state in initial_states(OPTIMIZERS[name], p, options).items()
    }
    _run(name, options, p, states={key: pair[1] for key, pair in pairs.items()})
    # Another place in memory may take another path through the vector registers.
    torch.testing.assert_close(p, alone)
    for outer in (whole, *(pair[0] for pair in pairs.values())):
        assert (outer[:3] == 5.0).all()
        assert (outer[3 + SIZE :] == 5.0).all()


@every_update
def test_float32_is_float64_to_its_rounding(name: str, options: Mapping[str, Any]) -> None:
    single, double = _vector(0), _vector(0).double()
    _run(name, options, single)
    _run(name, options, double)
    torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=1e-6)


@every_update
def test_each_parameter_is_by_itself(name: str, options: Mapping[str, Any]) -> None:
    # A NaN, an infinity or a huge gradient in one place must not reach any other.
    clean, dirty = _vector(0), _vector(0)
    _run(name, options, clean, steps=1)
    states = initial_states(OPTIMIZERS[name], dirty, options)
    g = _vector(1)
    g[[3, 50, 99]] = torch.tensor([float("nan"), float("inf"), 1e30])
    OPTIMIZERS[name].update(dirty, g, states, 1, 0.01, options, torch.empty(SIZE))
    kept = torch.ones(SIZE, dtype=torch.bool)
    kept[[3, 50, 99]] = False
    assert torch.equal(clean[kept], dirty[kept])
    assert dirty[3].isnan()


@every_update
def test_opposite_gradients_make_opposite_steps(name: str, options: Mapping[str, Any]) -> None:
    up, down = _vector(0), -_vector(0)
    _run(name, options, up)
    _run(name, options, down, sign=-1.0)
    assert torch.equal(up, -down)


@every_update
def test_the_first_step_goes_downhill(name: str, options: Mapping[str, Any]) -> None:
    before, p = _vector(0), _vector(0)
    _run(name, options, p, steps=1)
    assert ((p - before) * _vector(1) < 0).all()


@every_update
def test_a_parameter_without_gradient_stays(name: str, options: Mapping[str, Any]) -> None:
    p, before = _vector(0), _vector(0)
    states = initial_states(OPTIMIZERS[name], p, options)
    for step in (1, 2, 3):
        OPTIMIZERS[name].update(
            p, torch.zeros(SIZE), states, step, 0.01, options, torch.empty(SIZE)
        )
    assert torch.equal(p, before)


@every_update
def test_it_still_works_after_a_million_steps(name: str, options: Mapping[str, Any]) -> None:
    p = _vector(0)
    states = initial_states(OPTIMIZERS[name], p, options)
    OPTIMIZERS[name].update(p, _vector(1), states, 10**6, 0.01, options, torch.empty(SIZE))
    assert p.isfinite().all()
    assert not torch.equal(p, _vector(0))


@every_update
def test_the_rate_of_the_step_counts_and_not_the_one_in_the_options(
    name: str, options: Mapping[str, Any]
) -> None:
    first, second = _vector(0), _vector(0)
    _run(name, options, first)
    _run(name, {**options, "learning_rate": 123.0}, second)
    assert torch.equal(first, second)


@given(
    gradients=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30),
    rate=st.floats(1e-4, 1.0),
    beta1=st.floats(0.0, 0.95),
)
@settings(deadline=None, max_examples=50)
def test_adams_step_is_bounded_whatever_the_gradients_are(
    gradients: list[float], rate: float, beta1: float
) -> None:
    # Cauchy and Schwarz for sum beta1^i g_i against sqrt(sum beta2^i g_i^2), i = 0 .. t - 1. (The
    # bound of the paper's section 2.1 leaves out the last factor and can be exceeded.)
    options = optimizer_options("adam", "torch", {"beta1": beta1})
    beta2 = 0.999
    p = torch.zeros(1, dtype=torch.float64)
    states = initial_states(OPTIMIZERS["adam"], p, options)
    for step, gradient in enumerate(gradients, 1):
        before = p.clone()
        g = torch.tensor([gradient], dtype=torch.float64)
        OPTIMIZERS["adam"].update(p, g, states, step, rate, options, torch.empty_like(p))
        bound = rate * (1 - beta1) / (1 - beta1**step)
        bound *= ((1 - beta2**step) / (1 - beta2)) ** 0.5
        bound *= sum((beta1**2 / beta2) ** i for i in range(step)) ** 0.5
        assert float((p - before).abs()) <= bound * (1 + 1e-9)


@given(momentum=st.floats(0.0, 0.99), rate=st.floats(1e-4, 1.0))
@settings(deadline=None, max_examples=25)
@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_the_two_velocities_agree_while_the_rate_is_constant(
    name: str, momentum: float, rate: float
) -> None:
    ends = []
    for form in ("with_rate", "without_rate"):
        options = optimizer_options(name, "book", {"momentum": momentum, "velocity_form": form})
        p = _vector(0, torch.float64)
        states = initial_states(OPTIMIZERS[name], p, options)
        for step in range(1, 9):
            g = _vector(step, torch.float64)
            OPTIMIZERS[name].update(p, g, states, step, rate, options, torch.empty_like(p))
        ends.append(p)
    torch.testing.assert_close(ends[0], ends[1])
