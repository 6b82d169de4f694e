"""A folder of wheels makes the environment with no network, whatever was built here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actum import digests
from actum.environment.lock import parse_lock
from actum.environment.venv import Environment, Environments
from actum.environment.wheels import Wheel, collect_wheels
from actum.errors import InvalidRecordError, NotFoundError, ToolFailedError, UserError

ENSURE = """
import os, sys
from pathlib import Path
from actum.environment.venv import Environments
folder, lock, wheels = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes(), Path(sys.argv[4])
made = Environments(folder, os.environ).ensure(lock, sys.argv[3], wheels=wheels)
print(made.created)
"""


@pytest.fixture(scope="module")
def lock(lock_of: Callable[..., bytes]) -> bytes:
    """One package with a wheel, one that must be built."""
    return lock_of("six==1.17.0", "antlr4-python3-runtime==4.9.3")


@pytest.fixture(scope="module")
def made(environments: Environments, lock: bytes, python: str) -> Environment:
    return environments.ensure(lock, python)


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, lock: bytes, made: Environment, caller: Mapping[str, str]
) -> tuple[Path, tuple[Wheel, ...]]:
    into = tmp_path_factory.mktemp("archive") / "wheels"
    return into, collect_wheels(lock, made, into, caller=caller)


def test_every_wheel_is_listed_with_its_hash_and_whether_the_lock_knows_it(
    folder: tuple[Path, tuple[Wheel, ...]],
) -> None:
    into, wheels = folder

    assert [(wheel.name, wheel.version, wheel.locked) for wheel in wheels] == [
        ("antlr4-python3-runtime", "4.9.3", False),
        ("six", "1.17.0", True),
    ]
    assert [wheel.sha256 for wheel in wheels] == [digests.of_file(into / wheel.file).sha256 for wheel in wheels]
    assert sorted(path.name for path in into.iterdir()) == sorted(
        ["requirements.lock", *(wheel.file for wheel in wheels)]
    )


def test_the_folder_carries_a_lock_over_the_bytes_that_are_in_it(folder: tuple[Path, tuple[Wheel, ...]]) -> None:
    into, wheels = folder
    own = parse_lock((into / "requirements.lock").read_text())

    assert {item.name: item.hashes for item in own} == {
        wheel.name: (wheel.sha256.removeprefix(digests.SHA256),) for wheel in wheels
    }


def test_collected_twice_the_bytes_are_the_same(
    tmp_path: Path, folder: tuple[Path, tuple[Wheel, ...]], lock: bytes, made: Environment, caller: Mapping[str, str]
) -> None:
    assert collect_wheels(lock, made, tmp_path / "again", caller=caller) == folder[1]
    assert (tmp_path / "again/requirements.lock").read_bytes() == (folder[0] / "requirements.lock").read_bytes()


def test_the_environment_is_made_from_the_folder_with_no_network(
    tmp_path: Path, folder: tuple[Path, tuple[Wheel, ...]], lock: bytes, caller: Mapping[str, str], python: str
) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], check=False).returncode != 0:
        pytest.skip("a machine without network needs `unshare -rn`")
    (tmp_path / "lock").write_bytes(lock)
    alone = {**caller, "UV_CACHE_DIR": str(tmp_path / "cache")}
    command: list[str | Path] = [
        sys.executable,
        "-c",
        ENSURE,
        tmp_path / "environments",
        tmp_path / "lock",
        python,
        folder[0],
    ]
    said = subprocess.run(["unshare", "-rn", *command], env=alone, capture_output=True, text=True, check=False)

    assert (said.stdout.strip(), said.returncode) == ("True", 0), said.stderr


def test_the_environment_of_a_folder_is_another_than_that_of_the_index(
    tmp_path: Path,
    folder: tuple[Path, tuple[Wheel, ...]],
    lock: bytes,
    made: Environment,
    caller: Mapping[str, str],
    python: str,
) -> None:
    offline = Environments(tmp_path, caller).ensure(lock, python, wheels=folder[0])

    assert (offline.lock, offline.key == made.key) == (made.lock, False)


def test_a_wheel_that_was_changed_is_not_installed(
    tmp_path: Path, folder: tuple[Path, tuple[Wheel, ...]], lock: bytes, caller: Mapping[str, str], python: str
) -> None:
    forged = tmp_path / "forged"
    shutil.copytree(folder[0], forged)
    wheel = forged / folder[1][1].file
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    alone = {**caller, "UV_CACHE_DIR": str(tmp_path / "cache")}

    with pytest.raises(ToolFailedError, match="cannot install the lock"):
        Environments(tmp_path / "environments", alone).ensure(lock, python, wheels=forged)


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        (lambda text: text.replace("six==1.17.0", "six==1.16.0"), "six==1.16.0 is not in the lock"),
        (lambda text: text[: text.index("six==")], "has no wheel of six"),
    ],
)
def test_a_folder_that_is_not_of_this_lock_is_refused(
    tmp_path: Path,
    folder: tuple[Path, tuple[Wheel, ...]],
    lock: bytes,
    caller: Mapping[str, str],
    python: str,
    edit: Callable[[str], str],
    finding: str,
) -> None:
    where = tmp_path / "requirements.lock"
    where.write_text(edit((folder[0] / "requirements.lock").read_text()))

    with pytest.raises(InvalidRecordError) as refused:
        Environments(tmp_path / "environments", caller).ensure(lock, python, wheels=tmp_path)

    assert str(refused.value) == f"{where}: {finding}"


def test_a_folder_without_a_lock_of_its_own_is_refused(
    tmp_path: Path, lock: bytes, caller: Mapping[str, str], python: str
) -> None:
    with pytest.raises(NotFoundError, match="a folder of wheels carries a lock of its own"):
        Environments(tmp_path / "environments", caller).ensure(lock, python, wheels=tmp_path)


def test_a_folder_that_holds_something_is_not_written_into(
    tmp_path: Path, lock: bytes, made: Environment, caller: Mapping[str, str]
) -> None:
    (tmp_path / "mine").touch()

    with pytest.raises(UserError, match="is there already and is not empty"):
        collect_wheels(lock, made, tmp_path, caller=caller)


def test_a_package_that_pip_cannot_get_leaves_no_folder(
    tmp_path: Path, made: Environment, caller: Mapping[str, str]
) -> None:
    forged = f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\n".encode()

    with pytest.raises(ToolFailedError, match="cannot collect the wheels: pip ended with status 1"):
        collect_wheels(forged, made, tmp_path / "wheels", caller=caller)

    assert list(tmp_path.iterdir()) == []
