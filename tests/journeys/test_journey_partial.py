"""What a run executes, what it cites, and what becomes of one that does not come to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.journeys.kills import gone, processes_in
from tests.journeys.world import ACTUM, World

Stages = Callable[[dict[str, Any]], dict[str, str]]
LOGS_AND_DIES = """
import actum, os
with actum.run() as run:
    run.log_metric("m", 1, 0)
actum.run().begin()
os.kill(os.getpid(), 9)
"""
USES_THE_ENVIRONMENT = """
import six

with open("models/tiny.bin", "ab") as file:
    file.write(six.__version__.encode())
"""


def test_stages_that_did_not_change_are_cited_by_the_run_that_executed_them(tiny: World, stages_of: Stages) -> None:
    tiny.edit("params.yaml", "shown: 1", "shown: 2")
    tiny.commit("Show more")
    done = tiny.actum("run")
    first, second = tiny.runs()
    assert stages_of(second) == {"prepare": first["id"], "train": first["id"], "evaluate": second["id"]}
    assert second["params"] == {"train.scale": 1.0, "train.seed": 7, "evaluate.shown": 2}
    assert "1 of 3 stages" in done.out
    again = tiny.actum("run")
    assert again.out == f"nothing to do: run/{second['id']} stands\n"
    assert len(tiny.runs()) == 2


def test_a_target_runs_what_it_needs_and_the_rest_follows_later(begun: World, stages_of: Stages) -> None:
    assert set(stages_of(begun.told("run", "train")["run"])) == {"prepare", "train"}
    told = begun.told("run")["run"]
    first, second = begun.runs()
    assert stages_of(told) == {"prepare": first["id"], "train": first["id"], "evaluate": second["id"]}


def test_what_dvc_repro_made_by_hand_is_nobodys_until_run_executes_it(tiny: World, stages_of: Stages) -> None:
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Scale")
    tiny.dvc("repro", "--quiet")
    tiny.commit("By hand")
    message, hint = tiny.refused("register", "tiny")
    assert message == "no run on record made what dvc.lock says: it was changed without a run"
    assert hint == "actum run"
    tiny.actum("run")
    first, second = tiny.runs()
    assert stages_of(second) == {"prepare": first["id"], "train": second["id"], "evaluate": second["id"]}
    assert tiny.told("register", "tiny")["version"]["version"] == "1.1.0"
    assert tiny.told("rebuild", "tiny@v1.1.0")["level"] == "bytes"


def test_a_dirty_tree_is_kept_as_a_snapshot_and_cannot_be_registered(begun: World) -> None:
    begun.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    begun.write("src/more.py", "# not added yet\n")
    head = begun.git("rev-parse", "HEAD")
    done = begun.actum("run")
    assert "the work tree is dirty (params.yaml, src/more.py)" in done.err
    assert begun.git("rev-parse", "HEAD") == head
    (record,) = (begun.repo / "runs").rglob("*.json")
    run = json.loads(record.read_text())
    assert run["dirty"] is True
    assert begun.git("rev-parse", f"refs/actum/runs/{run['id']}") == run["code_commit"]
    assert "scale: 2.0" in begun.git("show", f"{run['code_commit']}:params.yaml")
    assert begun.git("show", f"{run['code_commit']}:src/more.py") == "# not added yet"
    begun.commit("All of it")
    message, hint = begun.refused("register", "tiny", "--run", run["id"])
    assert message == f"run/{run['id']} ran a dirty work tree"
    assert hint == "git commit your changes, then actum run"


def test_a_result_that_was_looked_at_first_is_committed_by_hand_and_registered(begun: World) -> None:
    head = begun.git("rev-parse", "HEAD")
    told = begun.told("run", "--no-commit")
    assert (told["commit"], begun.git("rev-parse", "HEAD")) == (None, head)
    begun.git("add", "--", *told["pending"])
    begun.git("commit", "--quiet", "--message", "Results")
    assert begun.git("status", "--porcelain") == ""
    version = begun.told("register", "tiny")["version"]
    assert (version["run"], version["code_commit"]) == (told["run"]["id"], head)
    assert begun.told("rebuild", "tiny@v1.0.0")["level"] == "bytes"


def test_a_record_that_was_not_committed_stays_out_of_the_next_run_s_commit_but_a_script_s_goes_in(
    begun: World, stages_of: Stages
) -> None:
    first = begun.told("run", "--no-commit")
    killed = subprocess.run([sys.executable, "-c", LOGS_AND_DIES], cwd=begun.repo, env=begun.env, check=False)
    assert killed.returncode == -signal.SIGKILL
    scripts = [path.relative_to(begun.repo).as_posix() for path in begun.repo.glob("runs/*/*/*")]
    assert len(scripts) == 3  # the run of the pipeline, and the script's that ended with its series
    begun.edit("params.yaml", "shown: 1", "shown: 2")
    begun.git("commit", "--quiet", "--message", "Show more", "--", "params.yaml")
    second = begun.told("run")
    brought = begun.git("show", "--format=", "--name-only", second["commit"], "--", "runs").splitlines()
    interrupted = set(brought) - {second["path"], *scripts}
    assert len(interrupted) == 1
    assert set(brought) == {second["path"], *scripts} - {first["path"]} | interrupted
    assert begun.git("status", "--porcelain", "--untracked-files=all") == f"?? {first['path']}"
    # What nobody committed nobody can cite.
    assert set(stages_of(second["run"]).values()) == {second["run"]["id"]}


def test_a_stage_that_is_always_to_be_executed_is_and_the_others_are_cited(begun: World, stages_of: Stages) -> None:
    begun.edit("dvc.yaml", "  prepare:\n", "  prepare:\n    always_changed: true\n")
    begun.commit("Always")
    foretold = {row["stage"]: row["run"] for row in begun.told("run", "--dry-run")}
    assert foretold == dict.fromkeys(("prepare", "train", "evaluate"))
    first, second = (begun.told("run")["run"] for _ in range(2))
    assert stages_of(second) == {"prepare": second["id"], "train": first["id"], "evaluate": first["id"]}
    assert begun.told("register", "tiny")["version"]["run"] == second["id"]
    assert begun.told("rebuild", "tiny")["stages"] == {"executed": 3, "of": 3}


def test_what_a_stage_finds_of_an_earlier_execution_is_said_to_be_on_no_record(begun: World) -> None:
    begun.edit("dvc.yaml", "outs: [models/tiny.bin]", "outs: [models/tiny.bin: {persist: true}]")
    begun.commit("Persist")
    told = "dvc.yaml: stage train keeps models/tiny.bin (persist): what it finds there is on no record"
    assert f"{told}\n" in begun.actum("run").err
    assert told not in begun.actum("run", "prepare").err


def test_a_frozen_stage_is_run_once_it_is_thawed(tiny: World) -> None:
    """DVC would keep its result whatever its inputs are, and could never make it again."""
    tiny.dvc("freeze", "prepare")
    tiny.commit("Freeze")
    before = tiny.footprint()
    message, hint = tiny.refused("run")
    assert message == "dvc.yaml: stage prepare is frozen: DVC never executes it, so it could never be rebuilt"
    assert tiny.footprint() == before
    tiny.dvc(*hint.split()[1:])
    tiny.commit("Thaw")
    assert "nothing to do" in tiny.actum("run").out


def test_results_committed_together_with_code_are_not_registered(begun: World) -> None:
    told = begun.told("run", "--no-commit")
    begun.write("src/train.py", "# somebody mended it meanwhile\n" + (begun.repo / "src/train.py").read_text())
    commit = begun.commit("Results and code")
    message, hint = begun.refused("register", "tiny")
    assert message == f"commit {commit[:10]} holds more than the results of run/{told['run']['id']}: src/train.py"
    assert hint == "actum run: it commits results alone"


def test_a_failing_stage_leaves_no_record_and_a_retry_after_the_mend_works(begun: World, stages_of: Stages) -> None:
    good = (begun.repo / "src/evaluate.py").read_text()
    begun.write("src/evaluate.py", "raise SystemExit('no figures today')\n")
    begun.commit("Break")
    message, hint = begun.refused("run", code=4)
    assert message == "stage evaluate failed with exit status 1: python src/evaluate.py\n  no figures today"
    log = Path(hint.removeprefix("less ").partition(";")[0])
    assert "no figures today" in log.read_text()
    assert not (begun.repo / "runs").exists()
    message, _ = begun.refused("register", "tiny")
    assert message in ("no run is on record yet", "dvc.lock: is not there")
    begun.write("src/evaluate.py", good)
    begun.commit("Mend")
    begun.actum("run")
    (run,) = begun.runs()
    assert set(stages_of(run).values()) == {run["id"]}
    assert begun.git("status", "--porcelain") == ""


def test_a_folder_that_git_does_not_keep_is_there_for_the_stages_of_a_rebuild(begun: World) -> None:
    begun.git("rm", "--quiet", "models/.gitignore")
    begun.commit("Nothing keeps models")
    begun.actum("run")
    begun.actum("register", "tiny")
    assert begun.told("rebuild", "tiny")["level"] == "bytes"


def test_a_retry_after_a_mend_outside_continues_the_same_run(begun: World, stages_of: Stages) -> None:
    flag = begun.root / "flag"
    begun.write("src/evaluate.py", f"open({str(flag)!r})\n" + (begun.repo / "src/evaluate.py").read_text())
    begun.commit("Needs a file elsewhere")
    begun.refused("run", code=4)
    flag.touch()
    done = begun.actum("run")
    (run,) = begun.runs()
    assert f"continuing run/{run['id']}" in done.err
    assert "stage 'evaluate'" in done.err
    assert "stage 'prepare'" not in done.err
    assert set(stages_of(run).values()) == {run["id"]}


def test_a_lock_put_back_after_a_kill_is_not_taken_for_what_the_killed_run_made(
    begun: World, locked: Callable[..., str], stages_of: Stages
) -> None:
    """Outputs and dvc.lock of the old environment must not be recorded as the new one's."""
    flag = begun.root / "flag"
    begun.write("src/train.py", (begun.repo / "src/train.py").read_text() + USES_THE_ENVIRONMENT)
    begun.commit("Use the environment")
    begun.actum("run")
    old = (begun.repo / "models/tiny.bin").read_bytes()
    begun.write("requirements.lock", locked("six==1.16.0"))
    begun.edit("src/evaluate.py", "import json", f"import json\nopen({str(flag)!r})")
    begun.commit("Another environment")
    begun.refused("run", code=4)
    assert (begun.repo / "models/tiny.bin").read_bytes() != old
    begun.git("checkout", "--quiet", "--", "dvc.lock")
    begun.dvc("checkout", "--force", "models/tiny.bin")
    assert (begun.repo / "models/tiny.bin").read_bytes() == old
    flag.touch()
    done = begun.actum("run")
    assert "continuing run/" in done.err
    assert "stage 'train'" in done.err
    assert "stage 'prepare'" not in done.err  # the same bytes in both environments
    _, second = begun.runs()
    assert set(stages_of(second).values()) == {second["id"]}
    assert (begun.repo / "models/tiny.bin").read_bytes() != old


