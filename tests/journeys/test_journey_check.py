"""What our own commands write passes our own check."""

from __future__ import annotations

import pytest

from tests.journeys.world import World


@pytest.mark.parametrize("name", ["tiny", "linear"])
def test_a_pull_request_of_a_run_and_its_version_is_clean(name: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    begin = world.git("rev-list", "--max-parents=0", "HEAD")
    told = world.told("check", "--base", begin)
    assert told["findings"] == []
    assert told["records"] == 2
    assert world.told("fsck")["clean"]


def test_a_rebuild_leaves_an_evidence_branch_that_is_clean(tiny: World) -> None:
    tiny.actum("rebuild", "tiny@v1.0.0")
    tiny.actum("rebuild", "tiny@v1.0.0")
    assert tiny.told("check", "--head", "actum/evidence")["findings"] == []
    assert tiny.told("check")["findings"] == []


def test_wheels_that_were_kept_are_those_of_the_version(tiny: World) -> None:
    begin = tiny.git("rev-parse", "HEAD")
    tiny.edit("params.yaml", "1.0", "2.0")
    tiny.commit()
    tiny.actum("run")
    tiny.actum("register", "tiny", "--wheels")
    assert tiny.told("check", "--base", begin)["findings"] == []
