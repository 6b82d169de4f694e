"""The job that may write a comment: it finds its pull request by the commit, and takes the report for data."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.action.forge import BOT, HEAD, REPOSITORY, Forge, archive, pull, serving
from tests.action.steps import Job

MARKER = "<!-- actum: report of a check -->"
HEADER = f"{MARKER}\nChecked: {HEAD}, without secrets, by the workflow as the pull request has it.\n\n"
CLEAN = "### actum check: clean\n"


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge()) as made:
        yield made


def comment(forge: Forge, tmp_path: Path, event: dict[str, Any] | None = None, **inputs: str) -> Job:
    """Run the step in an empty folder: there is no repository to look at."""
    tmp_path.mkdir(exist_ok=True)
    place = tmp_path / "event.json"
    place.write_text(json.dumps(event or forge.event()))
    env = {"PATH": os.environ["PATH"], "GITHUB_API_URL": forge.address, "GITHUB_REPOSITORY": REPOSITORY}
    empty = tmp_path / "empty"
    empty.mkdir(exist_ok=True)
    return Job(empty, tmp_path / "temp", env | {"GITHUB_EVENT_PATH": str(place)}).run(command="comment", **inputs)


def bodies(forge: Forge) -> list[str]:
    return [one["body"] for one in forge.comments]


def test_the_report_becomes_a_comment_and_later_the_same_comment(forge: Forge, tmp_path: Path) -> None:
    forge.writes("Looks good", by="ana")
    forge.keeps(archive(CLEAN))
    assert comment(forge, tmp_path).status == 0
    assert bodies(forge) == ["Looks good", HEADER + CLEAN]
    forge.artifacts.clear()
    forge.keeps(archive("### actum check: refused\n"))
    assert comment(forge, tmp_path).status == 0
    assert bodies(forge) == ["Looks good", HEADER + "### actum check: refused\n"]
    before = len(forge.asked)
    assert comment(forge, tmp_path).status == 0
    assert {method for method, _, _ in forge.asked[before:]} == {"GET"}


def test_it_installs_nothing_and_uses_no_other_action(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive(CLEAN))
    job = comment(forge, tmp_path)
    assert job.uses == []
    assert not (job.temp / "actum").exists()


def test_the_marker_in_anybody_elses_comment_means_nothing(forge: Forge, tmp_path: Path) -> None:
    forge.writes(MARKER, by="mallory")
    forge.keeps(archive(CLEAN))
    assert comment(forge, tmp_path).status == 0
    assert bodies(forge) == [MARKER, HEADER + CLEAN]
    assert comment(forge, tmp_path, comment_author="mallory").status == 0
    assert bodies(forge)[0] == HEADER + CLEAN


def test_its_comment_is_found_on_whatever_page(forge: Forge, tmp_path: Path) -> None:
    for number in range(205):
        forge.writes(f"Comment {number}", by="ana")
    forge.writes(MARKER + "old")
    forge.keeps(archive(CLEAN))
    assert comment(forge, tmp_path).status == 0
    assert (len(forge.comments), bodies(forge)[205]) == (206, HEADER + CLEAN)


@pytest.mark.parametrize(
    "pulls",
    [
        [],
        [pull(sha="b" * 40)],
        [pull(home=2)],
        [{"number": 7, "head": {"sha": HEAD, "repo": None}}],
    ],
    ids=["closed", "went on", "another repository", "a fork that is gone"],
)
def test_only_an_open_pull_request_at_that_very_commit_is_meant(
    forge: Forge, tmp_path: Path, pulls: list[dict[str, Any]]
) -> None:
    forge.pulls = pulls
    forge.keeps(archive(CLEAN))
    job = comment(forge, tmp_path)
    assert (job.status, forge.comments) == (0, [])
    assert f"no open pull request is at {HEAD[:10]}" in job.said


def test_a_pull_request_from_a_fork_is_found(forge: Forge, tmp_path: Path) -> None:
    forge.pulls = [pull(3, home=1), pull(7, home=5)]
    forge.keeps(archive(CLEAN))
    home = {"id": 5, "owner": {"login": "mallory"}}
    assert comment(forge, tmp_path, forge.event(head_repository=home)).status == 0
    assert bodies(forge) == [HEADER + CLEAN]
    assert any("head=mallory%3Apromote%2Fchurn%2Fproduction" in path for _, path, _ in forge.asked)


def test_a_report_that_names_another_pull_request_does_not_reach_it(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive("pull request: 8\nnumber=8\n"))
    assert comment(forge, tmp_path).status == 0
    assert {path for method, path, _ in forge.asked if method == "POST"} == {f"/repos/{REPOSITORY}/issues/7/comments"}


@pytest.mark.parametrize("name", [".github/workflows/actum-check.yml", ".github/actions/x/action.yml"])
@pytest.mark.parametrize("key", ["filename", "previous_filename"])
def test_the_report_of_a_changed_workflow_is_not_shown(forge: Forge, tmp_path: Path, name: str, key: str) -> None:
    forge.files += [{"filename": f"src/{number}.py"} for number in range(150)]
    forge.files.append({"filename": "moved.yml", key: name})
    forge.keeps(archive("### actum check: clean, merge me\n"))
    assert comment(forge, tmp_path).status == 0
    assert len(bodies(forge)) == 1
    assert "is not shown: this pull request changes `.github/`" in bodies(forge)[0]
    assert "merge me" not in bodies(forge)[0]


def test_where_github_does_not_tell_all_files_nothing_is_believed(forge: Forge, tmp_path: Path) -> None:
    forge.files = [{"filename": f"src/{number}.py"} for number in range(3000)]
    forge.keeps(archive(CLEAN))
    assert comment(forge, tmp_path).status == 0
    assert "is not shown" in bodies(forge)[0]


def claiming(data: bytes, size: int) -> bytes:
    """Return the archive with another size of its member in both of its headers."""
    held = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        directory = opened.start_dir
    struct.pack_into("<L", held, 22, size)
    struct.pack_into("<L", held, directory + 24, size)
    return bytes(held)


REFUSED = {
    "two members": (archive(CLEAN, more=b"x"), "must hold actum-report.md and nothing else"),
    "another name": (archive(CLEAN, name="../../.bashrc"), "must hold actum-report.md and nothing else"),
    "a folder": (archive(b"", name="actum-report.md/"), "must hold actum-report.md and nothing else"),
    "no zip": (b"<html>", "cannot be read"),
    "nothing": (b"", "cannot be read"),
    "a bomb": (archive(b"0" * (64 << 20)), "has more than 262,144 bytes"),
    "a bomb that lies": (claiming(archive(b"0" * (64 << 20)), 10), "cannot be read"),
    "no text": (archive(b"\xff\xfe\x00"), "is not UTF-8"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_archive_must_hold_one_small_text(forge: Forge, tmp_path: Path, what: str) -> None:
    data, words = REFUSED[what]
    forge.keeps(data)
    job = comment(forge, tmp_path)
    assert (job.status, forge.comments) == (1, [])
    assert words in job.said, job.said


def test_a_large_archive_is_not_even_fetched(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive(CLEAN), size=2 << 20)
    job = comment(forge, tmp_path)
    assert (job.status, "has 2,097,152 bytes, must have at most 1,048,576" in job.said) == (1, True)
    assert [path for _, path, _ in forge.asked if path.endswith("zip")] == []


def test_an_archive_that_is_larger_than_was_said_is_cut_short(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive(os.urandom(2 << 20)), size=10)
    job = comment(forge, tmp_path)
    assert (job.status, "has more than 1,048,576 bytes" in job.said) == (1, True)


@pytest.mark.parametrize("kept", [0, 2])
def test_one_artifact_is_meant_or_none(forge: Forge, tmp_path: Path, kept: int) -> None:
    for _ in range(kept):
        forge.keeps(archive(CLEAN))
    forge.keeps(archive(CLEAN), expired=True)
    forge.keeps(archive(CLEAN), name="other")
    job = comment(forge, tmp_path)
    assert (job.status, f"the run has {kept} artifacts called actum-report, must have one" in job.said) == (1, True)


def test_nobody_is_called_up_and_nothing_unseen_is_shown(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive("@acme/everyone see churn@v1.0.0\x1b[31m\u202ereversed\r\n" + MARKER))
    assert comment(forge, tmp_path).status == 0
    assert bodies(forge) == [HEADER + "@\u200bacme/everyone see churn@v1.0.0\ufffd[31m\ufffdreversed\n"]


def test_a_long_report_fits_into_a_comment(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive("é" * 100_000))
    assert comment(forge, tmp_path).status == 0
    assert len(bodies(forge)[0]) <= 65_535
    assert bodies(forge)[0].endswith("(cut off: the artifact of the run has the rest)")


def test_the_token_goes_to_the_server_and_not_where_it_redirects(forge: Forge, tmp_path: Path) -> None:
    forge.keeps(archive(CLEAN))
    comment(forge, tmp_path)
    tokens = {path.startswith("/storage/"): token for _, path, token in forge.asked}
    assert tokens == {False: "Bearer a-token-that-opens-nothing", True: ""}


@pytest.mark.parametrize("event", [{"workflow_run": {"event": "push"}}, {"pull_request": {"number": 7}}])
def test_it_runs_after_a_check_of_a_pull_request_and_at_no_other_time(
    forge: Forge, tmp_path: Path, event: dict[str, Any]
) -> None:
    job = comment(forge, tmp_path, event)
    assert (job.status, forge.asked) == (1, [])
    assert "this is for workflow_run" in job.said


@pytest.mark.parametrize("path", ["pulls", "actions/runs/99/artifacts", "issues/7/comments"])
def test_a_server_that_refuses_is_an_error_that_names_what(forge: Forge, tmp_path: Path, path: str) -> None:
    forge.keeps(archive(CLEAN))
    forge.status[path] = 403
    job = comment(forge, tmp_path)
    assert (job.status, forge.comments) == (1, [])
    assert f"{path}: the server answered 403" in job.said


def test_a_server_out_of_reach_is_an_error(forge: Forge, tmp_path: Path) -> None:
    forge.address = "http://127.0.0.1:1"
    job = comment(forge, tmp_path)
    assert (job.status, "refused: 127.0.0.1: " in job.said) == (1, True)


def test_the_login_of_the_job_is_the_one_that_github_gives_it(forge: Forge, tmp_path: Path) -> None:
    forge.writes(MARKER, by=BOT)
    forge.keeps(archive(CLEAN))
    assert comment(forge, tmp_path).status == 0
    assert len(forge.comments) == 1
