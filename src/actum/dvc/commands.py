"""Run ``dvc`` as a child; its errors come out as ours, with its last words."""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from actum import process
from actum.errors import ToolFailedError

_BLOCKER = re.compile(r"\(PID (\d+)\): (.*)")
_RUNNING = re.compile(r"Running stage '([^']+)':")
_SKIPPED = re.compile(r"Stage '([^']+)' (?:didn't change, skipping|is cached - skipping run\b.*)")
_HINTS = (
    ("no remote specified", "dvc remote add --default storage /path/or/address"),
    ("missing dependencies", "pip install the dvc plugin that is named above"),
    ("do not exist neither locally nor on remote", "actum fsck"),
    ("missing data", "dvc pull"),
    ("Is your cache up to date", "dvc fetch"),
    ("failed to reproduce", "read what the stage said above, mend it and run again"),
)


class DvcBusyError(ToolFailedError):
    """Another dvc works in the same folder; ``pids`` are those that it names."""

    def __init__(self, message: str, pids: tuple[int, ...], *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.pids = pids


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """What ``dvc repro`` did. ``ran``: stages that were executed; ``skipped``: stages that DVC left alone."""

    code: int
    ran: tuple[str, ...]
    skipped: tuple[str, ...]
    last_words: str


def repro(
    root: Path,
    env: Mapping[str, str],
    *,
    targets: Sequence[str] = (),
    commit: bool = True,
    dry: bool = False,
    shell: str = "/bin/sh",
    each_line: Callable[[str], None],
) -> Reproduced:
    """Run ``dvc repro`` without its run cache, so that a stage is either executed or said to be skipped.

    Args:
        commit: put outputs into the cache; a rebuild only compares them.
        dry: execute nothing, only say what would be.
        shell: what runs the stages' commands; DVC takes $SHELL, and a wrapper there gets round any pin.
        each_line: called with every line that DVC and the stages say.

    Raises:
        DvcBusyError: Another dvc works here. A stage that fails is told by ``code``.
    """
    ran: list[str] = []
    skipped: list[str] = []
    tail: deque[str] = deque(maxlen=20)

    def hear(line: str) -> None:
        tail.append(line)
        if event := stage_event(line):
            (ran if event[0] == "ran" else skipped).append(event[1])
        each_line(line)

    flags = ["--no-run-cache", *([] if commit else ["--no-commit"]), *(["--dry"] if dry else [])]
    words = ["repro", *flags, *_targets(targets)]
    code = process.stream(_command(words), cwd=root, env=_env(env) | {"SHELL": shell}, each_line=hear)
    said = "\n".join(tail)
    if code and (busy := _busy(said, root)):
        raise busy
    return Reproduced(code=code, ran=tuple(ran), skipped=tuple(skipped), last_words="\n".join(list(tail)[-8:]))


def stage_event(line: str) -> tuple[str, str] | None:
    """Read what DVC says of a stage: ``("ran", name)``, ``("skipped", name)`` or None."""
    for event, pattern in (("ran", _RUNNING), ("skipped", _SKIPPED)):
        if found := pattern.fullmatch(line):
            return event, found[1]
    return None


def call(words: Sequence[str], root: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Run one ``dvc`` command and return its exit status and all that it said, without judging it.

    Raises:
        DvcBusyError: Another dvc works here.
    """
    done = process.run(_command(words), cwd=root, env=_env(env))
    said = (done.out + b"\n" + done.err).decode(errors="replace").strip()
    if done.code and (busy := _busy(said, root)):
        raise busy
    return done.code, said


def failure(words: Sequence[str], said: str) -> ToolFailedError:
    """Return the error for a ``dvc`` command that said *said* and failed."""
    name = f"dvc {words[0]}"
    last = "\n".join(line for line in said.splitlines() if line.strip())[-1500:]
    hint = next((hint for needle, hint in _HINTS if needle in said), f"{name} --verbose")
    return ToolFailedError(f"{name} failed: {last or 'it said nothing'}", hint=hint)


def _command(words: Sequence[str]) -> list[str]:
    # -P and -E: a dvc.py, yaml.py or dvc/ in the user's repository, or on the PYTHONPATH that is meant
    # for the stages, must not stand in for the modules of the tool. Stages still get the variable.
    return [sys.executable, "-P", "-E", "-m", "dvc", *words]


def _env(env: Mapping[str, str]) -> dict[str, str]:
    return {**env, "DVC_NO_ANALYTICS": "1", "DVC_STUDIO_OFFLINE": "1"}


def _targets(targets: Sequence[str]) -> list[str]:
    return ["--", *targets] if targets else []


def _busy(said: str, root: Path) -> DvcBusyError | None:
    if "is busy, it is being blocked by" not in said and "Unable to acquire lock" not in said:
        return None
    blockers = {int(pid): name for pid, name in _BLOCKER.findall(said)}
    who = ", ".join(f"PID {pid} ({name})" for pid, name in blockers.items()) or "its PID is not told"
    hint = f"wait for it, or see what it is: ps -p {','.join(map(str, blockers))}" if blockers else "actum doctor"
    return DvcBusyError(f"{root}: another dvc is running here: {who}", tuple(blockers), hint=hint)
