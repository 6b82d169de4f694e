"""Ask the locked interpreter what it computes with, pin it, and check that the pin holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from actum import digests
from actum.environment import machine, pins
from actum.environment.venv import Environment
from actum.environment.wing import wing_digest
from actum.environment.workers import Prepared, call
from actum.errors import UserError
from actum.files import replace

_RELAX = "write `exactness: relaxed` under environment: in actum.yaml; runs then say that they were not pinned"
OLDEST_PYTHON = (3, 11)
"""The oldest Python that today's wing runs under; a recorded wing ran under its own."""
_PRIVATE = ("HOME", "TMPDIR", "PYTHONPATH")


def prepare(
    environment: Environment,
    wing: Path,
    *,
    scratch: Path,
    exactness: Literal["strict", "relaxed"] = "strict",
    overrides: Mapping[str, str] | None = None,
) -> Prepared:
    """Pin *environment* on this machine, and check in a child of its own that the pin took hold.

    Args:
        wing: The zip that children import from; today's, or the recorded one.
        scratch: Where the children's private home and temp folder lie; the caller removes it in the end.
        overrides: Values of the pin that shall be others; recorded like the rest, and said in ``limits``.

    Raises:
        UserError: The pin does not hold, an override is no part of it, or the wing does not run under that Python.
        ToolFailedError: The interpreter or one of its libraries does not start.
    """
    _check_python(environment.python)
    home, tmp = scratch / "home", scratch / "tmp"
    for folder in (home, tmp):
        folder.mkdir(parents=True, exist_ok=True)

    def under(pinned: Mapping[str, str]) -> dict[str, str]:
        return pins.allowed_environment(venv=environment.path, wing=wing, home=home, tmp=tmp, pinned=pinned)

    flags, platform = machine.cpu_flags(), machine.platform_name()
    if exactness == "relaxed":
        pin, limits = pins.relaxed_pin(), ["exactness is relaxed: threads, BLAS and SIMD are not pinned"]
    else:
        free = ask(environment, wing, under(pins.relaxed_pin()))
        dispatch = free.get("numpy", {}).get("dispatch")
        pin, limits = pins.pin(flags, dispatch, _cpu_of(platform)), [*pins.limits(flags, platform)]
    if overrides:
        pin = pins.overridden(pin, overrides, flags, _cpu_of(platform))
        limits.append("the pin was overridden: " + " ".join(f"{name}={overrides[name]}" for name in sorted(overrides)))
    env = under(pin)
    facts = ask(environment, wing, env)
    check_pin(facts, pin)
    if "numpy" in facts and "blas" not in facts:
        limits.append("the lock has no threadpoolctl: whether BLAS took its core type cannot be asked")
    return Prepared(environment=environment, wing=wing, env=env, pin=pin, facts=facts, limits=tuple(limits))


def _check_python(version: str) -> None:
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_PYTHON:
        oldest = ".".join(str(part) for part in OLDEST_PYTHON)
        raise UserError(
            f"actum.yaml: environment.python: {version} is older than {oldest}, the oldest that the workers run under",
            hint=f'write python: "{oldest}" or later under environment: in actum.yaml, then run `actum lock`',
        )


def _cpu_of(platform: str) -> str:
    return platform.partition("-")[2]


def ask(environment: Environment, wing: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """Return the facts that *environment* reports under *env*; remembered beside it per wing, pin and CPU."""
    decisive = {name: value for name, value in env.items() if name not in _PRIVATE}
    cpu = [sorted(machine.cpu_flags()), machine.cpu_name(), machine.kernel_and_libc()]
    key = digests.of_value([wing_digest(wing.read_bytes()), decisive, cpu])
    remembered = environment.folder / "facts" / f"{key.removeprefix(digests.SHA256)[:20]}.json"
    if remembered.exists():
        found: dict[str, Any] = json.loads(remembered.read_bytes())
        return found
    facts = dict(sorted(call(environment.executable, "facts", {}, env).items()))
    replace(remembered, json.dumps(facts, indent=1).encode())
    return facts


def check_pin(facts: Mapping[str, Any], pin: Mapping[str, str]) -> None:
    """Check that what *pin* asks for is what the interpreter reports.

    Raises:
        UserError: A feature is on that the pin switches off, BLAS runs another core type, or several threads.
    """
    numpy = facts.get("numpy", {})
    still_on = sorted(set(pin.get(pins.DISABLE, "").split()) & set(numpy.get("enabled", ())))
    if still_on:
        raise UserError(
            f"the pin does not hold: numpy {numpy['version']} uses {' '.join(still_on)}, which {pins.DISABLE} names",
            hint=_RELAX,
        )
    for library in facts.get("blas", ()):
        _check_library(library, pin)


def _check_library(library: Mapping[str, Any], pin: Mapping[str, str]) -> None:
    name, core, wanted = library.get("internal_api", "blas"), library.get("architecture"), pin.get(pins.CORE_TYPE)
    if name == "openblas" and wanted is not None and str(core).lower() != wanted.lower():
        raise UserError(f"the pin does not hold: OpenBLAS computes for {core}, {wanted} was asked for", hint=_RELAX)
    threads = str(library.get("num_threads", ""))
    asked = pin.get("OPENBLAS_NUM_THREADS" if name == "openblas" else "OMP_NUM_THREADS", threads)
    if threads != asked:
        raise UserError(f"the pin does not hold: {name} has {threads} threads, {asked} was asked for", hint=_RELAX)
