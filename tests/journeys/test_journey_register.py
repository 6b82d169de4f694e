"""What a registration says when it could not end, and what it cannot make a version of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.world import World


def _origin(world: World) -> Path:
    origin = world.root / "origin.git"
    world.git("clone", "--quiet", "--bare", ".", origin)
    world.git("remote", "add", "origin", origin)
    return origin


@pytest.mark.parametrize("options", [(), ("--bump", "major"), ("--version", "1.0.0")], ids=["plain", "bump", "version"])
def test_an_origin_that_does_not_take_the_ref_is_said_and_the_same_command_finishes(
    begun: World, options: tuple[str, ...]
) -> None:
    origin = _origin(begun)
    begun.actum("run")
    origin.rename(begun.root / "away.git")
    message, hint = begun.refused("register", "tiny", *options, code=4)
    commit, ref = begun.git("rev-parse", "HEAD"), "refs/actum/versions/tiny/1.0.0"
    said = f"tiny@v1.0.0 is on record here in commit {commit[:10]}, but origin has not got {ref}: git push failed: "
    assert message.startswith(said)
    assert hint.split() == ["actum", "register", "tiny", *options]
    message, again = begun.refused("register", "tiny", *options, code=4)
    assert message.startswith(f"tiny@v1.0.0 is on record here, but origin has not got {ref}: git push failed: ")
    assert again == hint
    (begun.root / "away.git").rename(origin)
    begun.actum(*hint.split()[1:])
    assert begun.git("rev-parse", "HEAD") == commit
    assert begun.git("ls-remote", "origin", ref).split()[0] == begun.version("1.0.0")["result_commit"]


def test_a_remote_that_only_this_machine_knows_is_said(begun: World) -> None:
    begun.actum("run")
    begun.write(".dvc/config", (begun.repo / ".dvc/config").read_text() + "[cache]\n    type = copy\n")
    done = begun.actum("register", "tiny")
    told = ".dvc/config is not committed as it is: a clone will not know this remote"
    assert f"{told} (git add .dvc/config && git commit)" in done.err
    begun.commit("The remote")
    assert told not in begun.actum("register", "tiny").err


def test_an_artifact_that_git_holds_is_no_version_until_it_is_under_dvc(begun: World) -> None:
    begun.edit("dvc.yaml", "outs: [models/tiny.bin]", "outs: [models/tiny.bin: {cache: false}]")
    begun.commit("In git")
    begun.actum("run")
    assert begun.git("ls-files", "models/tiny.bin") == "models/tiny.bin"
    before = begun.footprint()
    message, hint = begun.refused("register", "tiny")
    assert message == (
        "models/tiny.bin has cache: false in dvc.yaml: git holds its bytes, a version's must be under DVC"
    )
    assert begun.footprint() == before
    assert hint == (
        "git rm --cached models/tiny.bin, take cache: false off it in dvc.yaml, git commit both, then actum run"
    )
    begun.git("rm", "--quiet", "--cached", "models/tiny.bin")
    begun.edit("dvc.yaml", "outs: [models/tiny.bin: {cache: false}]", "outs: [models/tiny.bin]")
    begun.git("commit", "--quiet", "--all", "--message", "Under DVC")
    begun.actum("run")
    begun.actum("register", "tiny")
    assert begun.told("rebuild", "tiny")["level"] == "bytes"


def test_outputs_on_the_way_that_git_holds_are_rebuilt_like_the_others(begun: World) -> None:
    begun.edit("dvc.yaml", "outs: [data/prepared.json]", "outs: [data/prepared.json: {cache: false}]")
    begun.commit("In git")
    begun.actum("run")
    assert begun.git("ls-files", "data/prepared.json") == "data/prepared.json"
    begun.actum("register", "tiny")
    told = begun.told("rebuild", "tiny")
    assert (told["level"], told["stages"]) == ("bytes", {"executed": 3, "of": 3})
