"""run, register, rebuild: the bytes come out again, from wherever and for whomever they are asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journeys.world import ACTUM, World


def test_a_registered_model_is_rebuilt_to_its_bytes_and_attested_without_touching_the_checkout(linear: World) -> None:
    linear.git("switch", "--quiet", "--detach")
    linear.write("notes.txt", "work in progress\n")
    linear.write("staged.txt", "staged\n")
    linear.git("add", "staged.txt")
    before = linear.footprint()
    done = linear.actum("rebuild", "linear@v1.0.0")
    assert linear.footprint() == before
    assert "VERDICT  bytes" in done.out
    assert "3 of 3 re-run, cache off" in done.out
    assert "2 of 2 equal" in done.out
    (path,) = linear.attestations()
    event = linear.git("show", f"actum/evidence:{path}")
    assert "level: bytes" in event
    assert linear.version("1.0.0")["artifact"]["sha256"].removeprefix("sha256:") in event
    assert list((linear.repo / ".actum" / "worktrees").iterdir()) == []
    assert linear.git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_a_fresh_clone_rebuilds_with_what_origin_and_the_remote_hold(tiny: World, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    tiny.git("clone", "--quiet", "--bare", ".", str(origin))
    tiny.git("remote", "add", "origin", str(origin))
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Scale")
    tiny.actum("run")
    tiny.actum("register", "tiny", "--version", "2.0.0")
    tiny.git("push", "--quiet", "origin", "main")
    clone = replace(tiny, root=tmp_path / "elsewhere")
    clone.root.mkdir()
    clone.call("git", "clone", "--quiet", origin, clone.repo, cwd=tmp_path)
    shutil.copytree(tiny.remote, clone.remote)
    before = clone.footprint()
    told = clone.told("rebuild", "tiny@v2.0.0")
    assert (told["level"], told["found_by"], told["stages"]) == ("bytes", "ref", {"executed": 3, "of": 3})
    assert clone.footprint() == before
    assert clone.git("for-each-ref", "--format=%(refname)", "refs/actum") == "refs/actum/versions/tiny/2.0.0"
    assert len(clone.attestations()) == 1


HOSTILE = {
    "OMP_NUM_THREADS": "7",
    "OPENBLAS_NUM_THREADS": "5",
    "PYTHONHASHSEED": "12345",
    "OPENBLAS_CORETYPE": "Nehalem",
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Pacific/Chatham",
    "NPY_ENABLE_CPU_FEATURES": "AVX512F",
    "LD_PRELOAD": "/nowhere/nothing.so",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-caller",
    "PYTHONWARNINGS": "error",
}


def test_nothing_in_the_callers_environment_reaches_a_stage(linear: World, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "sklearn.py").write_text("raise SystemExit('a stranger stands in for sklearn')\n")
    (trap / "start.sh").write_text("export OMP_NUM_THREADS=3 FROM_START_FILE=yes\n")
    (trap / "shell").write_text('#!/bin/sh\nFROM_SHELL=yes OPENBLAS_CORETYPE=Nehalem exec /bin/sh "$@"\n')
    (trap / "shell").chmod(0o755)
    start = str(trap / "start.sh")
    traps = {"PYTHONPATH": str(trap), "BASH_ENV": start, "ENV": start, "SHELL": str(trap / "shell")}
    hostile = linear.under(**HOSTILE, **traps)
    assert hostile.told("rebuild", "linear@v1.0.0")["level"] == "bytes"
    newest = max((linear.repo / ".actum" / "runs").iterdir())
    (line,) = [text for text in (newest / "log.txt").read_text().splitlines() if text.startswith("environ ")]
    seen = json.loads(line.removeprefix("environ "))
    given = seen.keys() & {*HOSTILE, "BASH_ENV", "ENV", "FROM_SHELL", "FROM_START_FILE", "ACTUM_ENVIRONMENTS"}
    assert given == {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED", "OPENBLAS_CORETYPE", "LC_ALL", "TZ"}
    assert (seen["OMP_NUM_THREADS"], seen["PYTHONHASHSEED"], seen["TZ"], seen["SHELL"]) == ("1", "0", "UTC", "/bin/sh")
    assert seen["PYTHONPATH"].endswith(".zip")
    assert "a-secret-of-the-caller" not in line


def test_another_blas_core_type_is_told_from_the_bytes_and_named_as_the_cause(linear: World) -> None:
    told = linear.told("rebuild", "linear@v1.0.0", "--with-env", "OPENBLAS_CORETYPE=Nehalem", code=3)
    assert told["level"] in ("predictions", "tolerance")
    assert told["first_difference"] == ["train", ["models/linear.skops"]]
    assert told["cause"] == "OPENBLAS_CORETYPE=Nehalem, given by --with-env"
    assert told["stages"] == {"executed": 3, "of": 3}
    assert told["attestation"] is None
    assert linear.attestations() == []


@pytest.mark.parametrize("where", ["cache", "remote"])
def test_a_flipped_bit_is_found_and_named_before_anything_runs(tiny: World, where: str) -> None:
    data = tiny.version("1.0.0")["data"][0]
    tiny.flip(tiny.object(data["md5"], where=where))
    books = sorted((tiny.repo / ".actum" / "runs").iterdir())
    before = tiny.footprint()
    message, hint = tiny.refused("rebuild", "tiny@v1.0.0", code=3)
    store = "cache" if where == "cache" else "storage"
    assert message == f"nothing was run:\n  {store}: object {data['md5']} of data/rows.csv is corrupt"
    assert hint == "actum fsck"
    assert sorted((tiny.repo / ".actum" / "runs").iterdir()) == books
    assert tiny.footprint() == before
    assert tiny.attestations() == []


def test_with_its_wheels_a_version_is_rebuilt_without_network_cache_or_environment(
    begun: World, tmp_path: Path
) -> None:
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a Linux network namespace")
    begun.actum("run")
    begun.actum("register", "tiny", "--version", "1.0.0", "--wheels")
    begun.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    begun.commit("Scale")
    begun.actum("run")
    begun.actum("register", "tiny", "--version", "2.0.0", "--wheels")  # the same wheels a second time
    assert begun.version("1.0.0")["environment"]["wheels"] == begun.version("2.0.0")["environment"]["wheels"]
    assert begun.git("status", "--porcelain") == ""
    shutil.rmtree(begun.repo / ".dvc" / "cache")  # all from the remote
    alone = begun.under(ACTUM_ENVIRONMENTS=str(tmp_path / "environments"), UV_CACHE_DIR=str(tmp_path / "empty"))
    done = alone.call("unshare", "-rn", *ACTUM, "rebuild", "tiny@v2.0.0")
    assert done.code == 0, done.said
    assert "VERDICT  bytes" in done.out
    assert "made from the lock" in done.out


def test_a_rebuild_that_says_the_same_again_fills_no_log(tiny: World) -> None:
    first = tiny.told("rebuild", "tiny@v1.0.0")
    again = tiny.actum("rebuild", "tiny@v1.0.0")
    (path,) = tiny.attestations()
    event = first["attestation"]["id"]
    assert event in path
    assert f"VERDICT  bytes   attested before by event/{event}, good until " in again.out
    tiny.git("config", "user.name", "Ben")
    assert tiny.told("rebuild", "tiny@v1.0.0")["attestation"]["by"]["name"] == "Ben"
    assert len(tiny.attestations()) == 2
