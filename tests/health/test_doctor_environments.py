"""Locked environments that nobody needs any more: how many, how large, and what removes them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from actum.health.environments import look_at_environments
from actum.health.finding import Finding, note, ok
from tests.health.healthy_project import Project, now

OLD, YOUNG = "0" * 20, "1" * 20


def environment(place: Path, name: str, days: int) -> Path:
    """An environment of two megabytes that was last used some days ago; where it is linked twice it is no larger."""
    home = place / name
    (home / "venv").mkdir(parents=True)
    (home / "venv" / "library.so").write_bytes(bytes(2 << 20))
    os.link(home / "venv" / "library.so", home / "venv" / "again.so")
    (home / "complete.json").touch()
    last = (now() - timedelta(days=days)).timestamp()
    os.utime(home / "complete.json", (last, last))
    return home


def look(project: Project) -> list[Finding]:
    return list(look_at_environments(project.repo, project.env, now()))


def test_environments_that_were_used_lately_are_let_alone(project: Project) -> None:
    project.env.pop("ACTUM_ENVIRONMENTS", None)
    good = [ok("environments", "all used within 90 days")]
    assert look(project) == good
    environment(project.root / ".actum" / "environments", YOUNG, days=89)
    assert look(project) == good


def test_environments_that_nobody_used_are_counted_and_removed_by_what_is_named(project: Project) -> None:
    project.env.pop("ACTUM_ENVIRONMENTS", None)
    place = project.root / ".actum" / "environments"
    old, young = environment(place, OLD, days=91), environment(place, YOUNG, days=1)
    [finding] = look(project)
    says = "1 was not used for 90 days, 2 MB; they are made anew when needed"
    mend = f"rm -rf .actum/environments/{OLD}/complete.json .actum/environments/{OLD}"
    assert finding == note("environments", says, mend)
    project.mend(finding)
    assert (old.exists(), young.exists()) == (False, True)
    assert look(project) == [ok("environments", "all used within 90 days")]


def test_environments_that_several_repositories_share_are_looked_at_where_they_are(
    project: Project, tmp_path: Path
) -> None:
    place = tmp_path / "shared"
    environment(place, OLD, days=100)
    environment(place, YOUNG, days=100)
    project.env["ACTUM_ENVIRONMENTS"] = str(place)
    [finding] = look(project)
    assert finding.says == "2 were not used for 90 days, 4 MB; they are made anew when needed"
    project.mend(finding)
    assert list(place.iterdir()) == []
