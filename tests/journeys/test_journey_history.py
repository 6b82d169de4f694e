"""Whatever becomes of a branch, a version still leads to the commit that made it."""

from __future__ import annotations

from tests.journeys.world import World


def _forget(world: World) -> None:
    world.git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    world.git("gc", "--quiet", "--prune=now")


def test_two_versions_of_a_squashed_and_deleted_branch_still_resolve_and_rebuild(begun: World) -> None:
    begun.git("switch", "--quiet", "--create", "work")
    results = []
    for number, scale in (("1.0.0", "2.0"), ("2.0.0", "3.0")):
        begun.write("params.yaml", f"train: {{scale: {scale}}}\nevaluate: {{shown: 1}}\n")
        begun.commit(f"Scale {scale}")
        begun.actum("run")
        begun.actum("register", "tiny", "--version", number)
        results.append(begun.version(number)["result_commit"])
    begun.git("switch", "--quiet", "main")
    begun.git("merge", "--quiet", "--squash", "work")
    begun.git("commit", "--quiet", "--message", "Work")
    begun.git("branch", "--quiet", "-D", "work")
    _forget(begun)
    for number in ("1.0.0", "2.0.0"):
        told = begun.told("rebuild", f"tiny@v{number}")
        assert (told["level"], told["found_by"]) == ("bytes", "ref")

    for number in ("1.0.0", "2.0.0"):
        begun.git("update-ref", "-d", f"refs/actum/versions/tiny/{number}")
    _forget(begun)
    assert [begun.call("git", "cat-file", "-e", commit).code != 0 for commit in results] == [True, True]
    told = begun.told("rebuild", "tiny@v2.0.0")
    assert (told["level"], told["found_by"]) == ("bytes", "content")
    message, hint = begun.refused("rebuild", "tiny@v1.0.0")
    assert message == f"tiny@v1.0.0: neither its ref, nor its commit {results[0][:10]}, nor its content is here"
    assert hint == "git fetch origin 'refs/actum/*:refs/actum/*'"


def test_a_ref_that_leads_elsewhere_is_an_error(tiny: World) -> None:
    head = tiny.git("rev-parse", "HEAD")
    result = tiny.version("1.0.0")["result_commit"]
    tiny.git("update-ref", "refs/actum/versions/tiny/1.0.0", head)
    message, hint = tiny.refused("rebuild", "tiny@v1.0.0")
    assert message == f"refs/actum/versions/tiny/1.0.0 points at {head[:10]}, the version says {result[:10]}"
    assert hint == "actum fsck"


def test_a_shallow_clone_is_said_and_never_answered_wrongly(tiny: World) -> None:
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Scale")
    tiny.actum("run")
    shallow = tiny.root / "shallow"
    tiny.git("clone", "--quiet", "--depth", "1", "--no-local", f"file://{tiny.repo}", str(shallow))
    tiny.git("-C", str(shallow), "remote", "remove", "origin")
    message, hint = tiny.refused("-C", str(shallow), "rebuild", "tiny@v1.0.0")
    result = tiny.version("1.0.0")["result_commit"][:10]
    assert message == f"tiny@v1.0.0: neither its ref, nor its commit {result}, nor its content is here"
    assert hint == "git fetch --unshallow"
    message, hint = tiny.refused("-C", str(shallow), "register", "tiny")
    assert message == "this clone is shallow: the commit that brought a run's results cannot be told here"
    assert hint == "git fetch --unshallow"
    assert tiny.git("-C", str(shallow), "for-each-ref", "refs/actum") == ""
