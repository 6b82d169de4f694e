"""The interpreter asked for, exactly, or an error that names what is here."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from actum.environment.interpreters import find_interpreter, is_exact
from actum.errors import NotFoundError, UserError


@pytest.mark.parametrize(("python", "exact"), [("3.11", False), ("3.11.7", True), ("3.9", False)])
def test_an_exact_version_names_the_patch(python: str, exact: bool) -> None:
    assert is_exact(python) is exact


@pytest.mark.parametrize("python", ["3", "2.7", "3.11.7rc1", ">=3.11", "pypy3.11", "", "3.11; rm"])
def test_what_is_no_version_is_refused(python: str) -> None:
    with pytest.raises(UserError, match=r"environment\.python: .* is no version of Python"):
        is_exact(python)


def test_an_exact_version_is_found_exactly(tmp_path: Path, caller: Mapping[str, str], python: str) -> None:
    found = find_interpreter(python, cwd=tmp_path, caller=caller)

    assert found.version == python
    assert found.path.is_file()


def test_the_interpreter_of_the_tool_itself_is_found_with_an_empty_path(
    tmp_path: Path, caller: Mapping[str, str], python: str
) -> None:
    found = find_interpreter(python, cwd=tmp_path, caller={**caller, "PATH": "", "HOME": str(tmp_path)})

    assert (found.version, found.path.resolve().parent) == (python, Path(sys.base_prefix, "bin").resolve())


@pytest.mark.parametrize("python", ["3.99", "3.11.99"])
def test_a_missing_interpreter_is_named_with_those_that_are_here_and_never_replaced(
    tmp_path: Path, caller: Mapping[str, str], python: str
) -> None:
    with pytest.raises(NotFoundError) as missing:
        find_interpreter(python, cwd=tmp_path, caller=caller)

    here = ".".join(str(part) for part in sys.version_info[:3])
    assert str(missing.value).startswith(f"Python {python} is not on this machine; found: ")
    assert here in re.split(r"[ ,]+", str(missing.value))
    assert missing.value.hint.startswith(f"uv python install {python} ")
