"""A record never cites an environment that did not make its outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.world import World

Stages = Callable[[dict[str, Any]], dict[str, str]]


def _another_lock(world: World, locked: Callable[..., str]) -> None:
    world.write("requirements.lock", locked("six==1.16.0"))


def _relaxed(world: World, locked: Callable[..., str]) -> None:
    world.edit("actum.yaml", "exactness: strict", "exactness: relaxed")


@pytest.mark.parametrize("change", [_another_lock, _relaxed], ids=["lock", "pin"])
def test_a_change_of_the_environment_alone_executes_every_stage_again(
    tiny: World,
    change: Callable[[World, Callable[..., str]], None],
    locked: Callable[..., str],
    stages_of: Stages,
) -> None:
    change(tiny, locked)
    tiny.commit("Another environment")
    lock = (tiny.repo / "dvc.lock").read_bytes()
    told = tiny.told("run")
    first, second = tiny.runs()
    assert told["new"] is True
    assert set(stages_of(second).values()) == {second["id"]} != {first["id"]}
    assert second["environment"] != first["environment"]
    assert (tiny.repo / "dvc.lock").read_bytes() == lock  # DVC saw no change at all
    assert tiny.told("run")["run"]["id"] == second["id"]
    assert tiny.told("rebuild", "tiny@v1.0.0")["level"] == "bytes"


def test_going_back_to_an_environment_cites_the_run_that_it_made(
    tiny: World, locked: Callable[..., str], stages_of: Stages
) -> None:
    old = (tiny.repo / "requirements.lock").read_text()
    _another_lock(tiny, locked)
    tiny.commit("Another environment")
    tiny.actum("run")
    tiny.write("requirements.lock", old)
    tiny.commit("Back")
    told = tiny.told("run")
    first, _ = tiny.runs()
    assert (told["new"], told["run"]["id"]) == (False, first["id"])


def test_the_same_bytes_of_another_environment_are_another_version(tiny: World, locked: Callable[..., str]) -> None:
    """What scores and replays is the environment too: one that gained a package must be able to take its place."""
    _another_lock(tiny, locked)
    tiny.commit("Another environment")
    tiny.actum("run")
    told = tiny.told("register", "tiny", "--version", "1.1.0")
    first, second = (tiny.told("show", f"tiny@v{number}")["version"] for number in ("1.0.0", "1.1.0"))
    assert told["new"] is True
    assert first["artifact"]["sha256"] == second["artifact"]["sha256"]
    assert first["environment"]["lock_sha256"] != second["environment"]["lock_sha256"]


def test_the_same_bytes_of_the_same_environment_are_one_version(tiny: World) -> None:
    tiny.write("src/train.py", (tiny.repo / "src/train.py").read_text() + "\n# said otherwise\n")
    tiny.commit("A comment")
    tiny.actum("run")
    first, second = tiny.runs()
    message, hint = tiny.refused("register", "tiny", "--version", "1.1.0")
    assert message == f"run/{second['id']} made the very bytes that are tiny@v1.0.0 already, of run/{first['id']}"
    assert hint == "actum show tiny@v1.0.0"
