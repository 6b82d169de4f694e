"""Time whole processes: CPU seconds of a command and all its children, as the operating system accounts them."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path


def cpu_seconds(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> float:
    """Run a command that must succeed and return its user and system time, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(figures: Sequence[float]) -> str:
    return f"{statistics.median(figures):.3f} ({min(figures):.3f} to {max(figures):.3f}, n={len(figures)})"


def print_machine() -> None:
    """Say on what all this was measured."""
    cpu = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    packages = ", ".join(f"{name} {version(name)}" for name in ("actum", "dvc", "click", "pyyaml"))
    print(f"{cpu}, {os.cpu_count()} CPUs, {platform.platform()}, Python {platform.python_version()}, {packages}")


def actum(*words: str) -> list[str]:
    return [sys.executable, "-m", "actum", *words]


def dvc(*words: str) -> list[str]:
    return [sys.executable, "-m", "dvc", *words]


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
