from collections.abc import Callable

import numpy as np
import pytest

from ceteris.data.idx import idx_size, parse_idx
from ceteris.errors import CeterisError

ARRAY = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)


def test_round_trip(as_idx: Callable[[np.ndarray], bytes]) -> None:
    content = as_idx(ARRAY)
    assert len(content) == idx_size(ARRAY.shape)
    assert np.array_equal(parse_idx(content, shape=ARRAY.shape, where="f"), ARRAY)


@pytest.mark.parametrize(
    ("damage", "what", "received", "expected"),
    [
        (lambda c: b"\x00\x00\x0d" + c[3:], "f is not an IDX file", "00 00 0d 03", "00 00 08 03"),
        (lambda c: c[:3] + b"\x01" + c[4:], "of 3 dimensions", "00 00 08 01", "00 00 08 03"),
        (lambda c: b"", "is not an IDX file", "nothing", "00 00 08 03"),
        (lambda c: c[:10], "f ends within its header", "10 bytes", "40 bytes"),
        (lambda c: c[:7] + b"\x05" + c[8:], "f has other counts", "5 x 3 x 2", "4 x 3 x 2"),
        (lambda c: c[:4] + b"\xff" * 12 + c[16:], "other counts", "4294967295", "4 x 3 x 2"),
        (lambda c: c[:-1], "does not hold as many bytes", "39 bytes", "40 bytes"),
        (lambda c: c + b"x", "does not hold as many bytes", "41 bytes", "40 bytes"),
    ],
)
def test_damage_is_named(
    as_idx: Callable[[np.ndarray], bytes],
    four_parts: Callable[..., None],
    damage: Callable[[bytes], bytes],
    what: str,
    received: str,
    expected: str,
) -> None:
    with pytest.raises(CeterisError) as caught:
        parse_idx(damage(as_idx(ARRAY)), shape=ARRAY.shape, where="f")
    four_parts(caught.value, what=what, received=received, expected=expected, fix="get f again")
