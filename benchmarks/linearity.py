"""Does time grow linearly with the number of runs and of images? Measured, fitted, drawn.

    benchmarks/.venv/bin/python -m benchmarks.linearity --ceteris .venv/bin/ceteris

One study of one arm, run with 1 to 64 seeds, and of a few seeds with 1/16 to all images. Writes
``linearity-PROCESSOR.json`` and ``.svg`` into benchmarks/results.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import this_machine, usable_cores
from benchmarks.timing import timed

HERE = Path(__file__).parent
ROOT = HERE.parent
RUNS = (1, 2, 4, 8, 16, 32, 64)
IMAGES = (3750, 7500, 15_000, 30_000, 60_000)


@dataclass(frozen=True)
class Line:
    """Seconds against a number of things, and the straight line through them.

    Args:
        of: what is counted.
        counts: how many; distinct.
        seconds: the least time of some repeats, for each.
        intercept_s: seconds at none: start-up.
        slope_s: seconds for each further one.
        worst: the largest distance of a point from the line, as a share of the line there.
    """

    of: str
    counts: tuple[int, ...]
    seconds: tuple[float, ...]
    intercept_s: float
    slope_s: float
    worst: float

    @classmethod
    def through(cls, of: str, counts: Sequence[int], seconds: Sequence[float]) -> "Line":
        """Fit by least squares of relative errors, so that small studies count as large ones do.

        Example:
            >>> line = Line.through("runs", [2, 4, 8], [4.0, 5.0, 7.0])
            >>> round(line.intercept_s, 6), round(line.slope_s, 6), round(line.worst, 6)
            (3.0, 0.5, 0.0)
        """
        x, y = np.array(counts, float), np.array(seconds, float)
        slope, intercept = np.polyfit(x, y, 1, w=1 / y)
        line = intercept + slope * x
        worst = float(np.max(np.abs(y / line - 1)))
        return cls(of, tuple(counts), tuple(seconds), float(intercept), float(slope), worst)


def measure(
    ceteris: Path, env: Mapping[str, str], repeats: int
) -> Iterator[tuple[str, int, float]]:
    """Time every study; what is counted, how many, and the least seconds of the repeats."""
    cores = usable_cores()
    plans = [("runs", count, ["--seeds", str(count)]) for count in RUNS]
    for count in IMAGES:
        words = ["--seeds", str(cores), "--set", f"data.images={count}"]
        plans.append(("images", count, words))
    with tempfile.TemporaryDirectory(prefix="ceteris-linearity-") as folder:
        home = ["--home", str(Path(folder) / "home")]
        for of, count, words in plans:
            toml = HERE / "studies" / f"linear-{of}.toml"
            command = [str(ceteris), "run", str(toml), *words, *home]
            times = [
                timed([*command, "--fresh"], env=env, folder=ROOT).wall_s for _ in range(repeats)
            ]
            print(f"{count:6} {of}: {min(times):.2f} s", flush=True)
            yield of, count, min(times)


def fit(points: Sequence[tuple[str, int, float]], cores: int) -> list[Line]:
    """A line each. Fewer runs than cores take as long as one: they are no part of it."""
    lines = []
    for of in ("runs", "images"):
        fewest = cores if of == "runs" else 1
        mine = [(count, s) for kind, count, s in points if kind == of and count >= fewest]
        lines.append(Line.through(of, *zip(*mine, strict=True)))
    return lines


def draw(lines: Sequence[Line], path: Path) -> None:
    """One panel a line; both axes begin at 0, so that start-up is seen as what it is."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "ceteris"
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(lines), figsize=(9, 3.5), layout="constrained")
    for panel, line in zip(panels, lines, strict=True):
        x = np.array([0, line.counts[-1]])
        panel.plot(x, line.intercept_s + line.slope_s * x, color="0.6", label="straight line")
        panel.plot(line.counts, line.seconds, "o", label="measured")
        panel.set(xlabel=line.of, ylabel="seconds, whole command", xlim=(0, None), ylim=(0, None))
        panel.set_title(
            f"{line.intercept_s:.1f} s + {1000 * line.slope_s:.3g} ms per "
            f"{line.of.removesuffix('s')}, within {line.worst:.0%}"
        )
        panel.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, fit, write, draw."""
    parser = argparse.ArgumentParser(prog="linearity", description=__doc__)
    parser.add_argument("--ceteris", type=Path, required=True, help="the command")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    asked = parser.parse_args()
    env = {key: value for key, value in os.environ.items() if key != "CETERIS_HOME"}
    if "CETERIS_DATA" in env:
        env["CETERIS_DATA"] = str(Path(env["CETERIS_DATA"]).absolute())
    machine = this_machine()
    points = list(measure(asked.ceteris.absolute(), env, asked.repeats))
    lines = fit(points, machine.cores)
    for line in lines:
        print(
            f"{line.of}: {line.intercept_s:.2f} s + {line.slope_s:.5f} s each, "
            f"every point within {line.worst:.1%}"
        )
    found = {"machine": asdict(machine), "points": points, "lines": [asdict(x) for x in lines]}
    asked.results.mkdir(parents=True, exist_ok=True)
    path = asked.results / f"linearity-{machine.short}"
    path.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    draw(lines, path.with_suffix(".svg"))


if __name__ == "__main__":
    main()
