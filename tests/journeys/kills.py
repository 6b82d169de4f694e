"""Kill a command at a random moment, and judge what it left behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from actum import layout
from actum.dvc.lockfile import read_lock
from actum.filing import read_record
from actum.git.repository import Git
from actum.store import Store
from tests.journeys.world import ACTUM, World

_LOCKS = ("index.lock", "HEAD.lock", "refs/heads/main.lock")


@dataclass
class Toll:
    """What a series of kills came to. ``held``: locks of git that a kill left behind."""

    killed: int = 0
    ended_before: int = 0
    held: list[str] = field(default_factory=list)


def processes_in(root: Path) -> list[str]:
    """Return the command lines of all processes that work below *root*, ourselves left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            place, words = os.readlink(entry / "cwd"), (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended meanwhile, or is another user's
        if words and Path(place).is_relative_to(root):  # a zombie has no command line
            found.append(f"{entry.name} {words.replace(bytes(1), b' ').decode(errors='replace').strip()}")
    return found


def gone(root: Path, *, within_s: float) -> list[str]:
    """Wait for every process below *root* to end; return those that did not."""
    deadline = time.monotonic() + within_s
    while (left := processes_in(root)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def kill_at(world: World, words: Sequence[str], moment_s: float) -> bool:
    """Start actum, kill it after a time, and say whether it was still at work. No process may survive it."""
    child = subprocess.Popen(
        [*ACTUM, *words], cwd=world.repo, env=dict(world.env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        child.wait(moment_s)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
    left = gone(world.root, within_s=3.0)
    assert left == [], f"after kill -9 at {moment_s:.3f} s there is still {left}"
    return child.returncode == -signal.SIGKILL


def repeat(world: World, words: Sequence[str], toll: Toll) -> None:
    """Run the command to its end; a lock of git that stands in the way must be named, and be all that does."""
    locks = [world.repo / ".git" / name for name in _LOCKS if (world.repo / ".git" / name).exists()]
    for lock in locks:
        message, hint = world.refused(*words, code=4)
        assert str(lock) in message
        assert hint == "another git is at work, or one was killed: actum doctor"
        os.utime(lock, (0, 0))  # a young one is taken for held
        assert f"rm {lock}" in world.actum("doctor", code=3).out
        lock.unlink()
        toll.held.append(lock.name)
    world.actum(*words)


def series(
    begin: Callable[[int], World], words: Sequence[str], *, kills: int, seed: int, judge: Callable[[World], None]
) -> Toll:
    """Kill *words* three times in each of several worlds, then let it end, and judge the world."""
    chance, toll, number = random.Random(seed), Toll(), 0
    duration = _measured(begin(number), words, judge)
    while toll.killed < kills and toll.ended_before < 2 * kills:
        number += 1
        world = begin(number)
        for _ in range(3):
            if kill_at(world, words, chance.uniform(0.05, 1.0) * duration):
                toll.killed += 1
            else:  # the machine was busier when it was measured
                toll.ended_before += 1
                duration *= 0.9
                break
            no_half_records(world)
        repeat(world, words, toll)
        judge(world)
    return toll


def _measured(world: World, words: Sequence[str], judge: Callable[[World], None]) -> float:
    began = time.monotonic()
    world.actum(*words)
    duration = time.monotonic() - began
    judge(world)
    return duration


# ------------------------------------------------------------------ judging


def no_half_records(world: World) -> None:
    """Whatever HEAD holds is whole: git's objects are all there, each record is read by its schema."""
    fsck = world.call("git", "fsck", "--strict", "--no-dangling")
    assert (fsck.code, fsck.err) == (0, ""), fsck.said
    repo = Git(world.repo)
    store = Store(repo, repo.head())
    for path in store.tree:
        if layout.kind_of(path):
            read_record(path, store.read(path) or b"")


def true_records(world: World) -> None:
    """The newest run is what its journal, dvc.lock and the files of the work tree say; nothing is left over."""
    no_half_records(world)
    assert world.git("status", "--porcelain") == ""
    assert world.git("for-each-ref", "--format=%(refname)", "refs/actum/runs") == ""
    runs = world.runs()
    by_id = {run["id"]: run for run in runs}
    repo = Git(world.repo)
    store = Store(repo, repo.head())
    lock = read_lock(store.read, "dvc.lock")
    assert list(lock.stages) == [stage["name"] for stage in runs[-1]["stages"]]
    for stage in runs[-1]["stages"]:
        made_by = by_id[stage["run"]]
        (original,) = [one for one in made_by["stages"] if one["name"] == stage["name"]]
        assert original == stage
        _executed(world, made_by["id"], stage)
        made = {fact["path"]: fact["md5"] for fact in runs[-1]["files"] if fact["path"] in stage["outs"]}
        assert made == {out.path: out.md5 for out in lock.stages[stage["name"]].outs}
    world.actum("fsck")


def _executed(world: World, run: str, stage: dict[str, Any]) -> None:
    """The journal holds one good execution of the stage with the record's very figures."""
    journal = world.repo / ".actum" / "runs" / run / "journal.jsonl"
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    ended = [one for one in entries if one.get("stage") == stage["name"] and one["event"] == "command-ended"]
    assert (ended[-1]["cmd"], ended[-1]["code"], ended[-1]["seconds"]) == (stage["cmd"], 0, stage["seconds"])


def true_version(world: World) -> None:
    """The version names a run on record and bytes that cache and remote hold, and its ref keeps its commit."""
    true_records(world)
    version = world.version("1.0.0")
    (run,) = [run for run in world.runs() if run["id"] == version["run"]]
    made = {fact["path"]: fact for fact in run["files"]}
    artifact = version["artifact"]
    assert made[artifact["path"]]["sha256"] == artifact["sha256"]
    assert version["code_commit"] == run["code_commit"]
    assert world.git("rev-parse", "refs/actum/versions/tiny/1.0.0") == version["result_commit"]
    assert world.git("rev-parse", f"{version['result_commit']}^") == version["code_commit"]
    for place in ("cache", "remote"):
        assert world.object(artifact["md5"], where=place).stat().st_size == artifact["size"]


def true_promotion(world: World) -> None:
    """The branch holds one pointer and the one event that it names; what is checked out is as it was."""
    no_half_records(world)
    assert world.git("status", "--porcelain") == ""
    changed = world.git("diff", "--name-status", "main", "promote/tiny/production").splitlines()
    pointer = "registry/tiny/stages/production.yaml"
    (event,) = {line.partition("\t")[2] for line in changed} - {pointer}
    assert [line[:2] for line in changed] == ["A\t", "A\t"]
    assert f"event: {PurePosixPath(event).name[:26]}" in world.git("show", f"promote/tiny/production:{pointer}")
    assert world.git("rev-parse", "promote/tiny/production^") == world.git("rev-parse", "main")
    assert world.git("log", "--format=%s", "-1") == "Register tiny 1.0.0"
    world.actum("fsck")


def true_seal(world: World) -> None:
    """The rows were decided and sealed exactly once; cache and remote hold the segment, nothing is left over."""
    no_half_records(world)
    assert world.git("status", "--porcelain", "--ignored=no") == ""
    names = world.git("ls-tree", "-r", "--name-only", "HEAD").splitlines()
    assert len([name for name in names if name.endswith("-seal.yaml")]) == 1
    assert len([name for name in names if name.endswith(".parquet.dvc")]) == 1
    assert len(list((world.repo / "decisions" / "linear").glob("*.parquet"))) == 1
    assert "1 seal" in world.actum("fsck").out
