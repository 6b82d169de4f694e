"""``actum doctor`` as a whole: what it prints, its exit status, and that it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actum.cli.main import main
from tests.health.healthy_project import Project


def everything(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_healthy_project_gets_a_short_list_and_exit_status_0(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    first, *more = capsys.readouterr().out.splitlines()
    assert more == []
    assert first.startswith("ok     git 2.")
    assert "identity Ana <ana@example.org>, head on main, history whole, clock not behind HEAD" in first
    assert f"dvc project .dvc/config, remote {project.root.parent}/store, disk " in first
    assert first.endswith("left behind nothing")


def test_every_finding_is_told_at_once_with_what_mends_it(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (project.root / "requirements.lock").unlink()
    (project.root.parent / "store").rmdir()
    project.git("switch", "-q", "--detach")
    assert main(["doctor"]) == 3
    out = capsys.readouterr().out.splitlines()
    store = project.root.parent / "store"
    assert out[:6] == [
        "wrong  lock: requirements.lock is not there",
        "       actum lock && git add requirements.lock && git commit",
        f"wrong  remote: remote 'storage': {store} is not there",
        f"       mkdir -p {store}  # or mount the disk that it is on",
        "note   head: HEAD is detached: reads and rebuild work, what commits to a branch refuses",
        "       git switch -c NAME",
    ]
    assert out[-1] == "2 things are wrong"


def test_json_has_all_findings_and_the_commands(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (project.root / "policies" / "trusted-types.txt").unlink()
    assert main(["doctor", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["data"]["wrong"], told["next"]) == ("doctor-report/1", 1, ["actum init"])
    found = [finding for finding in told["data"]["findings"] if finding["state"] == "wrong"]
    says = "policies/trusted-types.txt is not there"
    assert found == [{"check": "trusted types", "state": "wrong", "says": says, "mend": "actum init"}]


def test_looking_changes_nothing(project: Project) -> None:
    project.write("note.txt", "not ours")
    (project.root / ".git" / "index.lock").touch()
    before = everything(project.root.parent / "project")
    main(["doctor"])
    assert everything(project.root.parent / "project") == before


def test_a_folder_that_is_no_repository_is_told_to_begin(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plain").mkdir()
    assert main(["-C", str(tmp_path / "plain"), "doctor"]) == 3
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [f"wrong  repository: {tmp_path}/plain is not in a git repository", "       actum init"]


def test_a_folder_that_is_not_there_is_an_error_and_not_a_missing_git(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(tmp_path / "nowhere"), "doctor"]) == 1
    assert capsys.readouterr().err.splitlines()[0] == f"error: {tmp_path}/nowhere is not a folder"
