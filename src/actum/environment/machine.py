"""This machine, as far as it decides a result: platform and CPU. Read, never guessed."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def platform_name() -> str:
    """Return for example ``linux-x86_64``."""
    return f"{sys.platform}-{platform.machine().lower()}"


def cpu_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Return the features that the kernel reports for the first CPU; empty where the system does not tell."""
    described = _first_cpu(cpuinfo)
    return frozenset((described.get("flags") or described.get("Features") or "").split())


def cpu_name(cpuinfo: Path = CPUINFO) -> str:
    """Return the model name of the first CPU, "" where the system does not tell."""
    return _first_cpu(cpuinfo).get("model name", "")


def kernel_and_libc() -> str:
    """Return the release of the kernel and the version of libc: what was learnt under others is asked anew."""
    return f"{platform.release()} {' '.join(platform.libc_ver())}"


def _first_cpu(cpuinfo: Path) -> dict[str, str]:
    if not cpuinfo.exists():  # not Linux
        return {}
    first = cpuinfo.read_text(errors="replace").split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
