"""What the kernel tells of the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from actum.environment.machine import cpu_flags, cpu_name, platform_name


@pytest.mark.parametrize(
    ("text", "flags", "name"),
    [
        (
            "processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu avx2 fma\n\nprocessor\t: 1\nflags\t\t: fpu\n",
            frozenset({"fpu", "avx2", "fma"}),
            "A CPU",
        ),
        ("processor\t: 0\nFeatures\t: fp asimd\n", frozenset({"fp", "asimd"}), ""),
        ("processor : 0\n", frozenset(), ""),
    ],
)
def test_flags_and_name_are_those_of_the_first_cpu(tmp_path: Path, text: str, flags: frozenset[str], name: str) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(text)

    assert (cpu_flags(cpuinfo), cpu_name(cpuinfo)) == (flags, name)


def test_where_the_system_does_not_tell_nothing_is_claimed(tmp_path: Path) -> None:
    assert (cpu_flags(tmp_path / "absent"), cpu_name(tmp_path / "absent")) == (frozenset(), "")


def test_a_platform_is_system_and_machine() -> None:
    system, machine = platform_name().split("-")

    assert system in {"linux", "darwin"}
    assert machine == machine.lower() != ""
