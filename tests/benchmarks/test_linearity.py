import pytest
from benchmarks.linearity import Line, fit


def test_a_straight_line_is_found() -> None:
    line = Line.through("runs", [2, 4, 8, 64], [3.0 + 0.5 * n for n in (2, 4, 8, 64)])
    assert (line.intercept_s, line.slope_s) == pytest.approx((3.0, 0.5))
    assert line.worst == pytest.approx(0.0, abs=1e-9)


def test_quadratic_growth_is_seen() -> None:
    line = Line.through("runs", [2, 4, 8, 64], [1.0 + 0.01 * n**2 for n in (2, 4, 8, 64)])
    assert line.worst > 0.2


def test_fewer_runs_than_cores_are_no_part_of_the_line() -> None:
    points = [("runs", n, 2.0 + max(n, 2)) for n in (1, 2, 4, 8)]
    points += [("images", n, 1.0 + n) for n in (1, 2)]
    runs, images = fit(points, cores=2)
    assert runs.counts == (2, 4, 8)
    assert runs.worst == pytest.approx(0.0, abs=1e-9)
    assert images.counts == (1, 2)
