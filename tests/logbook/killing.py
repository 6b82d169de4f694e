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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from actum.filing import read_record
from actum.records.run import Run
from actum.runlog import series

# It has actum loaded and forks a worker for each line that it reads: starting interpreters is not what is tried here.
# Each line of a ledger was written after the call that it tells of had returned.
NURSERY = """
import os, random, signal, sys
import actum
actum.run
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for path in map(str.strip, sys.stdin):
    if worker := os.fork():
        print(worker, flush=True)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    ledger = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
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


class Worker(NamedTuple):
    """A process that logs, and the ledger that it keeps of it."""

    ledger: Path
    process: int

    def is_at_work(self) -> bool:
        return self.ledger.exists() and self.ledger.stat().st_size > 0

    def kill(self) -> None:
        """Kill it and wait until it is gone."""
        os.kill(self.process, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while True:
                os.kill(self.process, 0)
                time.sleep(0.001)


def torture(root: Path, processes: int, seed: int, enough: Callable[[int], bool]) -> tuple[dict[str, Told], int]:
    """Let processes log, and kill one of those that do at random again and again; return what they know.

    Args:
        enough: Whether so many kills are.
    """
    chance, ledgers, kills = random.Random(seed), root.parent / "ledgers", 0
    ledgers.mkdir()
    command, pipe = [sys.executable, "-c", NURSERY], subprocess.PIPE
    with subprocess.Popen(command, cwd=root, stdin=pipe, stdout=pipe, text=True) as nursery:
        workers = [_start(nursery, ledgers / str(number)) for number in range(processes)]
        try:
            while not enough(kills):
                time.sleep(chance.random() * 0.2)
                if at_work := [number for number, worker in enumerate(workers) if worker.is_at_work()]:
                    victim = chance.choice(at_work)
                    workers[victim].kill()
                    kills += 1
                    workers[victim] = _start(nursery, ledgers / str(processes + kills))
        finally:
            for worker in workers:
                worker.kill()
            nursery.kill()
    return _known(ledgers), kills


def _start(nursery: subprocess.Popen[str], ledger: Path) -> Worker:
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{ledger}\n")
    nursery.stdin.flush()
    return Worker(ledger, int(nursery.stdout.readline()))


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
    until = time.monotonic() + seconds
    known, kills = torture(root, processes, seed=os.getpid(), enough=lambda _: time.monotonic() > until)
    wrong = faults(root, known)
    ended = sum(told.ended for told in known.values())
    print(json.dumps({"runs": len(known), "ended": ended, "kills": kills, "faults": wrong}))


if __name__ == "__main__":
    main()
