"""What a worker answers, refuses, or dies of. The workers here are small ones, run by the real interpreter."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from actum.environment.pins import allowed_environment, relaxed_pin
from actum.environment.workers import call
from actum.errors import ToolFailedError, UserError

ANSWER = "import json, sys; json.dump({answer}, open(sys.argv[2], 'w'))"
WORKERS = {
    "echo": ANSWER.format(answer="{'ok': True, 'got': json.load(open(sys.argv[1]))}"),
    "path": "import json, sys; json.dump({'ok': True, 'path': sys.path[:1]}, open(sys.argv[2], 'w'))",
    "refuse": ANSWER.format(answer="{'ok': False, 'error': 'no such column: x', 'hint': 'actum show'}")
    + "; sys.exit(1)",
    "silent": "import sys; print('half a word', file=sys.stderr); sys.exit(3)",
    "illegal": "import os, signal; os.kill(os.getpid(), signal.SIGILL)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "late": ANSWER.format(answer="{'ok': True}") + "; sys.exit(4)",
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    wing = tmp_path / "wing.zip"
    with zipfile.ZipFile(wing, "w") as archive:
        for name in ("actum/__init__.py", "actum/inside/__init__.py"):
            archive.writestr(name, "")
        for job, code in WORKERS.items():
            archive.writestr(f"actum/inside/{job}.py", code + "\n")
        archive.writestr("actum/features/__init__.py", "")
        archive.writestr(
            "actum/features/echo.py", WORKERS["echo"].replace("'ok': True", "'ok': True, 'of': 'features'")
        )
    tmp = tmp_path / "tmp"
    tmp.mkdir()
    return allowed_environment(venv=Path(sys.prefix), wing=wing, home=tmp, tmp=tmp, pinned=relaxed_pin())


def test_an_answer_comes_back_without_its_envelope(env: dict[str, str]) -> None:
    request = {"text": "é", "number": 0.1, "list": [1, None, True]}

    assert call(Path(sys.executable), "echo", request, env) == {"got": request}


def test_a_job_of_another_package_of_the_wing_is_named_with_it(env: dict[str, str]) -> None:
    assert call(Path(sys.executable), "features.echo", {}, env) == {"of": "features", "got": {}}


def test_nothing_is_left_in_the_temp_folder(env: dict[str, str]) -> None:
    call(Path(sys.executable), "echo", {}, env)

    assert list(Path(env["TMPDIR"]).iterdir()) == []


def test_the_wing_comes_first_on_the_path_not_the_folder_it_runs_in(env: dict[str, str]) -> None:
    assert call(Path(sys.executable), "path", {}, env) == {"path": [env["PYTHONPATH"]]}


def test_a_refusal_keeps_its_message_and_hint(env: dict[str, str]) -> None:
    with pytest.raises(UserError) as refused:
        call(Path(sys.executable), "refuse", {}, env)

    assert (str(refused.value), refused.value.hint) == ("no such column: x", "actum show")


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("silent", "the worker silent ended with status 3 and gave no answer\nhalf a word"),
        ("late", "the worker late ended with status 4 and gave no answer\n"),
        ("illegal", "the worker illegal died of SIGILL"),
        ("killed", "the worker killed died of SIGKILL"),
    ],
)
def test_a_worker_that_dies_is_named_with_what_it_died_of(env: dict[str, str], job: str, message: str) -> None:
    with pytest.raises(ToolFailedError) as died:
        call(Path(sys.executable), job, {}, env)

    assert str(died.value) == message


def test_an_illegal_instruction_points_to_the_core_type(env: dict[str, str]) -> None:
    with pytest.raises(ToolFailedError) as died:
        call(Path(sys.executable), "illegal", {}, env)

    assert died.value.hint == (
        "the CPU lacks an instruction that a library or OPENBLAS_CORETYPE takes for granted: `actum doctor`"
    )
