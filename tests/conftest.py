"""What holds for every test: a home of its own, no git of the user's, a known clock zone, and nothing of it left."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from actum.git.repository import Git
from tests.real_git import Commit, git, write

# A suite that was started in the background is deaf to ctrl-C, and so would be the commands that it interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A clock says how busy the machine is, not whether a rule holds.
settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")
# Asked before anything is pinned: what it names must not change, save the caches.
REAL_HOME = Path.home()
ROOT = Path(__file__).resolve().parents[1]
GIT_SETTINGS = """\
[user]
name = Ana
email = ana@example.org
[init]
defaultBranch = main
[commit]
gpgsign = false
[protocol "file"]
allow = always
"""
_LEAKS = ("GIT_", "ACTUM_", "XDG_", "DVC_", "BASH_ENV", "VIRTUAL_ENV", "EMAIL", "NO_COLOR", "FORCE_COLOR", "CLICOLOR")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_WRITING_EVENTS = frozenset(
    {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="DIR", help="keep pictures of the pages that a browser was shown in DIR")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite takes every processor; what is asked for by name runs in this process."""
    return 0 if config.args_source is config.ArgsSource.ARGS else len(os.sched_getaffinity(0))


class HomeGuard:
    """Hear of each file that this process writes, and keep those that lie in the real home."""

    def __init__(self, allowed: tuple[Path, ...]) -> None:
        self.found: list[str] = []
        self._allowed = tuple(f"{os.path.realpath(path)}/" for path in allowed)
        self._home = f"{os.path.realpath(REAL_HOME)}/"

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        writes = event in _WRITING_EVENTS or (event == "open" and _opens_to_write(arguments))
        place = 1 if event == "os.symlink" else 0  # what a link says is written nowhere but into the link
        path = arguments[place] if writes and len(arguments) > place else None
        if isinstance(path, (str, os.PathLike)):
            text = os.path.abspath(os.fspath(path))
            if isinstance(text, str) and text.startswith(self._home) and not f"{text}/".startswith(self._allowed):
                self.found.append(f"{event} {text}")


def _opens_to_write(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0
    return isinstance(flags, int) and flags & _WRITES != 0


def real_caches(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep uv and pip as warm, and as configured, as they are outside of the tests."""
    caches = Path(environ.get("XDG_CACHE_HOME") or REAL_HOME / ".cache")
    settings = Path(environ.get("XDG_CONFIG_HOME") or REAL_HOME / ".config")
    data = Path(environ.get("XDG_DATA_HOME") or REAL_HOME / ".local/share")
    found = {
        "UV_CACHE_DIR": caches / "uv",
        "PIP_CACHE_DIR": caches / "pip",
        "UV_PYTHON_INSTALL_DIR": data / "uv/python",
    }
    files = {
        "PIP_CONFIG_FILE": (settings / "pip/pip.conf", REAL_HOME / ".pip/pip.conf"),
        "UV_CONFIG_FILE": (settings / "uv/uv.toml",),
    }
    found |= {name: path for name, paths in files.items() for path in paths if path.is_file()}
    return {name: str(path) for name, path in found.items() if name not in environ}


def pin(place: pytest.MonkeyPatch, home: Path) -> None:
    """Give the process a home, git settings and a zone that are nobody's."""
    for name in [name for name in os.environ if name.startswith(_LEAKS)]:
        place.delenv(name)
    (home / ".gitconfig").write_text(GIT_SETTINGS)
    fixed = {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    fixed |= {"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "DVC_NO_ANALYTICS": "1"}
    fixed |= {"DVC_SITE_CACHE_DIR": str(home / "dvc-site")}
    for name, value in fixed.items():
        place.setenv(name, value)


@pytest.fixture(scope="session")
def shared_environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which locked environments are made once for all tests of the session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "environments"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def _session_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Pin what fixtures of the whole session see."""
    with pytest.MonkeyPatch.context() as place:
        for name, value in real_caches(os.environ).items():
            place.setenv(name, value)
        pin(place, tmp_path_factory.mktemp("session-home"))
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def _home_guard(_session_surroundings: None, tmp_path_factory: pytest.TempPathFactory) -> HomeGuard:
    caches = [Path(os.environ[name]) for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR") if name in os.environ]
    installed = [Path(path) for path in {sysconfig.get_path("purelib"), sys.prefix, sys.base_prefix}]
    guard = HomeGuard((ROOT, Path.cwd(), tmp_path_factory.getbasetemp().parent, *caches, *installed))
    sys.addaudithook(guard.hear)  # it stays for good: Python has no way to take it off
    return guard


@pytest.fixture(autouse=True)
def _surroundings(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    shared_environments: Path,
    _home_guard: HomeGuard,
) -> Iterator[None]:
    """Give each test a home of its own, and fail the test that writes into the real one."""
    pin(monkeypatch, tmp_path_factory.mktemp("home"))
    monkeypatch.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
    _home_guard.found.clear()
    yield
    assert _home_guard.found == [], "the test wrote into the real home"


@pytest.fixture
def repo(tmp_path: Path) -> Git:
    """An empty repository on main."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    return Git(root)


@pytest.fixture
def commit(repo: Git) -> Commit:
    """Write one file, commit it, and return the commit."""

    def make(path: str, content: str | bytes) -> str:
        write(repo.root, path, content)
        git(repo.root, "--literal-pathspecs", "add", "--", path)
        git(repo.root, "commit", "-qm", f"Write {path!a}")
        return git(repo.root, "rev-parse", "HEAD")

    return make
