"""What is on record is what was executed, also where somebody works in the checkout meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.journeys.world import World


def _while_training(world: World, *lines: str) -> None:
    """Have the stage that trains do to the checkout what a person could do under it."""
    world.write("src/train.py", "\n".join((*lines, (world.repo / "src/train.py").read_text())))
    world.commit("Somebody is at work")


def _record(world: World) -> dict[str, Any]:
    (path,) = (world.repo / "runs").rglob("*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_code_that_was_edited_while_its_stages_ran_is_not_taken_for_what_was_run(begun: World) -> None:
    _while_training(begun, "open('src/evaluate.py', 'a').write('# edited\\n')")
    head = begun.git("rev-parse", "HEAD")
    done = begun.actum("run")
    assert "src/evaluate.py changed while the stages ran: this run cannot be registered" in done.err
    assert (_record(begun)["dirty"], begun.git("rev-parse", "HEAD")) == (True, head)
    begun.commit("All of it")
    message, _ = begun.refused("register", "tiny", "--run", _record(begun)["id"])
    assert message == f"run/{_record(begun)['id']} ran a dirty work tree"


def test_code_that_was_committed_while_its_stages_ran_is_not_taken_for_what_was_run(begun: World) -> None:
    typed = "git('commit', '-q', '-a', '-m', 'Meanwhile')"
    started = (
        "git = lambda *words: subprocess.run(['git', '-c', 'user.name=A', '-c', 'user.email=a@b.example', *words])"
    )
    _while_training(begun, "import subprocess", "open('src/evaluate.py', 'a').write('# edited\\n')", started, typed)
    done = begun.actum("run")
    assert "src/evaluate.py changed while the stages ran: this run cannot be registered" in done.err
    assert (_record(begun)["dirty"], begun.git("log", "-1", "--format=%s")) == (True, "Meanwhile")


def test_a_failed_run_and_a_malformed_pipeline_put_no_lock_back(begun: World) -> None:
    begun.write("src/evaluate.py", "raise SystemExit('no figures today')\n")
    begun.commit("Break")
    begun.refused("run", code=4)
    lock, text = (begun.repo / "dvc.lock").read_bytes(), (begun.repo / "dvc.yaml").read_text()
    begun.write("dvc.yaml", text + "  evaluate: {\n")
    message, _ = begun.refused("run")
    assert message.startswith("dvc.yaml:")
    assert (begun.repo / "dvc.lock").read_bytes() == lock


def test_the_stages_that_a_foreach_makes_are_recorded_by_their_own_names(begun: World) -> None:
    text = (begun.repo / "dvc.yaml").read_text()
    each = "  copy:\n    foreach: [a, b]\n    do: {cmd: 'cp data/rows.csv copies-${item}.csv', deps: [data/rows.csv],"
    begun.write("dvc.yaml", text + f"{each} outs: ['copies-${{item}}.csv']}}\n")
    begun.commit("Copies")
    run = begun.told("run", "copy")["run"]
    assert [(stage["name"], stage["run"], stage["outs"]) for stage in run["stages"]] == [
        ("copy@a", run["id"], ["copies-a.csv"]),
        ("copy@b", run["id"], ["copies-b.csv"]),
    ]
    assert "$" not in (begun.repo / ".gitignore").read_text()
    assert begun.git("status", "--porcelain") == ""


def test_a_run_of_other_targets_does_not_hide_the_run_that_made_the_model(begun: World) -> None:
    made = begun.told("run")["run"]
    begun.actum("run", "prepare")
    assert begun.told("register", "tiny")["version"]["run"] == made["id"]


def test_a_number_that_another_branch_has_given_away_is_left_to_it(tiny: World) -> None:
    tiny.git("switch", "--quiet", "--create", "one")
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Two")
    tiny.actum("run")
    assert tiny.told("register", "tiny")["version"]["version"] == "1.1.0"
    tiny.git("switch", "--quiet", "--create", "other", "main")
    tiny.edit("params.yaml", "scale: 1.0", "scale: 3.0")
    tiny.commit("Three")
    tiny.actum("run")
    head = tiny.git("rev-parse", "HEAD")
    message, hint = tiny.refused("register", "tiny", "--version", "1.1.0")
    taken = tiny.git("rev-parse", "refs/actum/versions/tiny/1.1.0")
    assert message == f"tiny@v1.1.0 is given on another branch, to what commit {taken[:10]} brought"
    assert (hint, tiny.git("rev-parse", "HEAD")) == ("actum register tiny --bump minor", head)
    assert tiny.told("register", "tiny")["version"]["version"] == "1.2.0"


def test_an_artifact_that_is_a_folder_is_refused_and_not_a_bug(begun: World) -> None:
    begun.edit("src/train.py", "models/tiny.bin", "models/tiny.d/part")
    begun.edit(
        "src/train.py", "import hashlib", "import os\nos.makedirs('models/tiny.d', exist_ok=True)\nimport hashlib"
    )
    begun.edit("src/evaluate.py", "models/tiny.bin", "models/tiny.d/part")
    begun.write("dvc.yaml", (begun.repo / "dvc.yaml").read_text().replace("models/tiny.bin", "models/tiny.d"))
    begun.edit("registry/tiny/model.yaml", "models/tiny.bin", "models/tiny.d")
    begun.commit("A folder")
    begun.actum("run")
    message, hint = begun.refused("register", "tiny")
    assert message == "models/tiny.d is a folder: an artifact is one file"
    assert hint == "have its stage write one file, a zip or a tar of the folder"


def test_a_registration_under_a_simulated_clock_says_so(begun: World) -> None:
    begun.write("actum.yaml", (begun.repo / "actum.yaml").read_text() + "clock: simulated\n")
    begun.commit("Simulated")
    begun.actum("run")
    assert "clock: simulated" in begun.actum("register", "tiny").err
    assert begun.told("register", "tiny")["clock"] == "simulated"


def test_a_lock_that_is_no_text_is_refused_and_not_a_bug(begun: World) -> None:
    (begun.repo / "requirements.lock").write_bytes(b"six==1.17.0 \xff\n")
    begun.commit("Bytes")
    message, _ = begun.refused("run")
    assert message == "requirements.lock: byte 12: is 0xff, which is not UTF-8"


@pytest.mark.parametrize("probe", ["with", "without"])
def test_a_model_that_differs_is_judged_by_its_state_where_there_is_no_probe(linear: World, probe: str) -> None:
    if probe == "without":
        linear.edit("registry/linear/model.yaml", "probe: probe.csv\n", "")
        linear.edit("params.yaml", "c: 1.0", "c: 2.0")
        linear.commit("No probe")
        linear.actum("run")
        linear.actum("register", "linear", "--version", "1.1.0")
    number = "1.0.0" if probe == "with" else "1.1.0"
    told = linear.told("rebuild", f"linear@v{number}", "--with-env", "OPENBLAS_CORETYPE=Nehalem", code=3)
    assert told["level"] == ("tolerance" if probe == "with" else "different")
