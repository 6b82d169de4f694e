"""The pin is asked of the locked numpy itself, and proved in the interpreter that will compute."""

from __future__ import annotations

import os
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from actum.environment import machine, pins
from actum.environment.facts import ask, check_pin, prepare
from actum.environment.venv import Environment
from actum.environment.workers import Prepared, run_worker
from actum.errors import UserError

EXACT_HERE = machine.platform_name() == "linux-x86_64"


def features_off(prepared: Prepared) -> list[str]:
    return prepared.pin["NPY_DISABLE_CPU_FEATURES"].split()


@pytest.mark.skipif(not EXACT_HERE, reason="names of x86-64 features")
def test_numpy_24_has_switched_off_what_its_own_list_names_above_v3(
    tmp_path: Path, numpy_24: Environment, wing: Path
) -> None:
    prepared = prepare(numpy_24, wing, scratch=tmp_path)

    assert features_off(prepared) == ["X86_V4", "AVX512_ICL", "AVX512_SPR"]
    assert set(prepared.facts["numpy"]["enabled"]) <= {"X86_V3"}


@pytest.mark.skipif(not EXACT_HERE, reason="names of x86-64 features")
def test_numpy_22_has_other_names_and_they_are_taken_from_it(tmp_path: Path, numpy_22: Environment, wing: Path) -> None:
    prepared = prepare(numpy_22, wing, scratch=tmp_path)

    assert features_off(prepared)[0] == "AVX512F"
    assert [name for name in prepared.facts["numpy"]["enabled"] if name.startswith("AVX512")] == []


@pytest.mark.parametrize("version", ["numpy_24", "numpy_22"])
def test_a_feature_that_the_cpu_lacks_is_switched_off_without_a_warning(
    tmp_path: Path, wing: Path, version: str, request: pytest.FixtureRequest
) -> None:
    environment: Environment = request.getfixturevalue(version)
    prepared = prepare(environment, wing, scratch=tmp_path)
    command: list[str | Path] = [
        environment.executable,
        "-W",
        "error",
        "-c",
        "import numpy; print(numpy.ones(3).sum())",
    ]
    said = subprocess.run(command, env=dict(prepared.env), capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout, said.stderr) == (0, "3.0\n", "")


def test_the_pin_is_what_the_facts_confirm(tmp_path: Path, numpy_24: Environment, wing: Path) -> None:
    prepared = prepare(numpy_24, wing, scratch=tmp_path)

    assert prepared.facts["python"]["version"] == numpy_24.python
    assert prepared.facts["packages"]["numpy"] == "2.4.6"
    assert [blas["num_threads"] for blas in prepared.facts["blas"]] == [1]
    assert prepared.limits == pins.limits(machine.cpu_flags(), machine.platform_name())
    if EXACT_HERE:
        assert [blas["architecture"] for blas in prepared.facts["blas"]] == [prepared.pin["OPENBLAS_CORETYPE"]]


