"""The door: what it loads, what it says, and the status it ends with."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pkgutil
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import actum.cli
from actum.cli.main import COMMANDS, GROUPS, main
from actum.errors import InvalidRecordError, NotFoundError, RefusedError, ToolFailedError, UsageError, UserError

HEAVY = {
    *("yaml", "duckdb", "jsonschema", "rich", "dvc", "pandas", "numpy", "pyarrow", "sklearn", "skops", "joblib", "uv"),
    *("sqlite3", "asyncio", "http.client", "urllib.request", "unittest"),
}
LANDED = [name for name in COMMANDS if name in {module.name for module in pkgutil.iter_modules(actum.cli.__path__)}]


def actum_process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "actum", *words], capture_output=True, text=True, check=False, **options
    )


def loaded_by(*words: str) -> set[str]:
    """Return the modules that a command line has loaded when it ends."""
    script = "import sys; from actum.cli.main import main; main(sys.argv[1:]); "
    script += "print('\\n'.join(sys.modules), file=sys.stderr)"
    # What measures coverage loads modules of its own.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, env=env)
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("shwo",)])
def test_the_door_loads_no_command_and_nothing_heavy(words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words)
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("actum.cli.")}
    assert ours == {"actum.cli.main", "actum.cli.context", "actum.cli.screen"}


@pytest.mark.parametrize("name", ["ls", "show", "log", "diff", "lineage"])
def test_a_read_loads_nothing_heavy_but_yaml(name: str, tmp_path: Path) -> None:
    loaded = loaded_by("-C", str(tmp_path), name, *(("a", "b")[: {"show": 1, "lineage": 1, "diff": 2}.get(name, 0)]))
    assert not loaded & (HEAVY - {"yaml"})


def test_every_command_has_a_module_and_every_module_is_a_command() -> None:
    modules = {module.name for module in pkgutil.iter_modules(actum.cli.__path__)}
    commands = {name for name in modules if _is_command(name)}
    assert commands == set(COMMANDS)


def _is_command(name: str) -> bool:
    source = Path(actum.cli.__path__[0], f"{name}.py").read_text()
    return any(isinstance(node, ast.FunctionDef) and node.name == "command" for node in ast.parse(source).body)


def test_the_groups_hold_every_command_once() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)


@pytest.mark.parametrize("name", LANDED)
def test_every_command_has_a_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = importlib.import_module(f"actum.cli.{name}").command
    assert isinstance(command, click.Command)
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: actum {name} ")
    assert f"actum {name}" in (command.epilog or ""), "the epilog gives an example"
    assert all(isinstance(option, click.Argument) or option.help for option in command.params)


@pytest.mark.parametrize("name", LANDED)
def test_a_commands_first_line_is_no_contradiction_of_the_table(name: str) -> None:
    command = importlib.import_module(f"actum.cli.{name}").command
    assert command.get_short_help_str()
    assert COMMANDS[name][0].islower()
    assert not COMMANDS[name].endswith(".")


def test_help_names_every_command_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    lines = [line.strip() for line in out.splitlines()]
    for name, line in COMMANDS.items():
        assert any(found.split(maxsplit=1) == [name, line] for found in lines), name
    assert main(["-h"]) == 0
    assert capsys.readouterr().out == out


def test_the_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"actum {version('actum')}\n"


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException | Callable[[], int | None]) -> None:
    """Put a command in the place of `log` that does this."""

    @click.command()
    def command() -> int | None:
        if isinstance(error, BaseException):
            raise error
        return error()

    monkeypatch.setitem(sys.modules, "actum.cli.log", type("Module", (), {"command": command}))


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UserError("no", hint="actum ls"), 1, "error: no\nhint: actum ls\n"),
        (NotFoundError("not there"), 1, "error: not there\n"),
        (InvalidRecordError("a.yaml: bad"), 1, "error: a.yaml: bad\n"),
        (UsageError("what?"), 2, "error: what?\n"),
        (RefusedError("2 findings"), 3, "error: 2 findings\n"),
        (ToolFailedError("git failed"), 4, "error: git failed\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
    ],
)
def test_an_error_has_its_status_and_is_told_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    raising(monkeypatch, error)
    assert main(["log"]) == status
    assert tuple(capsys.readouterr()) == ("", said)


def test_a_bug_is_called_one_and_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, ZeroDivisionError("oh"))
    assert main(["log"]) == 70
    err = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in err
    assert err.endswith("error: this is a bug in actum, please report what is above\n")


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_returns_its_status(monkeypatch: pytest.MonkeyPatch, returned: int | None, status: int) -> None:
    raising(monkeypatch, lambda: returned)
    assert main(["log"]) == status


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shwo"], "Error: there is no command shwo, did you mean show?"),
        (["zzzzzz"], "Error: there is no command zzzzzz"),
        (["--colour"], "Error: No such option"),
        (["show"], "Error: Missing argument"),
        (["-C"], "Error: Option '-C' requires an argument."),
    ],
)
def test_a_command_line_that_cannot_be_understood_ends_with_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(said)


def test_a_folder_that_is_not_there_or_is_no_repository_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(tmp_path / "gone"), "log"]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/gone is not a folder\n"
    assert main(["-C", str(tmp_path), "log"]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path} is not in a git repository\nhint: actum init\n"


@pytest.mark.parametrize("words", [["--help"], ["log", "--help"]])
def test_a_reader_that_left_is_no_error(words: list[str]) -> None:
    child = subprocess.Popen([sys.executable, "-m", "actum", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()  # before it has written anything
    _, err = child.communicate()
    assert (child.returncode, err) == (0, b"")


def test_the_module_is_the_same_door() -> None:
    done = actum_process("shwo")
    assert done.returncode == 2
    assert done.stderr.endswith("Error: there is no command shwo, did you mean show?\n")


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_obeyed_on_a_terminal(variables: dict[str, str], coloured: bool) -> None:
    script = "import click, sys; from actum.cli import main as door\n"
    script += "command = click.Command('log', callback=lambda: click.echo(click.style('x', fg='red')))\n"
    script += "sys.modules['actum.cli.log'] = type('M', (), {'command': command})\n"
    script += "sys.exit(door.main(['log']))"
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine mounts nothing at /dev/pts: {error}")
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", **variables}
    subprocess.run([sys.executable, "-c", script], stdout=theirs, env=env, check=True)
    os.close(theirs)
    shown = os.read(ours, 1000)
    os.close(ours)
    assert (b"\x1b[31m" in shown) is coloured


def test_completion_knows_the_commands() -> None:
    env = {**os.environ, "_ACTUM_COMPLETE": "bash_complete", "COMP_WORDS": "actum reg", "COMP_CWORD": "1"}
    done = actum_process(env=env)
    assert (done.returncode, done.stdout) == (0, "plain,register\n")


def test_one_document_is_printed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    from actum.cli import output

    output.envelope("thing/1", {"é": 1.5}, clock="simulated", warnings=["old"], next_=["actum ls"])
    assert json.loads(capsys.readouterr().out) == {
        "schema": "thing/1",
        "clock": "simulated",
        "data": {"é": 1.5},
        "warnings": ["old"],
        "next": ["actum ls"],
    }