def test_an_interrupt_ends_the_whole_group(begun: World) -> None:
    begun.write("src/train.py", "import os, time\nopen('started', 'w').close()\nos.system('sleep 300')\n")
    begun.write(".gitignore", "/started\n")
    begun.commit("Sleep")
    child = subprocess.Popen([*ACTUM, "run"], cwd=begun.repo, env=dict(begun.env), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (begun.repo / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any("sleep 300" in words for words in processes_in(begun.root))
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert err.endswith("interrupted\n")
    assert gone(begun.root, within_s=3.0) == []
    assert not (begun.repo / "runs").exists()
    assert begun.git("log", "--format=%s", "-1") == "Sleep"
    assert os.path.exists(begun.repo / ".actum" / "runs")


def test_a_request_to_end_is_taken_like_an_interrupt(begun: World) -> None:
    begun.write("src/train.py", "import os, time\nopen('started', 'w').close()\nos.system('sleep 301')\n")
    begun.write(".gitignore", "/started\n")
    begun.commit("Sleep")
    child = subprocess.Popen([*ACTUM, "run"], cwd=begun.repo, env=dict(begun.env), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (begun.repo / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=30)
    assert (child.returncode, said.splitlines()[-1]) == (130, "interrupted")
    assert not any("sleep 301" in words for words in processes_in(begun.root))
