"""The locked environment made ready: what is in it, what is said of it, and what is left of it."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from actum import digests, state
from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.environment.wheels import collect_wheels
from actum.environment.wing import build_wing
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.git.repository import Git
from actum.progress import silent
from actum.records.run import RunEnvironment
from actum.records.settings import EnvironmentSettings
from actum.records.version import Blob, ModelVersion, VersionEnvironment
from actum.workshop import Workshop, keep_wing, open_recorded_workshop, open_version_workshop, open_workshop
from tests.real_git import git, write
from tests.records.samples import version
from tests.workshop.conftest import Open


def scratch(root: Path) -> list[Path]:
    place = root / ".actum" / "scratch"
    return sorted(place.iterdir()) if place.is_dir() else []


def recorded(repo: Git, lock: bytes | None, described: RunEnvironment | VersionEnvironment, **more: str) -> Workshop:
    environ = {**os.environ, **{name: value for name, value in more.items() if name.isupper()}}
    return open_recorded_workshop(repo.root, lock, described, environ=environ, tell=silent, wheels=more.get("wheels"))


def registered(described: RunEnvironment, **changes: object) -> ModelVersion:
    """A version that was trained in that environment."""
    names = ("python", "platform", "lock", "lock_sha256", "wing", "exactness")
    environment = VersionEnvironment(**{name: getattr(described, name) for name in names})
    return version(environment=environment, **changes)


# ------------------------------------------------------------------ today's


def test_an_environment_that_a_commit_brought_along_is_not_opened(here: Git, opened: Open) -> None:
    write(here.root, ".actum/environments/x/complete.json", "{}")
    git(here.root, "add", "--force", ".actum")
    git(here.root, "commit", "-qm", "Bring it")
    with pytest.raises(UserError) as refused:
        opened()
    assert str(refused.value) == ".actum is in git, and what lies there may have come from anybody"
    assert refused.value.hint == "git rm -r --cached .actum && git commit"


def test_a_workshop_says_what_computes_in_it(opened: Open, lock: bytes, settings: EnvironmentSettings) -> None:
    shop = opened()
    wing = build_wing()
    described = shop.described
    assert (described.python, described.platform) == (settings.python, settings.platform)
    assert (described.lock, described.lock_sha256) == ("requirements.lock", digests.of_bytes(lock))
    assert described.wing.sha256 == digests.of_bytes(wing)
    assert described.wing.path == f"environments/wings/{digests.short(digests.of_bytes(wing))}.zip"
    assert (described.wing.size, described.exactness) == (len(wing), "strict")
    assert described.pin["PYTHONHASHSEED"] == "0"
    assert described.pin == shop.prepared.pin
    assert "packages" not in described.facts  # the lock says them


def test_a_worker_computes_in_the_locked_interpreter_with_a_home_of_its_own(opened: Open) -> None:
    shop = opened()
    assert shop.ask("facts", {})["python"]["version"] == shop.described.python
    env = shop.prepared.env
    assert (env["HOME"], env["TMPDIR"]) == (str(shop.private / "home"), str(shop.private / "tmp"))
    assert shop.private.stat().st_mode & 0o777 == 0o700


def test_the_shell_of_a_stage_gives_it_this_environment(opened: Open, tmp_path: Path) -> None:
    shop, book = opened(), tmp_path / "book"
    book.mkdir()
    shell = shop.write_shell(book)
    assert os.access(shell, os.X_OK)
    assert json.loads((book / "environment.json").read_bytes()) == dict(shop.prepared.env)


def test_the_home_goes_with_the_workshop(opened: Open, here: Git) -> None:
    shop = opened()
    assert scratch(here.root) == [shop.private]
    del shop
    gc.collect()
    assert scratch(here.root) == []


def test_a_pin_that_cannot_be_leaves_no_home(opened: Open, here: Git) -> None:
    with pytest.raises(UserError, match=r"^HOME is no part of the pin$"):
        opened(overrides={"HOME": "/elsewhere"})
    assert scratch(here.root) == []


def test_whoever_opens_one_sweeps_what_killed_commands_left_and_nothing_else(opened: Open, here: Git) -> None:
    alive, home, tree = (
        state.hold(here.root, "home"),
        state.hold(here.root, "score"),
        state.hold_worktree(here.root, "01JDC8"),
    )
    git(here.root, "worktree", "add", "-q", "--detach", str(tree.path / "checkout"))
    for held in (home, tree):
        os.close(held.lock)  # as the kernel does with a killed process
    shop = opened()
    assert scratch(here.root) == sorted([alive.path, shop.private])
    assert not tree.path.exists()
    assert git(here.root, "worktree", "list", "--porcelain").count("worktree ") == 1
    alive.release()


def test_without_a_committed_lock_there_is_none(here: Git, settings: EnvironmentSettings) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_workshop(here.root, None, settings, environ=os.environ, tell=silent)
    assert str(caught.value) == "requirements.lock is not committed"
    assert caught.value.hint == "actum lock && git add . && git commit"


def test_another_platform_s_results_are_not_computed_here(
    here: Git, lock: bytes, settings: EnvironmentSettings
) -> None:
    other = replace(settings, platform="darwin-arm64")
    with pytest.raises(UserError) as caught:
        open_workshop(here.root, lock, other, environ=os.environ, tell=silent)
    assert str(caught.value) == f"the project computes on darwin-arm64, this machine is {settings.platform}"
    assert caught.value.hint == "set environment.platform in actum.yaml to train here"


# ------------------------------------------------------------------ one on record


def test_the_wing_is_kept_where_dvc_gives_it_back(opened: Open, here: Git) -> None:
    described = opened().described
    paths = keep_wing(here.root, os.environ, described)
    assert paths == (f"{described.wing.path}.dvc", "environments/wings/.gitignore")
    git(here.root, "add", *paths)
    words = ["checkout", "-q", f"{described.wing.path}.dvc"]
    subprocess.run([sys.executable, "-m", "dvc", *words], cwd=here.root, check=True)
    assert (here.root / described.wing.path).read_bytes() == build_wing()
    assert set(here.dirty()) == set(paths)  # git is kept away from the zip
    assert keep_wing(here.root, os.environ, described) == paths


def test_a_recorded_workshop_has_the_wing_of_then_and_not_today_s(opened: Open, here: Git, lock: bytes) -> None:
    wing = build_wing() + b"\0"  # another one, of which zip readers see the same
    then = opened(wing=wing)
    keep_wing(here.root, os.environ, then.described)
    shutil.rmtree(here.root / ".actum" / "wings")
    again = recorded(here, lock, then.described)
    assert again.described == then.described
    assert again.prepared.wing.read_bytes() == wing


def test_a_wing_that_only_the_remote_has_is_fetched_and_one_that_nobody_has_is_said(
    opened: Open, here: Git, lock: bytes
) -> None:
    described = opened().described
    paths = keep_wing(here.root, os.environ, described)
    subprocess.run([sys.executable, "-m", "dvc", "push", "-q", paths[0]], cwd=here.root, check=True)
    cached = cache_of(read_config(here.root, os.environ)).path(described.wing.md5)
    cached.unlink()
    assert recorded(here, lock, described).described == described
    cached.unlink()
    write(here.root, ".dvc/config", "")
    with pytest.raises(NotFoundError) as caught:
        recorded(here, lock, described)
    assert (
        str(caught.value) == f"{described.wing.path} ({described.wing.md5}) is not in the cache, and there is no remote"
    )


def test_a_lock_that_is_not_the_recorded_one_makes_no_environment(opened: Open, here: Git, lock: bytes) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        recorded(here, lock + b"# more\n", opened().described)
    assert str(caught.value) == "requirements.lock is not the lock that the record names"
    assert caught.value.hint == "actum fsck"


def test_with_a_wheelhouse_no_index_is_needed(opened: Open, here: Git, lock: bytes, tmp_path: Path) -> None:
    shop = opened()
    keep_wing(here.root, os.environ, shop.described)
    collect_wheels(lock, shop.prepared.environment, tmp_path / "wheels", caller=os.environ)
    kept = cache_of(read_config(here.root, os.environ)).put_dir(tmp_path / "wheels")
    alone = {"ACTUM_ENVIRONMENTS": str(tmp_path / "fresh"), "UV_CACHE_DIR": str(tmp_path / "empty"), "UV_OFFLINE": "1"}
    with pytest.raises(UserError):
        recorded(here, lock, shop.described, **alone)
    made = recorded(here, lock, shop.described, wheels=kept.md5, **alone)
    assert made.prepared.environment.created
    assert made.described == shop.described


# ------------------------------------------------------------------ a version's


def open_version(repo: Git, made: ModelVersion) -> Workshop:
    return open_version_workshop(repo, made, environ=os.environ, tell=silent)


def test_the_lock_of_a_version_is_that_of_its_commit_and_not_the_one_of_now(opened: Open, here: Git) -> None:
    described = opened().described
    keep_wing(here.root, os.environ, described)
    then = here.head()
    write(here.root, "requirements.lock", "six==1.16.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    git(here.root, "commit", "-qam", "Another lock")
    assert open_version(here, registered(described, code_commit=then, result_commit="0" * 40)).described == described
    assert open_version(here, registered(described, code_commit="0" * 40, result_commit=then)).described == described


def test_where_its_commits_are_gone_the_lock_is_found_by_its_content(opened: Open, here: Git) -> None:
    described = opened().described
    keep_wing(here.root, os.environ, described)
    blob = here.tree(here.head())["requirements.lock"].blob
    squashed = registered(described, content=(Blob(path="requirements.lock", blob=blob),))
    assert open_version(here, squashed).described == described


def test_a_commit_that_only_origin_keeps_is_fetched_by_its_ref(opened: Open, here: Git, tmp_path: Path) -> None:
    described = opened().described
    keep_wing(here.root, os.environ, described)
    commit, ref = here.head(), "refs/actum/versions/churn/1.1.0"
    git(tmp_path, "clone", "-q", "--bare", str(here.root), "origin.git")
    git(tmp_path / "origin.git", "update-ref", ref, commit)
    git(here.root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(here.root, "checkout", "-q", "--orphan", "bare")
    git(here.root, "rm", "-q", "--cached", "requirements.lock")
    git(here.root, "commit", "-qm", "Nothing of it")
    git(here.root, "branch", "-qD", "main")
    git(here.root, "reflog", "expire", "--expire=now", "--all")
    git(here.root, "gc", "-q", "--prune=now")
    assert here.resolve(commit) is None
    made = registered(described, code_commit=commit, result_commit=commit)
    assert open_version(here, made).described == described
    assert here.resolve(ref) == commit


def test_a_lock_that_is_nowhere_is_said_with_where_it_may_be(opened: Open, here: Git) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_version(here, registered(opened().described))
    assert str(caught.value) == "churn@v1.1.0: its requirements.lock is at none of its commits here"
    assert caught.value.hint == "git fetch origin 'refs/actum/*:refs/actum/*'"
