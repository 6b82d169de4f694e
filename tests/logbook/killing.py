"""Processes that log, and one that kills them at random: what they were told is on record is held against the record.

``python -m tests.logbook.killing DIR SECONDS [PROCESSES]`` does it by hand, for as long as you like.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from actum.filing import read_record
from actum.records.run import Run
from actum.runlog import series

# Each line of the ledger was written after the call that it tells of had returned.
WORKER = """
import os, random, sys
import actum
ledger = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def told(*words):
    os.write(ledger, (" ".join(map(str, words)) + "\\n").encode())
while True:
    run = actum.run("trial", params={"nested": {"depth": 6}}, tags={"by": "worker"}).begin()
    told("begun", run.id)
    for step in range(random.randrange(60)):
        run.log_metrics({"loss": 1 / (step + 1), "step": step}, step=step)
        told("step", run.id, step)
    run.log_metric("auc", 0.5)
    told("auc", run.id)
    run.end()
    told("ended", run.id)
"""


class Told(NamedTuple):
    """What a run's process was told is on record. ``step``: the last one, -1 for none."""

    ended: bool
    auc: bool
    step: int


def torture(root: Path, seconds: float, processes: int, seed: int) -> tuple[dict[str, Told], int]:
    """Let processes log for so long, killing one at random again and again; return what they know, and the kills."""
    chance, ledgers, kills = random.Random(seed), root.parent / "ledgers", 0
    ledgers.mkdir()

    def start() -> subprocess.Popen[bytes]:
        ledger = ledgers / f"{time.monotonic_ns()}"
        return subprocess.Popen([sys.executable, "-c", WORKER, str(ledger)], cwd=root)

    working = [start() for _ in range(processes)]
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            time.sleep(chance.random() * 0.5)
            victim = chance.randrange(processes)
            working[victim].send_signal(signal.SIGKILL)
            kills += working[victim].wait() == -signal.SIGKILL
            working[victim] = start()
    finally:
        for one in working:
            one.kill()
            one.wait()
    return _known(ledgers), kills


def faults(root: Path, known: dict[str, Told]) -> list[str]:
    """Return what of it is not on record as it was told; reading is by whoever comes next."""
    subprocess.run([sys.executable, "-m", "actum", "ls", "runs"], cwd=root, check=True, capture_output=True)
    paths = [path.relative_to(root).as_posix() for path in root.glob("runs/*/*/*.json")]
    found: dict[str, Run] = {record.id: record for record in (read_record(p, (root / p).read_bytes()) for p in paths)}
    wrong = [f"{ulid}: is lost" for ulid in known.keys() - found.keys()]
    for ulid, told in known.items():
        if ulid in found:
            wrong += [f"{ulid}: {problem}" for problem in _against(root, found[ulid], told)]
    left = list((root / ".actum/scripts").iterdir())
    return wrong + [f"{path} is left" for path in left]


def _against(root: Path, record: Run, told: Told) -> list[str]:
    steps = [] if record.series is None else [row.step for row in series.rows(root / record.series.path)]
    last = max(steps, default=-1)
    wrong = []
    if told.ended and record.status is not None:
        wrong.append(f"had ended, is {record.status}")
    if record.params != {"nested.depth": 6} or record.tags != {"by": "worker"}:
        wrong.append("does not say what it began with")
    if told.auc and record.metrics.get("auc") != 0.5:
        wrong.append("does not say its auc")
    # A step is one write of two lines: half of it cannot be there. One that the ledger has not may be there.
    if steps != [step for step in range(last + 1) for _ in range(2)] or not told.step <= last <= told.step + 1:
        wrong.append(f"has the steps {steps}, was told {told.step}")
    if record.metrics.get("step", -1) != last:
        wrong.append(f"says step {record.metrics.get('step')}, its series {last}")
    return wrong


def _known(ledgers: Path) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for ledger in ledgers.iterdir():
        for line in ledger.read_text().splitlines():
            word, ulid, *step = line.split()
            told = found.get(ulid, Told(ended=False, auc=False, step=-1))
            found[ulid] = Told(
                ended=told.ended or word == "ended",
                auc=told.auc or word == "auc",
                step=int(step[0]) if step else told.step,
            )
    return found


def main() -> None:
    root, seconds = Path(sys.argv[1]), float(sys.argv[2])
    processes = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    known, kills = torture(root, seconds, processes, seed=os.getpid())
    wrong = faults(root, known)
    ended = sum(told.ended for told in known.values())
    print(json.dumps({"runs": len(known), "ended": ended, "kills": kills, "faults": wrong}))


if __name__ == "__main__":
    main()
