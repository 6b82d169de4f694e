"""``actum ls --repo A --repo B``: one list over all, and what happens when one of them cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.cli.main import main
from actum.records.settings import Project
from tests.index.grown import Grown
from tests.real_git import git
from tests.records import samples

Said = tuple[int, str, str]


class Asked:
    """Run ``actum ls`` in a folder, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self._folder = capsys, folder

    def __call__(self, *words: str) -> Said:
        self._capsys.readouterr()
        status = main(["-C", str(self._folder), "ls", *words])
        printed = self._capsys.readouterr()
        return status, printed.out, printed.err

    def data(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self(*words, "--json")[1])["data"]
        return found


@pytest.fixture
def ls(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Asked:
    return Asked(capsys, tmp_path)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Grown, Grown]:
    """``claims`` with models m0 and m1, ``fraud`` with m0; the second lived two hours later."""
    made = []
    for name, models, minute in (("claims", 2, 0), ("fraud", 1, 120)):
        one = Grown(tmp_path / name)
        one.minute = minute
        one.begin(models=models, versions=3, events=2)
        one.commit({layout.SETTINGS: settings(name)})
        made.append(one)
    return made[0], made[1]


def settings(name: str, **known: Any) -> Any:
    return samples.settings(project=Project(name=name, owner="ana"), **known)


BOTH = ("--repo", "claims", "--repo", "fraud")


def test_one_table_names_the_repository_of_each_model(two: tuple[Grown, Grown], ls: Asked) -> None:
    status, out, err = ls(*BOTH)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "repository  model  title    newest  stands            since              owner",
        "claims      m0     model 0  1.2.0   production 1.1.0  2026-01-01 00:05Z  ana",
        "                                    staging 1.0.0     2026-01-01 00:04Z",
        "claims      m1     model 1  1.2.0   production 1.1.0  2026-01-01 00:10Z  ana",
        "                                    staging 1.0.0     2026-01-01 00:09Z",
        "fraud       m0     model 0  1.2.0   production 1.1.0  2026-01-01 02:05Z  ana",
        "                                    staging 1.0.0     2026-01-01 02:04Z",
    ]


@pytest.mark.parametrize("what", ["models", "versions", "stages", "events"])
def test_every_row_for_programs_says_its_repository_and_is_else_the_same(
    what: str, two: tuple[Grown, Grown], ls: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ls.data(what, *BOTH)
    alone = []
    for name in ("fraud", "claims") if what == "events" else ("claims", "fraud"):
        alone += [{"repository": name} | row for row in Asked(capsys, two[0].repo.root.parent / name).data(what)]
    assert found == alone


def test_what_happened_is_told_newest_first_over_all(two: tuple[Grown, Grown], ls: Asked) -> None:
    claims = two[0]
    claims.minute = 500
    version = claims.version("m0", "2.0.0")
    claims.commit({layout.version("m0", "2.0.0"): version} | claims.moved(claims.promotion(version, "staging")))
    rows = ls.data("events", *BOTH)
    assert [row["repository"] for row in rows] == ["claims", "fraud", "fraud", "claims", "claims", "claims", "claims"]
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    limited = ls.data("events", *BOTH, "--limit", "2")
    assert limited == rows[:2]


def test_sorting_and_limits_are_over_all(two: tuple[Grown, Grown], ls: Asked) -> None:
    rows = ls.data("versions", *BOTH, "--sort", "-auc", "--limit", "4")
    assert [row["repository"] for row in rows] == ["fraud", "fraud", "fraud", "claims"]
    status, _, err = ls("versions", *BOTH, "--sort", "aux")
    assert (status, err) == (2, "error: --sort aux: no row has aux, did you mean auc?\n")


def test_each_is_read_as_it_held_on_the_date(two: tuple[Grown, Grown], ls: Asked) -> None:
    rows = ls.data("stages", *BOTH, "--at", "2026-01-01T01:00:00Z")
    stood = [(row["repository"], row["model"], row["stage"], row.get("version")) for row in rows]
    assert stood == [
        ("claims", "m0", "production", "1.1.0"),
        ("claims", "m0", "staging", "1.0.0"),
        ("claims", "m1", "production", "1.1.0"),
        ("claims", "m1", "staging", "1.0.0"),
        ("fraud", "m0", "production", None),
        ("fraud", "m0", "staging", None),
    ]


def test_one_that_cannot_be_read_is_named_and_the_others_are_listed(two: tuple[Grown, Grown], ls: Asked) -> None:
    root = two[0].repo.root.parent
    (root / "empty").mkdir()
    git(root / "empty", "init", "-q")
    two[1].commit({layout.SETTINGS: b"schema: settings/1\n"})
    status, out, err = ls(*BOTH, "--repo", "empty", "--repo", "nowhere", "--json")
    assert status == 1
    whole = json.loads(out)
    assert {row["repository"] for row in whole["data"]} == {"claims"}
    assert whole["warnings"] == [
        "fraud: actum.yaml: project: is required",
        "empty: the repository has no commit yet",
        f"nowhere: {root}/nowhere is not a folder",
    ]
    status, out, err = ls(*BOTH, "--repo", "nowhere")
    assert (status, out.count("claims"), err.count("warning: ")) == (1, 2, 2)


def test_where_none_can_be_read_there_is_no_list(ls: Asked, tmp_path: Path) -> None:
    said = f"error: a: {tmp_path}/a is not a folder\nb: {tmp_path}/b is not a folder\n"
    assert ls("--repo", "a", "--repo", "b") == (1, "", said)


def test_a_model_that_only_one_has_is_listed_of_that_one(two: tuple[Grown, Grown], ls: Asked) -> None:
    assert {row["repository"] for row in ls.data("versions", "m1", *BOTH)} == {"claims"}
    assert {row["repository"] for row in ls.data("versions", "m0", *BOTH)} == {"claims", "fraud"}
    status, _, err = ls("versions", "m7", *BOTH)
    assert (status, err.splitlines()[0]) == (1, "error: there is no model m7 (there is m0, m1)")


def test_two_clones_of_one_project_are_told_apart_and_one_clone_is_listed_once(
    two: tuple[Grown, Grown], ls: Asked
) -> None:
    git(two[1].repo.root.parent, "clone", "-q", "fraud", "again")
    (two[1].repo.root / "deep").mkdir()
    folders = ("fraud", "again", "fraud/deep", "fraud/../fraud")
    rows = ls.data(*(word for folder in folders for word in ("--repo", folder)))
    assert [row["repository"] for row in rows] == ["fraud (fraud)", "fraud (again)"]


def test_remarks_say_which_repository_they_are_about(two: tuple[Grown, Grown], ls: Asked) -> None:
    two[1].commit({layout.SETTINGS: settings("fraud", clock="simulated")})
    two[0].commit({layout.card("m1"): b"schema: model/1\nmodel: m1\n"})
    status, _, err = ls(*BOTH)
    assert (status, err.splitlines()) == (
        0,
        [
            "warning: claims: registry/m1/model.yaml: owner: is required",
            "warning: fraud: clock: simulated",
        ],
    )


def test_one_folder_alone_is_named_too(two: tuple[Grown, Grown], ls: Asked) -> None:
    assert [row["repository"] for row in ls.data("--repo", "fraud")] == ["fraud"]
