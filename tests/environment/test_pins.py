"""What is pinned on which CPU, and that nothing of the caller reaches a stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum.environment.pins import (
    allowed_environment,
    core_type,
    disabled_features,
    limits,
    overridden,
    pin,
    relaxed_pin,
)
from actum.errors import UserError

HASWELL = frozenset({"pni", "ssse3", "sse4_1", "sse4_2", "avx", "avx2", "fma", "bmi2"})
NUMPY_24 = ("X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR")
AVX512 = ("AVX512F", "AVX512CD", "AVX512_KNL", "AVX512_KNM", "AVX512_SKX", "AVX512_CLX", "AVX512_CNL", "AVX512_ICL")
NUMPY_22 = ("SSSE3", "SSE41", "POPCNT", "SSE42", "AVX", "F16C", "FMA3", "AVX2", *AVX512)


def test_the_whole_pin_of_a_machine_with_avx2() -> None:
    assert pin(HASWELL, NUMPY_24, "x86_64") == {
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "BLIS_NUM_THREADS": "1",
        "NUMEXPR_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    }


def test_a_newer_cpu_is_pinned_like_an_older_one() -> None:
    newer = HASWELL | {"avx512f", "avx512cd", "avx512_vnni", "amx_tile"}

    assert pin(newer, NUMPY_24, "x86_64") == pin(HASWELL, NUMPY_24, "x86_64")


@pytest.mark.parametrize(
    ("dispatch", "machine", "off"),
    [
        (NUMPY_24, "x86_64", "X86_V4 AVX512_ICL AVX512_SPR"),
        (NUMPY_22, "x86_64", " ".join(AVX512)),
        (("X86_V3", "AVX10_2"), "AMD64", "AVX10_2"),
        (("ASIMDHP", "SVE"), "aarch64", "ASIMDHP SVE"),
        ((), "x86_64", ""),
    ],
)
def test_what_numpy_itself_lists_above_the_baseline_goes_off(dispatch: tuple[str, ...], machine: str, off: str) -> None:
    assert " ".join(disabled_features(dispatch, machine)) == off


@pytest.mark.parametrize("dispatch", [None, (), ("X86_V3",)])
def test_where_nothing_is_to_go_off_the_variable_is_absent(dispatch: tuple[str, ...] | None) -> None:
    assert "NPY_DISABLE_CPU_FEATURES" not in pin(HASWELL, dispatch, "x86_64")


@pytest.mark.parametrize(
    ("flags", "machine", "core"),
    [
        (HASWELL, "x86_64", "Haswell"),
        (HASWELL - {"fma"}, "x86_64", "Sandybridge"),
        (HASWELL - {"avx2", "avx"}, "x86_64", "Nehalem"),
        (frozenset({"pni"}), "x86_64", "Prescott"),
        (frozenset(), "x86_64", None),
        (frozenset({"asimd"}), "aarch64", "ARMV8"),
        (frozenset(), "arm64", None),
        (frozenset(), "ppc64le", None),
    ],
)
def test_the_core_type_is_the_best_that_the_cpu_has(flags: frozenset[str], machine: str, core: str | None) -> None:
    assert core_type(flags, machine) == core


@given(st.frozensets(st.sampled_from(sorted(HASWELL))))
def test_no_core_type_is_ever_named_that_the_cpu_lacks(flags: frozenset[str]) -> None:
    needs = {
        "Haswell": {"avx2", "fma"},
        "Sandybridge": {"avx"},
        "Nehalem": {"sse4_2"},
        "Prescott": {"pni"},
        None: set(),
    }

    assert needs[core_type(flags, "x86_64")] <= flags


def test_an_override_replaces_a_value_of_the_pin() -> None:
    pinned = pin(HASWELL, NUMPY_24, "x86_64")

    assert overridden(pinned, {"OPENBLAS_CORETYPE": "Nehalem"}, HASWELL, "x86_64") == {
        **pinned,
        "OPENBLAS_CORETYPE": "Nehalem",
    }


@pytest.mark.parametrize(
    ("overrides", "message", "hint"),
    [
        (
            {"OPENBLAS_CORETYPE": "SkylakeX"},
            "OPENBLAS_CORETYPE=SkylakeX: this CPU has no such core type, or it is not one that is checked",
            "name one of: Nehalem, Prescott, Sandybridge",
        ),
        (
            {"OPENBLAS_CORETYPE": "Haswell"},
            "OPENBLAS_CORETYPE=Haswell: this CPU has no such core type, or it is not one that is checked",
            "name one of: Nehalem, Prescott, Sandybridge",
        ),
        ({"LD_PRELOAD": "x.so"}, "LD_PRELOAD is no part of the pin", "leave LD_PRELOAD out"),
    ],
)
def test_an_override_that_would_crash_or_is_no_pin_is_refused(
    overrides: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UserError) as refused:
        overridden({}, overrides, HASWELL - {"fma"}, "x86_64")

    assert (str(refused.value), refused.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("flags", "platform", "said"),
    [
        (HASWELL, "linux-x86_64", ()),
        (
            HASWELL - {"avx2"},
            "linux-x86_64",
            ("this CPU has no AVX2 and FMA: its results are exact only among CPUs like it",),
        ),
        (
            frozenset(),
            "darwin-arm64",
            ("darwin-arm64: the CPU's features, libm and a system BLAS (Accelerate) cannot be pinned",),
        ),
        (frozenset(), "linux-riscv64", ("linux-riscv64: only threads, hash seed, zone and locale are pinned",)),
    ],
)
def test_what_cannot_be_pinned_is_said(flags: frozenset[str], platform: str, said: tuple[str, ...]) -> None:
    assert limits(flags, platform) == said


def test_a_child_is_given_exactly_the_allow_list() -> None:
    given_to_it = allowed_environment(
        venv=Path("/e/venv"),
        wing=Path("/e/wing.zip"),
        home=Path("/s/home"),
        tmp=Path("/s/tmp"),
        pinned=relaxed_pin(),
    )

    assert given_to_it == {
        "PATH": "/e/venv/bin:/usr/bin:/bin",
        "HOME": "/s/home",
        "TMPDIR": "/s/tmp",
        "SHELL": "/bin/sh",
        "PYTHONPATH": "/e/wing.zip",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
    }
