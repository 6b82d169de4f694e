"""An environment is what its lock says, or it is not there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actum.environment.lock import lock_digest
from actum.environment.venv import Environment, Environments, unused
from actum.errors import InvalidRecordError, NotFoundError, ToolFailedError


def packages(environment: Environment) -> list[str]:
    asked = (
        "import importlib.metadata as m; print(*sorted(d.name + ' ' + d.version for d in m.distributions()), sep='\\n')"
    )
    said = subprocess.run([environment.executable, "-I", "-c", asked], capture_output=True, text=True, check=True)
    return said.stdout.split("\n")[:-1]


def test_an_environment_holds_the_lock_and_nothing_else(six: Environment, six_lock: bytes, python: str) -> None:
    assert packages(six) == ["six 1.17.0"]
    assert (six.python, six.lock) == (python, lock_digest(six_lock))


def test_byte_code_is_compiled_once_when_the_environment_is_made(six: Environment) -> None:
    assert [path.name.split(".")[0] for path in six.path.glob("lib/python3*/site-packages/__pycache__/six.*")] == [
        "six"
    ]


def test_tests_that_packages_ship_are_not_compiled(numpy_24: Environment) -> None:
    folder = next(numpy_24.path.glob("lib/python3*/site-packages/numpy"))
    assert list(folder.glob("__pycache__/__init__.*.pyc"))
    assert (folder / "tests/__init__.py").is_file()
    assert not (folder / "tests/__pycache__").exists()


def test_the_second_time_it_is_only_found(environments: Environments, six: Environment, six_lock: bytes) -> None:
    lines: list[str] = []
    again = environments.ensure(six_lock, six.python, progress=lines.append)

    assert (again.path, again.key, again.created, lines) == (six.path, six.key, False, [])


def test_a_minor_version_finds_the_environment_of_its_patch(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str
) -> None:
    minor = python.rpartition(".")[0]
    first = Environments(tmp_path, caller).ensure(six_lock, minor)
    again = Environments(tmp_path, caller).ensure(six_lock, first.python)

    assert first.python.rpartition(".")[0] == minor
    assert (again.path, again.created) == (first.path, False)


def test_an_environment_whose_making_was_killed_is_made_anew(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str
) -> None:
    cache = Environments(tmp_path, caller)
    made = cache.ensure(six_lock, python)
    (made.folder / "complete.json").unlink()
    (made.path / "left-over").touch()
    lines: list[str] = []

    again = cache.ensure(six_lock, python, progress=lines.append)

    assert (again.path, again.created, (again.path / "left-over").exists()) == (made.path, True, False)
    assert lines == [
        f"removing an environment that is unfinished or was changed: {made.folder.name}",
        f"making the environment: 1 packages, python {python}",
    ]


def test_an_environment_that_somebody_installed_into_is_made_anew(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str
) -> None:
    cache = Environments(tmp_path, caller)
    made = cache.ensure(six_lock, python)
    next(made.path.glob("lib/python3*/site-packages")).joinpath("sneaked.py").touch()

    again = cache.ensure(six_lock, python)

    assert (again.created, packages(again)) == (True, ["six 1.17.0"])
    assert list(made.path.glob("lib/python3*/site-packages/sneaked.py")) == []


@pytest.mark.parametrize("damage", ["not json", "{}", '{"interpreter": "/absent/python"}'])
def test_an_unreadable_marker_is_no_marker(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str, damage: str
) -> None:
    cache = Environments(tmp_path, caller)
    made = cache.ensure(six_lock, python)
    (made.folder / "complete.json").write_text(damage)

    assert cache.ensure(six_lock, python).created is True
    assert json.loads((made.folder / "complete.json").read_bytes())["key"] == made.key


def test_two_that_want_the_same_environment_make_it_once(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str
) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: Environments(tmp_path, caller).ensure(six_lock, python), range(2)))

    assert sorted(one.created for one in both) == [False, True]


def test_another_lock_is_another_environment(
    tmp_path: Path, caller: Mapping[str, str], six: Environment, six_lock: bytes, python: str
) -> None:
    other = Environments(tmp_path, caller).ensure(b"# another head\n" + six_lock, python)

    assert other.key != six.key


def test_a_wrong_hash_is_refused_and_nothing_looks_finished(
    tmp_path: Path, caller: Mapping[str, str], python: str
) -> None:
    forged = f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\n".encode()

    with pytest.raises(ToolFailedError) as failed:
        Environments(tmp_path, caller).ensure(forged, python)

    assert str(failed.value).startswith("cannot install the lock: uv ended with status ")
    assert failed.value.hint.startswith("the index serves other bytes than the lock names")
    assert list(tmp_path.glob("*/complete.json")) == []


def test_an_index_that_does_not_answer_is_named_as_the_cause(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str
) -> None:
    nowhere = {
        **caller,
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_HTTP_RETRIES": "0",
    }

    with pytest.raises(ToolFailedError) as failed:
        Environments(tmp_path / "environments", nowhere).ensure(six_lock, python)

    assert failed.value.hint.startswith("the package index does not answer")


FULL_DISK = """
import os, sys
from pathlib import Path
from actum.environment.venv import Environments
from actum.errors import ToolFailedError
try:
    Environments(Path(sys.argv[1]), os.environ).ensure(sys.stdin.buffer.read(), sys.argv[2])
except ToolFailedError as error:
    print(error, error.hint, sep=chr(10))
"""


def test_a_full_disk_is_told_as_such(tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0:
        pytest.skip("a small disk needs `unshare -rm`")
    script = f"mount -t tmpfs -o size=48k none {tmp_path} && exec {sys.executable} -c '{FULL_DISK}' {tmp_path} {python}"
    said = subprocess.run(["unshare", "-rm", "sh", "-c", script], input=six_lock, capture_output=True, check=False)

    assert said.stdout.decode().strip().splitlines()[-1:] == ["free space on that disk, then run the command again"]


def test_a_lock_edited_by_hand_makes_no_environment(tmp_path: Path, caller: Mapping[str, str], python: str) -> None:
    with pytest.raises(InvalidRecordError, match=r"six==1\.17\.0 has no hash"):
        Environments(tmp_path, caller).ensure(b"six==1.17.0\n", python)

    assert list(tmp_path.glob("*/")) == []


def test_a_missing_interpreter_makes_no_environment(tmp_path: Path, caller: Mapping[str, str], six_lock: bytes) -> None:
    with pytest.raises(NotFoundError, match=r"Python 3\.98\.1 is not on this machine"):
        Environments(tmp_path, caller).ensure(six_lock, "3.98.1")

    assert list(tmp_path.glob("*/")) == []


def test_an_environment_tells_when_it_was_last_used(
    tmp_path: Path, caller: Mapping[str, str], six_lock: bytes, python: str
) -> None:
    cache = Environments(tmp_path, caller)
    made = cache.ensure(six_lock, python)
    month_ago = datetime.now(UTC) - timedelta(days=30)
    os.utime(made.folder / "complete.json", (0, 0))
    assert unused(tmp_path, month_ago) == (made.folder,)
    assert cache.ensure(six_lock, python).created is False
    assert unused(tmp_path, month_ago) == ()
    (made.folder / "complete.json").unlink()  # one that was never finished is as old as its folder
    os.utime(made.folder, (0, 0))
    assert unused(tmp_path, month_ago) == (made.folder,)
    assert unused(tmp_path / "nowhere", month_ago) == ()