def test_nothing_of_the_caller_reaches_the_interpreter(
    tmp_path: Path, numpy_24: Environment, wing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPY_ENABLE_CPU_FEATURES", "AVX512F")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    prepared = prepare(numpy_24, wing, scratch=tmp_path)
    command: list[str | Path] = [numpy_24.executable, "-c", "import numpy, os; print(sorted(os.environ))"]
    said = subprocess.run(command, env=dict(prepared.env), capture_output=True, text=True, check=True)

    assert said.stdout.strip() == str(sorted(prepared.env))


def test_facts_are_asked_once_per_wing_and_pin(tmp_path: Path, numpy_24: Environment, wing: Path) -> None:
    first = prepare(numpy_24, wing, scratch=tmp_path / "one")
    remembered = {path: path.stat().st_mtime_ns for path in (numpy_24.folder / "facts").iterdir()}
    again = prepare(numpy_24, wing, scratch=tmp_path / "two")

    assert again.facts == first.facts
    assert {path: path.stat().st_mtime_ns for path in (numpy_24.folder / "facts").iterdir()} == remembered


def test_another_wing_is_asked_anew(tmp_path: Path, six: Environment, wing: Path) -> None:
    prepare(six, wing, scratch=tmp_path)
    before = len(list((six.folder / "facts").iterdir()))
    other = tmp_path / "other.zip"
    other.write_bytes(wing.read_bytes())
    with zipfile.ZipFile(other, "a") as archive:
        archive.writestr("actum/inside/new.py", "")
    prepare(six, other, scratch=tmp_path)

    assert len(list((six.folder / "facts").iterdir())) == before + 2


def test_a_lock_without_numpy_has_a_pin_without_numpy(tmp_path: Path, six: Environment, wing: Path) -> None:
    prepared = prepare(six, wing, scratch=tmp_path)

    assert "NPY_DISABLE_CPU_FEATURES" not in prepared.pin
    assert "numpy" not in prepared.facts


def test_a_relaxed_project_is_not_pinned_and_says_so(tmp_path: Path, numpy_24: Environment, wing: Path) -> None:
    prepared = prepare(numpy_24, wing, scratch=tmp_path, exactness="relaxed")

    assert prepared.pin == pins.relaxed_pin()
    assert prepared.limits == ("exactness is relaxed: threads, BLAS and SIMD are not pinned",)


@pytest.mark.skipif(not EXACT_HERE, reason="core types of x86-64")
def test_a_core_type_that_did_not_take_hold_is_named(tmp_path: Path, numpy_24: Environment, wing: Path) -> None:
    prepared = prepare(numpy_24, wing, scratch=tmp_path)
    facts = ask(numpy_24, wing, {**prepared.env, "OPENBLAS_CORETYPE": "Nehalem"})

    with pytest.raises(UserError) as found:
        check_pin(facts, prepared.pin)

    wanted = prepared.pin["OPENBLAS_CORETYPE"]
    assert str(found.value) == f"the pin does not hold: OpenBLAS computes for Nehalem, {wanted} was asked for"


@pytest.mark.skipif(not EXACT_HERE, reason="core types of x86-64")
def test_an_overridden_pin_holds_is_recorded_and_said(tmp_path: Path, numpy_24: Environment, wing: Path) -> None:
    prepared = prepare(numpy_24, wing, scratch=tmp_path, overrides={"OPENBLAS_CORETYPE": "Nehalem"})

    assert prepared.pin["OPENBLAS_CORETYPE"] == prepared.env["OPENBLAS_CORETYPE"] == "Nehalem"
    assert [blas["architecture"] for blas in prepared.facts["blas"]] == ["Nehalem"]
    assert prepared.limits[-1] == "the pin was overridden: OPENBLAS_CORETYPE=Nehalem"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one CPU has one thread")
def test_threads_that_did_not_take_hold_are_named(tmp_path: Path, numpy_24: Environment, wing: Path) -> None:
    prepared = prepare(numpy_24, wing, scratch=tmp_path)
    facts = ask(numpy_24, wing, {**prepared.env, "OPENBLAS_NUM_THREADS": "2"})

    with pytest.raises(UserError, match="the pin does not hold: openblas has 2 threads, 1 was asked for"):
        check_pin(facts, prepared.pin)


def test_a_feature_that_stayed_on_is_named() -> None:
    facts = {"numpy": {"version": "2.4.6", "enabled": ["X86_V3", "X86_V4"]}}

    with pytest.raises(UserError) as found:
        check_pin(facts, {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL"})

    assert str(found.value) == ("the pin does not hold: numpy 2.4.6 uses X86_V4, which NPY_DISABLE_CPU_FEATURES names")


def test_a_python_that_is_too_old_for_the_wing_is_named(tmp_path: Path, six: Environment, wing: Path) -> None:
    with pytest.raises(UserError) as refused:
        prepare(replace(six, python="3.9.18"), wing, scratch=tmp_path)

    assert str(refused.value) == (
        "actum.yaml: environment.python: 3.9.18 is older than 3.11, the oldest that the workers run under"
    )


def test_a_prepared_environment_runs_any_worker_of_the_wing(tmp_path: Path, six: Environment, wing: Path) -> None:
    prepared = prepare(six, wing, scratch=tmp_path)

    assert run_worker(prepared, "facts", {"packages": ["six"]})["packages"] == {"six": "1.17.0"}
