"""Two people train one pipeline: their branches conflict in dvc.lock, and what we then say to type leads out of it."""

from __future__ import annotations

from tests.journeys.world import World

HINT = "git checkout HEAD -- dvc.lock  # finish the merge, then: actum run"


def test_two_trainings_of_one_pipeline_conflict_in_its_lock_and_the_message_leads_to_a_third(tiny: World) -> None:
    head = tiny.git("rev-parse", "HEAD")
    for branch, path, old, new in (
        ("scale", "params.yaml", "scale: 1.0", "scale: 2.0"),
        ("round", "src/train.py", "value * scale", "round(value * scale, 3)"),
    ):
        tiny.git("switch", "--quiet", "--create", branch, head)
        tiny.edit(path, old, new)
        tiny.commit(branch)
        tiny.actum("run")
    done = tiny.call("git", "merge", "--no-edit", "scale")
    assert (done.code, tiny.git("diff", "--name-only", "--diff-filter=U")) == (1, "dvc.lock")

    for words in (("run",), ("run", "--dry-run")):
        message, hint = tiny.refused(*words)
        assert message.startswith("dvc.lock:")
        assert message.endswith(": holds an unresolved merge")
        assert hint == HINT

    steps, _, last = HINT.partition("  # finish the merge, then: actum ")
    assert tiny.call("sh", "-c", steps).code == 0
    tiny.git("commit", "--quiet", "--no-edit")
    run = tiny.told(last)["run"]
    assert [stage["name"] for stage in run["stages"] if stage["run"] == run["id"]] == ["train", "evaluate"]
    assert run["params"]["train.scale"] == 2.0
    tiny.actum("register", "tiny")
    assert tiny.told("check", "--base", head)["findings"] == []
