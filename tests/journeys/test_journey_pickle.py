"""A model that is a pickle: by its bytes alone, unless somebody gives leave to load what the registry names."""

from __future__ import annotations

import os
import pickle
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import projects
from tests.journeys.world import World

MODEL = "models/linear.joblib"
RUNS_CODE = "to load a pickle is to run what is in it"


@pytest.fixture
def trained(pickled_run: World, tmp_path: Path) -> World:
    """The project after its run; nothing is registered."""
    return pickled_run.copy(tmp_path / "world")


@pytest.fixture
def decided(pickled_decided: World, tmp_path: Path) -> World:
    """Registered with leave, and decided with leave."""
    return pickled_decided.copy(tmp_path / "world")


def test_without_leave_a_pickle_is_registered_and_rebuilt_by_its_bytes(trained: World) -> None:
    lacking = f"{MODEL} is not loaded, and neither its state nor its predictions go on record: {RUNS_CODE}"
    planned = trained.actum("register", "linear", "--dry-run")
    assert f"{lacking} (actum register linear --allow-pickle)" in planned.err
    done = trained.actum("register", "linear", "--version", "1.0.0")
    assert f"warning: {lacking} (--allow-pickle was not given)" in done.err
    assert "  state     not computed: not loaded\n" in done.out
    version = trained.version("1.0.0")
    assert version["artifact"]["format"] == "bytes/joblib"
    assert ("state" in version["artifact"], "probe" in version) == (False, False)
    trained.actum("check")
    late = trained.refused("register", "linear", "--allow-pickle")
    told = "linear@v1.0.0 was registered by its bytes alone, and a version never changes"
    assert late == (told, "actum rebuild linear@v1.0.0 --allow-pickle")

    refused = trained.refused(*projects.DECIDE)
    hint = shlex.join([*("actum", *projects.DECIDE[:3]), "--allow-pickle", *projects.DECIDE[3:]])
    assert refused == (f"linear@v1.0.0: {MODEL} is bytes/joblib: {RUNS_CODE}", hint)
    assert trained.told(*shlex.split(hint)[1:])["rows"] == 40

    done = trained.actum("rebuild", "linear@v1.0.0", code=3)
    assert "VERDICT  different" in done.out
    assert (
        f"warning: neither state nor predictions were compared: {MODEL} is bytes/joblib: {RUNS_CODE};"
        " with leave: actum rebuild linear@v1.0.0 --allow-pickle\n"
    ) in done.err
    assert trained.told("rebuild", "linear@v1.0.0", "--allow-pickle")["level"] == "state"


def test_with_leave_a_pickle_has_state_and_predictions_on_record(decided: World) -> None:
    version = decided.version("1.0.0")
    assert version["artifact"]["format"] == "joblib"
    assert version["artifact"]["state"].startswith("sha256:")
    assert version["probe"]["rows"] == 40
    decided.actum("check")
    assert decided.told("rebuild", "linear@v1.0.0", code=3)["level"] == "different"
    told = decided.told("rebuild", "linear@v1.0.0", "--allow-pickle")
    assert (told["level"], told["good"]) == ("state", True)
    assert told["probe"]["same_predictions"] is True


def test_a_decision_of_a_pickle_is_replayed_with_leave_alone(decided: World) -> None:
    one = ("why", "linear", "--key", "r007")
    told = decided.told(*one)
    assert told["replay"]["state"] == "absent"
    assert told["replay"]["said"] == f"not without leave: {MODEL} is joblib: {RUNS_CODE}"
    hint = f"actum why linear/{told['decision']['id']} --allow-pickle"
    assert f"next: {hint}\n" in decided.actum(*one).err
    replayed = decided.told(*shlex.split(hint)[1:])["replay"]
    assert (replayed["state"], replayed["score"]) == ("ok", told["decision"]["score"])
    assert len(replayed["contributions"]) == len(projects.COLUMNS)


class Bomb:
    """What leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self._trace),))


@pytest.fixture
def bomb(tmp_path: Path) -> bytes:
    """A pickle that would make the folder ``trace``."""
    made = pickle.dumps(Bomb(tmp_path / "trace"))
    pickle.loads(made)
    (tmp_path / "trace").rmdir()
    return made


def swap(world: World, fact: dict[str, Any], data: bytes, places: tuple[str, ...]) -> None:
    """Put other bytes where an object lies, and into the work tree."""
    for place in (*(world.object(fact["md5"], where=where) for where in places), world.repo / fact["path"]):
        place.unlink()
        place.write_bytes(data)


@pytest.mark.parametrize("places", [("cache",), ("cache", "remote")], ids="-and-".join)
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (projects.DECIDE, 1),
        (("why", "linear", "--key", "r007"), 3),
        (("rebuild", "linear@v1.0.0"), 3),
    ],
    ids=["score", "why", "rebuild"],
)
def test_other_bytes_than_the_registrys_are_never_unpickled(
    decided: World, bomb: bytes, tmp_path: Path, words: tuple[str, ...], code: int, places: tuple[str, ...]
) -> None:
    artifact = decided.version("1.0.0")["artifact"]
    swap(decided, artifact, bomb, places)
    done = decided.actum(*words, "--allow-pickle", code=code)
    assert not (tmp_path / "trace").exists()
    other = f"{MODEL}: the cache holds other bytes than its record names"
    assert other in done.said or f"object {artifact['md5']} of {MODEL} is corrupt" in done.said


def test_other_bytes_than_the_runs_are_never_unpickled(trained: World, bomb: bytes, tmp_path: Path) -> None:
    (run,) = trained.runs()
    (fact,) = (fact for fact in run["files"] if fact["path"] == MODEL)
    swap(trained, fact, bomb, ("cache",))
    refused = trained.refused("register", "linear", "--allow-pickle")
    assert refused == (f"{MODEL}: the cache holds other bytes than its record names", "actum fsck")
    assert not (tmp_path / "trace").exists()


def test_a_file_that_is_no_pickle_is_not_registered_as_one(tiny: World) -> None:
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Scale")
    tiny.actum("run")
    message, hint = tiny.refused("register", "tiny", "--allow-pickle")
    assert message.endswith(": not a model file: neither skops nor joblib nor pickle")
    assert hint == "actum register tiny  # by its bytes alone"
