from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from actum.dvc.config import Remote, read_config, worktree_config
from actum.errors import InvalidRecordError, NotFoundError
from tests.dvc.dvc_project import Project

SECRET = "s3cr,et #1"


def test_the_later_file_wins_and_relative_places_start_at_their_file(project: Project, tmp_path: Path) -> None:
    outer = tmp_path / "home" / ".config" / "dvc"
    outer.mkdir(parents=True)
    (outer / "config").write_text(
        "[core]\n    remote = other\n[cache]\n    dir = ../shared\n['remote \"Far\"']\n url = s3://b/k\n"
    )
    (project.root / ".dvc" / "config.local").write_text(f"['remote \"far\"']\n  PASSWORD = '{SECRET}'  # mine\n")
    config = read_config(project.root, project.env)
    assert config.default_remote == "storage"
    assert config.remote().path == project.store
    assert config.cache_dir == tmp_path / "home" / ".config" / "shared"
    assert config.remote("Far") == Remote(name="far", url="s3://b/k", settings={"password": SECRET})
    assert config.remote("far").path is None


def test_dvc_and_we_read_the_same_configuration(project: Project) -> None:
    local = project.root / ".dvc" / "config.local"
    local.write_text(
        "[cache]\ndir=~/cache dir\ntype = reflink, copy\n['remote \"k\"']\nurl = ssh://u@h/p # where\n"
        "keyfile = keys/id\nport = 22\n[ 'remote \"deep\"' ]\n url = remote://storage/inner\n"
    )
    code = (
        "import json,sys; from dvc.config import Config; c = Config(sys.argv[1]);"
        "print(json.dumps([c['cache']['dir'], c['remote']['k'], c['core']['remote'], c['remote']['storage']['url']]))"
    )
    theirs = subprocess.run(
        [sys.executable, "-c", code, str(project.root / ".dvc")], env=project.env, capture_output=True, check=True
    )
    config = read_config(project.root, project.env)
    key = config.remote("k")
    cache, theirs_key, default, url = json.loads(theirs.stdout)
    assert (str(config.cache_dir), config.default_remote, config.remote().url) == (cache, default, url)
    # DVC adds its own defaults to a remote, and turns numbers into numbers.
    assert {"url": key.url, **key.settings}.items() <= {name: str(value) for name, value in theirs_key.items()}.items()
    assert config.remote("deep").path == project.store / "inner"


def test_credentials_are_never_shown(project: Project) -> None:
    local = project.root / ".dvc" / "config.local"
    local.write_text(f'[\'remote "far"\']\nurl = https://ana:{"x" * 9}@host/p\npassword = "{SECRET}"\n')
    config = read_config(project.root, project.env)
    assert config.remote("far").shown == "https://host/p"
    assert "s3cr" not in repr(config)
    assert "xxx" not in repr(config)
    local.write_text(f"['remote \"far\"']\npassword {SECRET}\n")
    with pytest.raises(InvalidRecordError) as caught:
        read_config(project.root, project.env)
    assert str(caught.value) == f"{local}:2: is neither a [section] nor key = value"


def test_a_missing_remote_names_the_command_that_adds_one(project: Project) -> None:
    (project.root / ".dvc" / "config").write_text("")
    with pytest.raises(NotFoundError) as caught:
        read_config(project.root, project.env).remote()
    assert str(caught.value) == ".dvc/config: names no default remote"
    assert caught.value.hint == "dvc remote add --default storage /path/or/address"
    (project.root / ".dvc" / "config").write_text("['remote \"a\"']\nurl = /x\n")
    with pytest.raises(NotFoundError) as caught:
        read_config(project.root, project.env).remote()
    assert caught.value.hint == "dvc remote default a"
    with pytest.raises(NotFoundError, match="there is no remote 'b', known: a"):
        read_config(project.root, project.env).remote("b")


def test_a_folder_without_dvc_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        read_config(tmp_path, {})
    assert (str(caught.value), caught.value.hint) == (
        f"{tmp_path}: is no DVC project, it holds no .dvc folder",
        "dvc init",
    )


def test_a_worktree_gets_cache_remotes_and_credentials_of_the_main_checkout(project: Project, tmp_path: Path) -> None:
    (project.root / ".dvc" / "config.local").write_text(
        f"['remote \"far\"']\nurl = s3://b/k\nverify = true\nsession_token = '{SECRET}'\n"
    )
    # The old commit has a remote of another address, which verifies: DVC would delete what does not match.
    config = read_config(project.root, project.env)
    (project.root / ".dvc" / "config").write_text(
        "[core]\nremote = storage\n['remote \"storage\"']\nurl = ../gone\nverify = true\n"
    )
    project.git("commit", "-qam", "old")
    tree = tmp_path / "tree"
    project.git("worktree", "add", "-q", "--detach", str(tree))
    (tree / ".dvc" / "config.local").write_bytes(worktree_config(config, site_cache_dir=tree / ".dvc" / "tmp" / "site"))
    inside = Project(tree, {k: v for k, v in project.env.items() if k != "DVC_SITE_CACHE_DIR"})
    listed = dict(line.split("=", 1) for line in inside.dvc("config", "--list").stdout.splitlines())
    assert listed["remote.storage.url"] == str(project.store)
    assert listed["remote.storage.verify"] == "false"
    assert listed["remote.far.verify"] == "false"
    assert listed["remote.far.session_token"] == SECRET
    assert listed["cache.dir"] == str(config.cache_dir)
    assert (listed["core.analytics"], listed["core.autostage"]) == ("false", "false")
    inside.dvc("checkout")
    assert (tree / "rows" / "deep" / "two").read_text() == "2\n"
    assert (tree / ".dvc" / "tmp" / "site").is_dir()
    assert not inside.git("status", "--porcelain")
