"""Worker: the facts of the environment it runs in, as it finds them; what is not there is absent, never guessed."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Collection
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from actum.inside.envelope import Request, run

PINNED = (
    "PYTHONHASHSEED",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "MKL_CBWR",
    "TZ",
    "LC_ALL",
    "LANG",
)
"""The variables that can change a result; reported as this process sees them."""

_CPUINFO = Path("/proc/cpuinfo")
_FLAGS_THAT_MATTER = re.compile(
    r"sse|ssse3|avx|fma|f16c|bmi|popcnt|abm|lzcnt|movbe|gfni|vaes|vpclmulqdq|amx|asimd|sve|fphp|neon|vsx|vx"
)
_BLAS_FACTS = ("user_api", "internal_api", "version", "architecture", "threading_layer", "num_threads")


def facts(request: Request) -> dict[str, Any]:
    """Return the environment's facts; ``packages`` limits the list of distributions to those names."""
    found = {
        "python": _python(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "kernel": platform.release() or None,
        "libc": _libc(),
        "cpu": _cpu(),
        "numpy": _numpy(),
        "blas": _blas(),
        "packages": _packages({_normal(name) for name in request.texts("packages")}),
        "environment": {name: os.environ[name] for name in PINNED if name in os.environ},
    }
    return {key: value for key, value in found.items() if value is not None}


def _python() -> dict[str, Any]:
    build, built = platform.python_build()
    return {
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "build": f"{build} {built}".strip(),
        "compiler": platform.python_compiler(),
    }


def _libc() -> str | None:
    """Name the C library where the system tells it: glibc does, others do not."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):
        return None


def _cpu() -> dict[str, Any] | None:
    """Return brand and flags of the first processor, where /proc has them."""
    try:
        first = _CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0]
    except OSError:
        return None
    pairs = (line.partition(":") for line in first.splitlines())
    fields = {key.strip().lower(): value.strip() for key, _, value in pairs}
    flags = (fields.get("flags") or fields.get("features") or "").split()
    found: dict[str, Any] = {"flags": sorted(flag for flag in flags if _FLAGS_THAT_MATTER.match(flag))}
    return {"brand": fields["model name"], **found} if "model name" in fields else found


def _numpy() -> dict[str, Any] | None:
    """Return numpy's version and SIMD lists, from its own tables; ``enabled`` is what dispatch may use now."""
    try:
        import numpy as np
    except ImportError:
        return None
    tables = _numpy_tables()
    if tables is None:
        return {"version": np.__version__}
    usable = tables.__cpu_features__
    dispatch = list(tables.__cpu_dispatch__)
    return {
        "version": np.__version__,
        "baseline": list(tables.__cpu_baseline__),
        "dispatch": dispatch,
        "enabled": [name for name in dispatch if usable.get(name)],
    }


def _numpy_tables() -> Any | None:
    """Return the extension module with the tables: ``numpy._core`` from 2.0 on, ``numpy.core`` before."""
    for core in ("numpy._core", "numpy.core"):
        try:
            module = import_module(f"{core}._multiarray_umath")
        except ImportError:
            continue
        if hasattr(module, "__cpu_dispatch__"):
            return module
    return None


def _blas() -> list[dict[str, Any]] | None:
    """Return the BLAS and OpenMP libraries loaded in this process, without their paths."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return None
    libraries = [{key: item[key] for key in _BLAS_FACTS if item.get(key) is not None} for item in threadpool_info()]
    return sorted(libraries, key=str)


def _packages(wanted: Collection[str]) -> dict[str, str]:
    """Return installed distributions by normal name; the first on the path is the one Python imports."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name and (not wanted or _normal(name) in wanted):
            found.setdefault(_normal(name), distribution.version)
    return dict(sorted(found.items()))


def _normal(name: str) -> str:
    """Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(run(facts))
