"""Peers and Ceteris at the same work, alternately, as whole processes.

``make bench`` calls it; README.md says what is measured. The order of the contestants rotates from
one repeat to the next, so that a machine that slows down or warms up favours nobody.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.data import parse
from benchmarks.machine import this_machine, usable_cores
from benchmarks.peak import larger, peaks
from benchmarks.table import CETERIS, markdown, publish
from benchmarks.timing import CommandFailedError, timed
from benchmarks.works import WORKS, Work, scaled

HERE = Path(__file__).parent
ROOT = HERE.parent

# peer -> its script, what it needs besides, and what it imports
PEERS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "keras-tf": ("keras_tf", (), ("tensorflow", "keras")),
    "keras-tf-tuned": ("keras_tf", ("--tuned",), ("tensorflow", "keras")),
    "torch": ("torch_plain", (), ("torch",)),
    "numpy": ("numpy_book", (), ("numpy",)),
    "jax": ("jax_scan", (), ("jax", "optax")),
}
# Everybody chooses the number of threads as if nothing were said.
_UNSET = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CETERIS_HOME")


class Bench:
    """One measurement: where things are, and what has been found.

    Args:
        asked: the command line.
        home: a folder for Ceteris, new and empty; its cache of parsed data warms up at first use.
    """

    def __init__(self, asked: argparse.Namespace, home: Path) -> None:
        self.asked = asked
        self.home = home
        self.env = {key: value for key, value in os.environ.items() if key not in _UNSET}
        self.env["TF_CPP_MIN_LOG_LEVEL"] = "2"
        if asked.data:
            self.env["CETERIS_DATA"] = str(asked.data)
        machine = this_machine()
        self.date = datetime.now(UTC).date().isoformat()
        mark = "" if asked.scale == 1 else f"-scaled-{asked.scale:g}"
        self.path = asked.results / f"{self.date}-{machine.short}{mark}.json"
        self.results = self._earlier() | {
            "date": self.date,
            "scale": asked.scale,
            "repeats": asked.repeats,
            "machine": asdict(machine),
        }
        self.results["versions"][CETERIS] = version(CETERIS)
        self.failed: list[str] = []

    def run(self) -> None:
        """Measure everything that was asked for, writing down as it goes."""
        peers = [peer for peer in self.asked.peers if self._is_there(peer)]
        works = [work for work in self.asked.works if self._is_ready(work)]
        if not works:
            raise SystemExit("nothing to measure")
        for group in groups(works):
            self._measure_peak()
            self._measure(group, peers)

    def _measure_peak(self) -> None:
        """Once more before each group: the largest of a noisy machine's is its peak."""
        found = larger(self.results["peaks"], peaks())
        self.results["peaks"] = found
        told = ", ".join(f"{kind} {peak['total']:,.0f}" for kind, peak in found.items())
        say(f"peak at matrix products so far, 10^9 operations a second: {told}")

    def _measure(self, group: Sequence[Work], peers: Sequence[str]) -> None:
        """All repeats of works that share their peers' times."""
        known = {peer for work in group for peer in work.bars}
        contestants = [(CETERIS, work) for work in group]
        contestants += [(peer, group[0]) for peer in peers if peer in known]
        found: dict[str, dict[str, Any]] = {work.name: {} for work in group}
        for repeat in range(self.asked.repeats):
            turn = repeat % len(contestants)
            for who, work in contestants[turn:] + contestants[:turn]:
                said = self._once(who, scaled(work, self.asked.scale), repeat)
                if said is None:
                    continue
                for shared in [work] if who == CETERIS else group:
                    _keep(found[shared.name].setdefault(who, {}), said)
        # A contestant that failed once has no pairs: it is left out, and the failure is told.
        for name, of_work in found.items():
            self.results["works"][name] = {
                who: told
                for who, told in of_work.items()
                if len(told["wall_s"]) == self.asked.repeats
            }
        self.write()

    def _once(self, who: str, work: Work, repeat: int) -> dict[str, Any] | None:
        try:
            said = self._ceteris(work) if who == CETERIS else self._peer(who, work)
        except CommandFailedError as error:
            self._fail(f"{work.name}, {who}: {error}")
            return None
        say(
            f"{work.name:4}{who:16}{repeat + 1}/{self.asked.repeats}"
            f"{said['wall_s']:9.1f} s{said['together_bytes'] / 1e6:9,.0f} MB"
            f"   accuracy {said['accuracy']:.4f}"
        )
        return said

    def _peer(self, who: str, work: Work) -> dict[str, Any]:
        script, extra, _ = PEERS[who]
        words = [str(self.asked.peer_python), "-m", f"benchmarks.peers.{script}", *extra]
        words += ["--work", work.name, "--cache", str(self.asked.cache)]
        words += ["--seeds", str(work.seeds), "--images", str(work.num_train)]
        words += ["--steps", str(work.steps)] if work.steps else ["--epochs", str(work.epochs)]
        done = timed(words, env=self.env, folder=ROOT)
        told = json.loads(done.stdout.strip().splitlines()[-1])
        self.results["versions"].update(told.pop("versions"))
        memory = {"largest_bytes": done.largest_bytes, "together_bytes": done.together_bytes}
        return told | {"wall_s": done.wall_s} | memory

    def _ceteris(self, work: Work) -> dict[str, Any]:
        """A study that was never run before: what it finds is removed again."""
        done = timed(self._study(work, "--json"), env=self.env, folder=ROOT)
        told = json.loads(done.stdout)
        name = told["study"]["name"]
        remove = [sys.executable, "-m", CETERIS, "remove", name, "--yes", "--home", str(self.home)]
        subprocess.run(remove, env=self.env, cwd=ROOT, check=True, capture_output=True)
        runs = told["runs"]
        workers = min(usable_cores(), len(runs))
        accuracies = [run["metrics"]["test_accuracy"] for run in runs]
        return {
            "wall_s": done.wall_s,
            "training_s": sum(run["duration_s"] for run in runs) / workers,
            "largest_bytes": done.largest_bytes,
            "together_bytes": done.together_bytes,
            "runs": len(runs),
            "accuracy": sum(accuracies) / len(accuracies),
            "numbers": _numbers(work),
            "threads": f"{workers} x 1",
        }

    def _study(self, work: Work, *words: str) -> list[str]:
        full = WORKS[work.name]
        command = [sys.executable, "-m", CETERIS, "run", str(_toml(work)), "--home", str(self.home)]
        command += ["--seeds", str(work.seeds), *words]
        if work.steps != full.steps:
            command += ["--set", f"train.steps={work.steps}"]
        if work.num_train != full.num_train:
            command += ["--set", f"data.images={work.num_train}"]
        return command

    def _is_there(self, peer: str) -> bool:
        """Whether the peer's environment has it; importing it also warms the disk's cache."""
        imports = "; ".join(f"import {module}" for module in PEERS[peer][2])
        command = [str(self.asked.peer_python), "-c", imports]
        done = subprocess.run(command, env=self.env, capture_output=True, check=False)
        if done.returncode:
            say(f"{peer} is left out: {self.asked.peer_python} cannot import it")
        return done.returncode == 0

    def _is_ready(self, work: Work) -> bool:
        """Whether data and study are there; parses the data for everybody."""
        if not parse(work.data, self.asked.data, self.asked.cache):
            say(f"{work.name} is left out: {work.data} is not in CETERIS_DATA ({self.asked.data})")
            return False
        dry = self._study(scaled(work, self.asked.scale), "--dry-run")
        done = subprocess.run(
            dry, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            self._fail(f"{work.name}: {done.stderr.strip()}")
        return done.returncode == 0

    def _fail(self, what: str) -> None:
        self.failed.append(what)
        say(f"FAILED {what}")

    def _earlier(self) -> dict[str, Any]:
        """Other works that were measured here today at this scale stay in the table."""
        if self.path.exists():
            return json.loads(self.path.read_text("utf-8"))
        return {"works": {}, "versions": {}, "peaks": {}}

    def write(self) -> None:
        """Keep what there is."""
        works = self.results["works"]
        self.results["works"] = {name: works[name] for name in WORKS if name in works}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.results, indent=1) + "\n", "utf-8")


