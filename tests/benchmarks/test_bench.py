from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.timing import CommandFailedError
from benchmarks.works import WORKS, Work

from benchmarks import bench


def a_bench(tmp_path: Path, repeats: int = 3) -> bench.Bench:
    asked = Namespace(scale=1.0, repeats=repeats, results=tmp_path, data=None)
    return bench.Bench(asked, tmp_path / "home")


def said(wall_s: float) -> dict[str, Any]:
    memory = {"together_bytes": int(wall_s), "largest_bytes": 1}
    return {"wall_s": wall_s, "accuracy": 0.5, **memory}


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Who was run at what, in order; each takes a second longer than the one before."""
    calls: list[tuple[str, str]] = []

    def ceteris(self: bench.Bench, work: Work) -> dict[str, Any]:
        return peer(self, "ceteris", work)

    def peer(self: bench.Bench, who: str, work: Work) -> dict[str, Any]:
        calls.append((who, work.name))
        return said(float(len(calls)))

    monkeypatch.setattr(bench.Bench, "_ceteris", ceteris)
    monkeypatch.setattr(bench.Bench, "_peer", peer)
    return calls


def test_contestants_alternate_and_the_first_is_another_each_time(
    tmp_path: Path, order: list[tuple[str, str]]
) -> None:
    a_bench(tmp_path)._measure([WORKS["B"]], ["torch", "numpy", "jax"])
    assert [who for who, _ in order] == [
        *("ceteris", "torch", "numpy"),  # jax does not do this work
        *("torch", "numpy", "ceteris"),
        *("numpy", "ceteris", "torch"),
    ]


def test_peers_run_once_for_works_that_share_them(
    tmp_path: Path, order: list[tuple[str, str]]
) -> None:
    one = a_bench(tmp_path, repeats=1)
    one._measure([WORKS["C"], WORKS["C32"]], ["torch"])
    assert order == [("ceteris", "C"), ("ceteris", "C32"), ("torch", "C")]
    works = one.results["works"]
    assert works["C"]["torch"] == works["C32"]["torch"]
    assert works["C"]["ceteris"]["wall_s"] == [1.0]
    assert works["C32"]["ceteris"]["wall_s"] == [2.0]


def test_a_contestant_that_failed_once_is_left_out_and_told(
    tmp_path: Path, order: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: bench.Bench, who: str, work: Work) -> dict[str, Any]:
        if len(order) == 2:
            raise CommandFailedError("out of memory")
        order.append((who, work.name))
        return said(1.0)

    monkeypatch.setattr(bench.Bench, "_peer", fails)
    one = a_bench(tmp_path, repeats=2)
    one._measure([WORKS["D"]], ["torch"])
    assert set(one.results["works"]["D"]) == {"ceteris"}
    assert one.failed == ["D, torch: out of memory"]


def test_what_was_measured_earlier_today_stays(
    tmp_path: Path, order: list[tuple[str, str]]
) -> None:
    a_bench(tmp_path)._measure([WORKS["D"]], ["torch"])
    a_bench(tmp_path)._measure([WORKS["B"]], ["torch"])
    assert list(a_bench(tmp_path).results["works"]) == ["B", "D"]


def test_memory_is_the_largest_and_times_are_all() -> None:
    kept: dict[str, Any] = {}
    for wall_s in (2.0, 3.0, 1.0):
        bench._keep(kept, said(wall_s))
    assert kept["wall_s"] == [2.0, 3.0, 1.0]
    assert kept["together_bytes"] == 3


def test_a_small_work_is_asked_of_ceteris_as_it_is_of_the_peers(tmp_path: Path) -> None:
    one = a_bench(tmp_path)
    full = one._study(WORKS["D"], "--json")
    assert "--set" not in full
    small = one._study(bench.scaled(WORKS["D"], 0.1))
    assert small[small.index("--seeds") + 1] == "1"
    assert small[small.index("--set") + 1] == "data.images=24000"


def test_every_peer_that_is_judged_has_a_script() -> None:
    assert {peer for work in WORKS.values() for peer in work.bars} == set(bench.PEERS)
    for script, _, _ in bench.PEERS.values():
        assert (bench.HERE / "peers" / f"{script}.py").exists()
