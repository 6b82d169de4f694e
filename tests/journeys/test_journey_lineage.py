"""This data file is wrong: which models and which decisions are touched? On a project that was really run."""

from __future__ import annotations

from typing import Any

from tests.journeys import projects
from tests.journeys.world import World


def down(world: World, *words: str) -> dict[str, Any]:
    (walk,) = world.told("lineage", *words, "--down")["walks"]
    assert isinstance(walk, dict)
    return walk


def test_a_wrong_file_is_followed_down_to_decisions_and_a_mended_one_touches_none(linear: World) -> None:
    linear.write("questions.csv", projects.questions())
    linear.commit("Ask")
    linear.actum(*projects.DECIDE)
    wrong = down(linear, "data/rows.csv")
    assert wrong["touched"] == {
        "runs": 1,
        "versions": ["linear@v1.0.0"],
        "stands": [],
        "stood": [],
        "segments": 1,
        "decisions": 40,
        "first_moment": "2030-01-01T00:00:00Z",
        "last_moment": "2030-01-02T15:00:00Z",
    }
    (asked,) = [one for one in down(linear, "questions.csv")["nodes"] if one["kind"] == "segment"]
    assert asked["facts"]["rows"] == 40

    (linear.repo / "data/rows.csv").unlink()
    linear.write("data/rows.csv", projects.rows(480))
    linear.dvc("add", "--quiet", "data/rows.csv")
    linear.commit("Mended")
    (before,) = wrong["roots"]
    mended = down(linear, "data/rows.csv")
    assert (len(mended["roots"]), mended["touched"]) == (2, wrong["touched"])  # it is known, and nothing came of it
    linear.actum("run")
    linear.actum("register", "linear")
    assert down(linear, before)["touched"] == wrong["touched"]
    (after,) = [root for root in mended["roots"] if root != before]
    touched = down(linear, after)["touched"]
    assert (touched["versions"], touched["decisions"]) == (["linear@v1.1.0"], 0)
