"""The nightly proof as the action makes it: one job rebuilds and may not write, another pushes what it attested."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.action import steps
from tests.action.steps import Job, ready
from tests.journeys.world import World

BUNDLE = "actum-evidence.bundle"


@pytest.fixture
def origin(tiny: World) -> World:
    """The tiny project with its version at a stage, pushed to an origin beside it."""
    tiny.git("clone", "--quiet", "--bare", ".", "../origin.git")
    tiny.git("remote", "add", "origin", str(tiny.root / "origin.git"))
    tiny.git("push", "--quiet", "origin", "refs/actum/*:refs/actum/*")
    tiny.git("fetch", "--quiet")
    tiny.actum("promote", "tiny@v1.0.0", "--to", "staging")
    tiny.git("merge", "--quiet", "promote/tiny/staging")
    tiny.git("push", "--quiet", "origin", "main")
    return tiny


def job(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return a job in a fresh clone, on a machine that has seen nothing of the project."""
    kept = [one for one in steps.ACTION["runs"]["steps"] if not str(one.get("name", "")).startswith("Install")]
    monkeypatch.setitem(steps.ACTION, "runs", {"using": "composite", "steps": kept})
    world.git("clone", "--quiet", str(world.root / "origin.git"), f"../{name}")
    home = world.root / f"home-{name}"
    home.mkdir()
    env = {**world.env, "HOME": str(home), "GITHUB_SERVER_URL": "https://example.invalid"}
    return Job(world.root / name, ready(world.root / f"temp-{name}"), env)


def test_what_stands_at_a_stage_is_rebuilt_and_attested_once(origin: World, monkeypatch: pytest.MonkeyPatch) -> None:
    night = job(origin, "night", monkeypatch).run(command="rebuild")
    assert night.status == 0, night.said
    assert "VERDICT  bytes" in night.said
    assert night.uses[-1] == (
        "actions/upload-artifact@v4",
        {"name": "actum-evidence", "path": str(night.temp / BUNDLE), "retention-days": "7"},
    )

    push = job(origin, "push", monkeypatch)
    (push.temp / "actum-evidence").mkdir()
    shutil.copyfile(night.temp / BUNDLE, push.temp / "actum-evidence" / BUNDLE)
    assert push.run(command="evidence").status == 0, push.said
    origin.git("fetch", "--quiet", "origin", "actum/evidence:actum/evidence")
    assert len(origin.attestations()) == 1
    assert "github-actions[bot]" in origin.git("show", f"actum/evidence:{origin.attestations()[0]}")

    next_night = job(origin, "next", monkeypatch).run(command="rebuild")
    assert (next_night.status, next_night.outputs["rebuild"]) == (0, {"bundle": ""}), next_night.said
    assert [name for name, _ in next_night.uses] == ["actions/setup-python@v5"]


def test_a_version_that_cannot_be_rebuilt_fails_the_night_and_the_others_are_attested_all_the_same(
    origin: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = job(origin, "night", monkeypatch).run(command="rebuild", model="tiny@v1.0.0 tiny@v9.9.9")
    assert night.status == 1
    assert night.annotations == ["::error title=actum rebuild::tiny@v9.9.9: actum rebuild ended with status 1"]
    assert night.outputs["rebuild"]["bundle"] == str(night.temp / BUNDLE)
    assert Path(night.outputs["rebuild"]["bundle"]).is_file()
