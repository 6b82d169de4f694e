"""The pin: the variables that decide a result, and the whole environment that a child is given.

Pure. They must be set before the interpreter starts. Exact on Linux x86-64 with AVX2 and FMA; what cannot be
pinned elsewhere is said by :func:`limits`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from actum.errors import UserError

DISABLE = "NPY_DISABLE_CPU_FEATURES"
CORE_TYPE = "OPENBLAS_CORETYPE"
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_ALWAYS = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
_X86_64 = frozenset({"x86_64", "amd64"})
# NumPy's names of what x86-64-v3 holds, old (up to 2.3) and new. Whatever else its list names goes off, so
# that a feature of a later CPU or of a later numpy is off without a change here.
_X86_64_V3 = re.compile(r"SSE[23]?|SSSE3|SSE4[12]|POPCNT|AVX2?|F16C|FMA3|BMI2?|LZCNT|MOVBE|X86_V[23]")
# Best first. OpenBLAS does not refuse a core type that the CPU lacks: it dies of SIGILL (measured).
_CORE_TYPES = (
    ("Haswell", frozenset({"avx2", "fma"})),
    ("Sandybridge", frozenset({"avx"})),
    ("Nehalem", frozenset({"sse4_2"})),
    ("Prescott", frozenset({"pni"})),
)


def pin(cpu_flags: frozenset[str], numpy_dispatch: Collection[str] | None, machine: str) -> dict[str, str]:
    """Return the variables under which a result is exact.

    Args:
        cpu_flags: What the CPU has, in the kernel's names.
        numpy_dispatch: What the locked numpy itself says it dispatches on; None where the lock has no numpy.
        machine: ``x86_64``, ``aarch64``, ...
    """
    pinned = _ALWAYS | dict.fromkeys(THREADS, "1") | {"MKL_CBWR": "COMPATIBLE"}
    core = core_type(cpu_flags, machine)
    if core is not None:
        pinned[CORE_TYPE] = core
    disabled = disabled_features(numpy_dispatch or (), machine)
    if disabled:
        pinned[DISABLE] = " ".join(disabled)
    return pinned


def relaxed_pin() -> dict[str, str]:
    """Return what ``exactness: relaxed`` leaves pinned: hash seed, zone, locale; neither threads nor SIMD."""
    return dict(_ALWAYS)


def overridden(
    pinned: Mapping[str, str], overrides: Mapping[str, str], cpu_flags: frozenset[str], machine: str
) -> dict[str, str]:
    """Return the pin with values of the user's own: the negative control, a rebuild that must not succeed.

    Raises:
        UserError: A name that is no part of the pin, or a core type that would end in SIGILL here.
    """
    for name in overrides:
        if name not in (*_ALWAYS, *THREADS, "MKL_CBWR", CORE_TYPE, DISABLE):
            raise UserError(f"{name} is no part of the pin", hint=f"leave {name} out")
    core = overrides.get(CORE_TYPE)
    here = {name for name, needs in _CORE_TYPES if machine.lower() in _X86_64 and needs <= cpu_flags}
    here |= {found for found in (core_type(cpu_flags, machine),) if found is not None}
    if core is not None and core not in here:
        raise UserError(
            f"{CORE_TYPE}={core}: this CPU has no such core type, or it is not one that is checked",
            hint=f"name one of: {', '.join(sorted(here)) or 'none'}",
        )
    return {**pinned, **overrides}


def core_type(cpu_flags: frozenset[str], machine: str) -> str | None:
    """Return the best OpenBLAS core type up to Haswell that this CPU has; None where none can be named."""
    if machine.lower() == "aarch64":
        return "ARMV8"
    if machine.lower() not in _X86_64:
        return None
    return next((core for core, needs in _CORE_TYPES if needs <= cpu_flags), None)


def disabled_features(numpy_dispatch: Collection[str], machine: str) -> tuple[str, ...]:
    """Return what of numpy's own list goes off, whether this CPU has it or not: the pin must not depend on that.

    Elsewhere than on x86-64 everything that is dispatched goes off, which leaves numpy's baseline.
    """
    if machine.lower() not in _X86_64:
        return tuple(numpy_dispatch)
    return tuple(name for name in numpy_dispatch if _X86_64_V3.fullmatch(name) is None)


def limits(cpu_flags: frozenset[str], platform: str) -> tuple[str, ...]:
    """Return what this pin cannot promise on *platform* (``linux-x86_64``); empty where it is exact."""
    system, _, machine = platform.partition("-")
    if system != "linux":
        return (f"{platform}: the CPU's features, libm and a system BLAS (Accelerate) cannot be pinned",)
    if machine == "aarch64":
        return ("linux-aarch64: pinned to ARMV8 and numpy's baseline; equality across CPUs was never measured",)
    if machine not in _X86_64:
        return (f"{platform}: only threads, hash seed, zone and locale are pinned",)
    if core_type(cpu_flags, machine) != "Haswell":
        return ("this CPU has no AVX2 and FMA: its results are exact only among CPUs like it",)
    return ()


def allowed_environment(
    *,
    venv: Path,
    wing: Path,
    home: Path,
    tmp: Path,
    pinned: Mapping[str, str],
) -> dict[str, str]:
    """Return the whole environment of a child that computes: an allow-list that takes nothing from the caller.

    - ``PATH``: the venv, then the system's own folders, for ``sh`` and what stages call from there.
    - ``HOME``, ``TMPDIR``: private, so that no dot file of a user is read and no cache outlives the run.
    - ``SHELL=/bin/sh`` and no ``BASH_ENV`` or ``ENV``: a shell start-up file would be code that nobody recorded.
    - ``PYTHONPATH``: the wing only. No user site, no byte code written beside tracked code.
    - the pin.

    Proxies, certificates, ``LD_*`` and credentials are left out on purpose: a stage computes from what is on
    disk, and remote credentials reach only fetch and push.
    """
    return {
        "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(tmp),
        "SHELL": "/bin/sh",
        "PYTHONPATH": str(wing),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **pinned,
    }
