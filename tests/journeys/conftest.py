"""Real repositories, real remotes, real environments. What is slow to make is made once for all workers."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actum.environment.lock import make_lock
from actum.environment.uv import find_uv
from tests.journeys import projects, review
from tests.journeys.review import Review
from tests.journeys.world import World
from tests.made_once import once


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this session see."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "journeys"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def caller(shared: Path, shared_environments: Path) -> Mapping[str, str]:
    """A person's environment: a home with a name in it and nothing else; package tools reach what they reach here.

    Coverage is not passed on: commands are measured in this process, and it would slow down every DVC by a half.
    """
    home = shared / "home"
    home.mkdir(exist_ok=True)
    if not (home / ".gitconfig").exists():
        (home / ".gitconfig").write_text("[user]\n\tname = Ana\n\temail = ana@example.org\n")
    passed = ("UV_", "PIP_", "SSL_", "XDG_", "http_", "https_", "HTTP_", "HTTPS_", "NO_PROXY", "no_proxy", "REQUESTS_")
    env = {name: value for name, value in os.environ.items() if name.startswith(passed)}
    cache = subprocess.run([find_uv(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    kept = {"UV_CACHE_DIR": cache, "ACTUM_ENVIRONMENTS": str(shared_environments)}
    kept["DVC_SITE_CACHE_DIR"] = str(shared / "dvc-site")
    return {**env, **kept, "PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def python() -> str:
    return platform.python_version()


@pytest.fixture(scope="session")
def locked(shared: Path, caller: Mapping[str, str], python: str) -> Callable[..., str]:
    """Lock the named requirements; each set is resolved once."""

    def lock(*requirements: str) -> str:
        def make(folder: Path) -> None:
            (folder / "requirements.in").write_text("".join(f"{line}\n" for line in requirements))
            make_lock(folder, source="requirements.in", out="requirements.lock", python=python, caller=caller)

        name = "lock-" + "-".join(requirements).replace("=", "_")
        return (once(shared / name, make) / "requirements.lock").read_text()

    return lock


def _begin(world: World, files: Mapping[str, str], lock: str) -> None:
    """Make a repository by hand, as a person with git and DVC would."""
    world.repo.mkdir()
    world.remote.mkdir()
    world.git("init", "--quiet", "--initial-branch", "main")
    world.dvc("init", "--quiet")
    # Relative to the file it stands in, as DVC writes it: the whole world can be copied to another place.
    world.write(".dvc/config", "[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../remote\n")
    for path, text in {**files, "requirements.lock": lock, "data/rows.csv": projects.rows()}.items():
        world.write(path, text)
    tracked = ["data/rows.csv"]
    if world.model == "linear":
        lines = projects.rows().splitlines()[:41]
        world.write("registry/linear/probe.csv", "\n".join(line.rpartition(",")[0] for line in lines) + "\n")
        tracked.append("registry/linear/probe.csv")
    world.dvc("add", "--quiet", *tracked)
    world.commit("Begin")


@pytest.fixture(scope="session")
def tiny_begun(shared: Path, caller: Mapping[str, str], python: str, locked: Callable[..., str]) -> World:
    def make(folder: Path) -> None:
        _begin(World(folder, "tiny", caller), projects.tiny(python), locked("six==1.17.0"))

    return World(once(shared / "tiny-begun", make), "tiny", caller)


@pytest.fixture(scope="session")
def tiny_registered(shared: Path, tiny_begun: World) -> World:
    def make(folder: Path) -> None:
        folder.rmdir()
        world = tiny_begun.copy(folder)
        world.actum("run")
        world.actum("register", "tiny", "--version", "1.0.0")

    return World(once(shared / "tiny-registered", make), "tiny", tiny_begun.env)


@pytest.fixture(scope="session")
def linear_registered(shared: Path, caller: Mapping[str, str], python: str, locked: Callable[..., str]) -> World:
    def make(folder: Path) -> None:
        world = World(folder, "linear", caller)
        _begin(world, projects.linear(python), locked(*projects.LINEAR_REQUIREMENTS))
        world.actum("run")
        world.actum("register", "linear", "--version", "1.0.0")

    return World(once(shared / "linear-registered", make), "linear", caller)


@pytest.fixture(scope="session")
def pickled_run(shared: Path, caller: Mapping[str, str], python: str, locked: Callable[..., str]) -> World:
    def make(folder: Path) -> None:
        world = World(folder, "linear", caller)
        _begin(world, projects.pickled(python), locked(*projects.LINEAR_REQUIREMENTS))
        world.write("questions.csv", projects.questions())
        world.commit("Ask")
        world.actum("run")

    return World(once(shared / "pickled-run", make), "linear", caller)


@pytest.fixture(scope="session")
def pickled_decided(shared: Path, pickled_run: World) -> World:
    def make(folder: Path) -> None:
        folder.rmdir()
        world = pickled_run.copy(folder)
        world.actum("register", "linear", "--version", "1.0.0", "--allow-pickle")
        world.actum(*projects.DECIDE, "--allow-pickle")

    return World(once(shared / "pickled-decided", make), "linear", pickled_run.env)


@pytest.fixture(scope="session")
def review_begun(shared: Path, tiny_registered: World) -> World:
    def make(folder: Path) -> None:
        folder.rmdir()
        review.begin(tiny_registered.copy(folder))

    return World(once(shared / "review-begun", make), "tiny", tiny_registered.env)


@pytest.fixture(scope="session")
def review_approved(shared: Path, review_begun: World) -> World:
    def make(folder: Path) -> None:
        folder.rmdir()
        held = review.Review(review_begun.copy(folder))
        held.propose()
        held.approve()

    return World(once(shared / "review-approved", make), "tiny", review_begun.env)


@pytest.fixture
def proposed(review_begun: World, tmp_path: Path) -> Review:
    """Two versions on the trunk, one of them in production, and people who may let the other follow."""
    return review.Review(review_begun.copy(tmp_path / "world"))


@pytest.fixture
def approved(review_approved: World, tmp_path: Path) -> Review:
    """The same once Ana has proposed the promotion and Rosa has approved it."""
    return review.Review(review_approved.copy(tmp_path / "world"))


@pytest.fixture
def begun(tiny_begun: World, tmp_path: Path) -> World:
    """The tiny project before its first run."""
    return tiny_begun.copy(tmp_path / "world")


@pytest.fixture
def tiny(tiny_registered: World, tmp_path: Path) -> World:
    """The tiny project with tiny@v1.0.0."""
    return tiny_registered.copy(tmp_path / "world")


@pytest.fixture
def linear(linear_registered: World, tmp_path: Path) -> World:
    """The project of a linear model with linear@v1.0.0."""
    return linear_registered.copy(tmp_path / "world")


@pytest.fixture
def stages_of() -> Callable[[dict[str, object]], dict[str, str]]:
    """Return, for each stage of a run record, the run that executed it."""

    def of(run: dict[str, object]) -> dict[str, str]:
        stages = run["stages"]
        assert isinstance(stages, list), json.dumps(run)
        return {stage["name"]: stage["run"] for stage in stages}

    return of