def groups(works: Sequence[Work]) -> list[list[Work]]:
    """Works by whose peers' times they are judged with.

    Example:
        >>> [[work.name for work in group] for group in groups([*WORKS.values()])]
        [['A'], ['B'], ['C', 'C32'], ['D'], ['E']]
    """
    by_peers: dict[str, list[Work]] = {}
    for work in works:
        by_peers.setdefault(work.peers_of or work.name, []).append(work)
    return list(by_peers.values())


def say(text: str) -> None:
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


def _keep(told: dict[str, Any], said: Mapping[str, Any]) -> None:
    """Times of all repeats; of the rest, the largest memory and whatever was said last."""
    for key, value in said.items():
        if key in ("wall_s", "training_s", "inside_s"):
            told.setdefault(key, []).append(round(value, 3))
        elif key.endswith("_bytes"):
            told[key] = max(told.get(key, 0), value)
        else:
            told[key] = value


def _toml(work: Work) -> Path:
    return HERE / "studies" / f"{work.name}.toml"


def _numbers(work: Work) -> str:
    declared = tomllib.loads(_toml(work).read_text("utf-8"))
    return str(declared["train"]["precision"])


def _names(known: Mapping[str, Any]) -> Any:
    def read(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(known)}")
        return names

    return read


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--works", type=_names(WORKS), default=list(WORKS), help="A,B,...")
    parser.add_argument("--peers", type=_names(PEERS), default=list(PEERS), help="torch,jax,...")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="0.25: a quick look")
    parser.add_argument("--peer-python", type=Path, default=HERE / ".venv" / "bin" / "python")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="of the peers' data")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    asked = parser.parse_args()
    if not 0 < asked.scale <= 1 or asked.repeats < 1:
        parser.error("--scale is above 0 and at most 1, --repeats 1 or more")
    asked.works = [WORKS[name] for name in WORKS if name in asked.works]
    # Commands run in the repository's root, whatever folder this is called from; a virtual
    # environment's python is a link, and resolving it would leave the environment.
    for name in ("peer_python", "cache", "results"):
        setattr(asked, name, getattr(asked, name).absolute())
    data = os.environ.get("CETERIS_DATA")
    asked.data = Path(data).absolute() if data else None
    return asked


def main() -> int:
    """Measure, print the table, and put a full measurement into docs/performance.md."""
    asked = _read_arguments()
    with tempfile.TemporaryDirectory(prefix="ceteris-bench-") as folder:
        bench = Bench(asked, Path(folder) / "home")
        bench.run()
    table = markdown(bench.results)
    print(table)
    say(f"\nwritten to {bench.path}")
    if asked.scale == 1:
        publish(table)
    for failure in bench.failed:
        say(f"FAILED {failure}")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
