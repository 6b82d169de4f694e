"""DVC's configuration, the remote, the disks: each broken for real."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actum.dvc.config import Remote
from actum.health.finding import Finding, note, wrong
from actum.health.storage import look_at_remote, look_at_storage
from tests.health.healthy_project import Project, bad


def look(project: Project) -> list[Finding]:
    return bad(look_at_storage(project.repo, project.env))


def configure(project: Project, text: str) -> None:
    project.commit(".dvc/config", text)


@contextmanager
def somebody_else() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_repository_without_dvc_is_a_finding(project: Project) -> None:
    project.git("rm", "-qr", ".dvc")
    shutil.rmtree(project.root / ".dvc")
    says = f"{project.root}: is no DVC project, it holds no .dvc folder"
    assert look(project) == [wrong("dvc project", says, "dvc init")]


def test_a_configuration_that_is_gone_comes_back_from_git(project: Project) -> None:
    (project.root / ".dvc" / "config").unlink()
    finding, remote = look(project)
    assert finding == wrong("dvc project", ".dvc/config is not there", "git checkout HEAD -- .dvc/config")
    assert remote.says == ".dvc/config: names no default remote"
    project.mend(finding)
    assert look(project) == []


def test_a_configuration_that_only_this_machine_has_is_a_finding(project: Project) -> None:
    project.git("rm", "-q", "--cached", ".dvc/config")
    project.git("commit", "-qm", "forgot it")
    mend = "git add .dvc/config && git commit"
    assert look(project) == [wrong("dvc project", ".dvc/config is not committed", mend)]


def test_without_a_remote_the_command_that_adds_one_is_named(project: Project) -> None:
    configure(project, "")
    mend = "dvc remote add --default storage /path/or/address"
    assert look(project) == [wrong("remote", ".dvc/config: names no default remote", mend)]


def test_a_configuration_that_cannot_be_read_is_told_without_its_line(project: Project) -> None:
    configure(project, "[core]\nsecret-without-equals\n")
    says = f"{project.root}/.dvc/config:2: is neither a [section] nor key = value"
    assert look(project) == [wrong("dvc project", says, "dvc config --list")]


def test_a_remote_folder_that_is_not_there_is_a_finding(project: Project) -> None:
    store = project.root.parent / "store"
    store.rmdir()
    [finding] = look(project)
    says = f"remote 'storage': {store} is not there"
    assert finding == wrong("remote", says, f"mkdir -p {store}  # or mount the disk that it is on")
    project.mend(finding)
    assert look(project) == []
    store.rmdir()
    store.write_text("")
    mend = "dvc remote modify storage url FOLDER"
    assert look(project) == [wrong("remote", f"remote 'storage': {store} is a file", mend)]


@pytest.mark.skipif(not os.stat("/").st_mode & 0o001, reason="only root may enter / on this machine")
def test_a_remote_folder_that_may_not_be_written_is_a_finding() -> None:
    remote = Remote(name="storage", url="/usr/share")
    with somebody_else():
        finding = look_at_remote(remote)
    says = "remote 'storage': /usr/share may not be written by you"
    assert finding == wrong("remote", says, "ls -ld /usr/share")


def test_a_remote_that_rewrites_dvc_lock_is_a_finding(project: Project) -> None:
    configure(project, "[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket/x\n    version_aware = true\n")
    [finding] = look(project)
    assert finding.says == "remote 's' is version_aware: a push would rewrite dvc.lock"
    assert finding.mend == "dvc remote modify s version_aware false"


def test_a_remote_that_dvc_has_no_plugin_for_is_a_finding() -> None:
    remote = Remote(name="cloud", url="oss://ana:secret@bucket/x")
    says = "remote 'cloud': dvc cannot reach oss://bucket/x"
    assert look_at_remote(remote) == wrong("remote", says, "python -m pip install dvc-oss")


def test_a_remote_elsewhere_is_not_asked_and_that_is_said() -> None:
    says = "remote 'web': https://example.org/x was not asked"
    assert look_at_remote(Remote(name="web", url="https://example.org/x")) == note("remote", says, "actum fsck")


def test_a_disk_with_too_little_room_is_a_finding(project: Project) -> None:
    found = bad(look_at_storage(project.repo, project.env, least_free=1 << 60))
    assert {(finding.check, finding.state) for finding in found} == {("disk", "wrong")}
    assert found[0].says.endswith(f"GiB are free on the disk of {project.root}, wanted are {2**30:.1f}")
    assert found[0].mend == "rm -r .actum/environments   (they are made anew when needed)"


def test_each_disk_is_looked_at_once(project: Project, tmp_path: Path) -> None:
    places = (project.root, tmp_path, Path(project.env.get("TMPDIR", "/tmp")))
    disks = {place.stat().st_dev for place in places}
    env = {**project.env, "ACTUM_ENVIRONMENTS": str(tmp_path / "shared" / "not" / "made")}
    found = [finding for finding in look_at_storage(project.repo, env) if finding.check == "disk"]
    assert len(found) == len(disks)
