"""What cannot work is refused with a message, a hint and the documented status, and nothing is half-written."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path

import pytest

from tests.journeys.world import ACTUM, Done, World


def _untouched(world: World, before: tuple[str, ...]) -> None:
    assert world.footprint() == before
    assert not list(world.repo.rglob(".actum-*.tmp"))


def test_nobody_is_not_recorded(tiny: World, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    nobody = tiny.under(HOME=str(tmp_path / "home"))
    before, books = tiny.footprint(), len(list((tiny.repo / ".actum" / "runs").iterdir()))
    for words in (("run",), ("register", "tiny"), ("rebuild", "tiny@v1.0.0")):
        message, hint = nobody.refused(*words)
        assert message == "git does not know who you are"
        assert hint == "git config --global user.name NAME && git config --global user.email ADDRESS"
    assert len(list((tiny.repo / ".actum" / "runs").iterdir())) == books  # not after hours of computing
    _untouched(tiny, before)


def test_a_repository_without_a_commit_is_told_how_to_begin(begun: World) -> None:
    empty = begun.root / "empty"
    begun.git("init", "--quiet", "--initial-branch", "main", str(empty))
    message, hint = begun.refused("-C", str(empty), "run")
    assert (message, hint) == ("the repository has no commit yet", "git add . && git commit -m 'Begin with actum'")
    assert begun.refused("-C", str(begun.root), "run") == (f"{begun.root} is not in a git repository", "actum init")


def test_without_a_remote_nothing_is_registered_but_locally(begun: World) -> None:
    begun.write(".dvc/config", "[core]\n    analytics = false\n")
    begun.commit("No remote")
    begun.actum("run")
    before = begun.footprint()
    assert begun.refused("register", "tiny") == (
        ".dvc/config: names no default remote",
        "dvc remote add --default storage /path/or/address",
    )
    _untouched(begun, before)
    assert begun.git("for-each-ref", "refs/actum") == ""
    begun.actum("register", "tiny", "--local")
    assert begun.told("rebuild", "tiny@v1.0.0")["level"] == "bytes"


def test_a_remote_that_cannot_be_written_fails_the_registration_whole(begun: World) -> None:
    begun.actum("run")
    begun.remote.rmdir()
    begun.remote.write_text("a file where the folder was\n")
    before = begun.footprint()
    message, hint = begun.refused("register", "tiny", code=4)
    assert message.startswith("remote 'storage': ")
    assert hint == "mend the remote: dvc remote modify storage url /path"
    _untouched(begun, before)
    assert begun.git("for-each-ref", "refs/actum") == ""


def test_an_interpreter_that_is_not_here_is_named_and_never_replaced(begun: World) -> None:
    settings = (begun.repo / "actum.yaml").read_text()
    begun.write("actum.yaml", settings.replace(settings.split('python: "')[1].split('"')[0], "3.99"))
    begun.commit("From the future")
    before = begun.footprint()
    message, hint = begun.refused("run")
    assert message.startswith("Python 3.99 is not on this machine; found: 3.")
    assert hint.startswith("uv python install 3.99")
    _untouched(begun, before)


def test_a_package_index_that_does_not_answer_is_named(begun: World, tmp_path: Path) -> None:
    unreachable = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    alone = begun.under(
        ACTUM_ENVIRONMENTS=str(tmp_path / "environments"), UV_CACHE_DIR=str(tmp_path / "cache"), **unreachable
    )
    before = begun.footprint()
    message, hint = alone.refused("run", code=4)
    assert message.startswith("cannot install the lock: uv ended with status ")
    assert hint.startswith("the package index does not answer")
    _untouched(begun, before)
    assert not (begun.repo / ".actum" / "runs").exists()


def test_a_lock_edited_by_hand_is_refused(begun: World) -> None:
    lock = (begun.repo / "requirements.lock").read_text()
    begun.write(
        "requirements.lock", "\n".join(line for line in lock.splitlines() if "--hash" not in line).replace(" \\", "")
    )
    begun.commit("By hand")
    before = begun.footprint()
    message, hint = begun.refused("run")
    assert message.endswith("six==1.17.0 has no hash")
    assert message.startswith("requirements.lock: line ")
    assert hint.startswith("no hand edits a lock")
    _untouched(begun, before)


@pytest.mark.parametrize("path", ["../outside.bin", "/etc/passwd", "models/../../outside.bin"])
def test_a_card_leads_nowhere_outside(tiny: World, path: str) -> None:
    tiny.edit("registry/tiny/model.yaml", "artifact: models/tiny.bin", f"artifact: {path}")
    tiny.commit("Outside")
    before = tiny.footprint()
    message, _ = tiny.refused("register", "tiny", "--bump", "major")
    assert message.startswith("registry/tiny/model.yaml:5: artifact: ")
    message, _ = tiny.refused("rebuild", "tiny@v1.0.0")
    assert message.startswith("registry/tiny/model.yaml:5: artifact: ")
    _untouched(tiny, before)


def test_an_artifact_that_is_a_link_to_elsewhere_is_never_attested(begun: World) -> None:
    """DVC puts the bytes themselves in place of a link, so what is registered is sound; the stage is not."""
    elsewhere = str(begun.root / "elsewhere.bin")
    linking = f"model = pathlib.Path('models/tiny.bin')\nmodel.rename({elsewhere!r})\nmodel.symlink_to({elsewhere!r})\n"
    begun.write("src/train.py", (begun.repo / "src/train.py").read_text() + linking)
    begun.commit("Link")
    begun.actum("run")
    begun.actum("register", "tiny")
    assert not (begun.repo / "models/tiny.bin").is_symlink()
    before = begun.footprint()
    message, hint = begun.refused("rebuild", "tiny@v1.0.0")
    assert "/models/tiny.bin: is a link that leads out of " in message
    assert hint.startswith("replace the link: ")
    _untouched(begun, before)
    assert begun.attestations() == []
    assert list((begun.repo / ".actum" / "worktrees").iterdir()) == []


def test_a_path_with_a_line_break_is_refused_at_once_by_what_needs_dvc_there(tiny: World, tmp_path: Path) -> None:
    moved = tiny.copy(tmp_path / "two\nlines")
    before = moved.footprint()
    score = ("score", "tiny@v1.0.0", "data/rows.csv")
    for words in (("run",), ("run", "-n"), ("register", "tiny"), ("rebuild", "tiny@v1.0.0"), score):
        done = moved.actum(*words, code=1)
        said = f"error: the path {str(moved.repo)!r} holds a line break, which DVC cannot be told\n"
        assert done.err.endswith(f"{said}hint: mv it to another name\n")
    _untouched(moved, before)
    assert moved.told("ls")  # what only reads git works there, too


def test_what_is_missing_is_said_before_an_environment_is_made(begun: World, tmp_path: Path) -> None:
    nothing = tmp_path / "environments"
    alone = begun.under(ACTUM_ENVIRONMENTS=str(nothing), UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "empty"))
    text = (begun.repo / "dvc.yaml").read_text()

    def refused(*words: str) -> str:
        for dry in ((), ("--dry-run",)):
            message, hint = alone.refused("run", *words, *dry)
            assert hint != ""
        assert not nothing.exists()
        return message

    assert refused("trian") == "there is no stage 'trian' in the pipeline"
    assert refused("--pipeline", "elsewhere") == "elsewhere/dvc.yaml: is not there"
    begun.write("dvc.yaml", text + "  evaluate: {\n")
    assert refused().startswith("dvc.yaml:")
    begun.write("dvc.yaml", text.replace("    params: [train]\n", "    params: [train]\n    frozen: true\n"))
    frozen = "dvc.yaml: stage train is frozen: DVC never executes it, so it could never be rebuilt"
    assert (refused(), refused("evaluate")) == (frozen, frozen)
    begun.write("dvc.yaml", text)
    begun.git("rm", "--quiet", "--cached", "requirements.lock")
    begun.git("commit", "--quiet", "--message", "No lock")
    assert refused() == "requirements.lock is not committed"
    assert not (begun.repo / ".actum" / "runs").exists()


def test_what_does_not_exist_is_said(tiny: World) -> None:
    before = tiny.footprint()
    message, _ = tiny.refused("rebuild", "tiny@v9.9.9")
    assert message == "tiny has no version 9.9.9 (versions: 1.0.0)"
    message, _ = tiny.refused("rebuild", "tinny@v1.0.0")
    assert "tinny" in message
    message, hint = tiny.refused("register", "tinny")
    assert "tinny" in message
    assert hint != ""
    message, hint = tiny.refused("register", "tiny", "--run", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (message, hint) == (
        "there is no run 01ARZ3NDEKTSV4RRFFQ69G5FAV in the commit that is checked out",
        "actum ls runs",
    )
    message, _ = tiny.refused("run", "trian")
    assert "trian" in message
    _untouched(tiny, before)


def test_a_version_never_changes(tiny: World) -> None:
    first = tiny.version("1.0.0")
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Scale")
    tiny.actum("run")
    before = tiny.footprint()
    message, hint = tiny.refused("register", "tiny", "--version", "1.0.0")
    assert message == (
        f"tiny@v1.0.0 is run/{first['run']}, registered {first['registered_at'][:10]} by Ana; a version never changes"
    )
    assert hint == "actum register tiny --bump minor"
    _untouched(tiny, before)
    assert tiny.version("1.0.0") == first
    done = tiny.actum("register", "tiny", "--run", first["run"], "--version", "1.0.0")
    assert done.out == f"nothing to do: tiny@v1.0.0 is run/{first['run']} already\n"
    _untouched(tiny, before)


@pytest.mark.parametrize("name", ["ti ny", "tiny.lock", "tiny/one", "..", "tiny~1", "tiny@{0}", "TINY:", "#production"])
def test_names_that_would_break_tags_or_paths_are_refused(tiny: World, name: str) -> None:
    before = tiny.footprint()
    message, _ = tiny.refused("register", name)
    assert name in message
    _untouched(tiny, before)


@pytest.mark.parametrize("number", ["1.1", "01.2.3", "1.2.3/../../x", "1.2.3 ", "v1.2.3~1", "1.2.3+local", ""])
def test_numbers_that_are_no_versions_are_refused(tiny: World, number: str) -> None:
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.commit("Scale")
    tiny.actum("run")
    before = tiny.footprint()
    message, hint = tiny.refused("register", "tiny", f"--version={number}")
    assert repr(number) in message
    assert hint == "--version 1.2.0"
    _untouched(tiny, before)


def test_a_disk_that_is_full_leaves_no_half_of_a_version(begun: World) -> None:
    begun.actum("run")
    begun.actum("register", "tiny", "--local", "--dry-run")  # what is remembered of the environment is written now
    for place in (begun.repo / ".dvc" / "cache" / "files").rglob("*"):
        if place.is_file():  # the remote has all of it: only the record is still to be written
            target = begun.remote / place.relative_to(begun.repo / ".dvc" / "cache")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(place.read_bytes())
    before = begun.footprint()
    done = _limited(begun, 1024, "register", "tiny")
    assert done.code == 1, done.said
    assert f"error: {begun.repo}/registry/tiny/versions/1.0.0.yaml: cannot be written: File too large\n" in done.err
    assert "hint: raise the limit on file sizes (ulimit -f)\n" in done.err
    _untouched(begun, before)
    begun.actum("register", "tiny")
    assert begun.git("status", "--porcelain") == ""


def _limited(world: World, size: int, *words: str) -> Done:
    """Run actum where no file may grow beyond *size* bytes."""
    done = subprocess.run(
        [*ACTUM, *words], cwd=world.repo, env=dict(world.env), capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_disk_that_is_full_leaves_no_half_of_a_run(begun: World) -> None:
    if subprocess.run(["unshare", "-rnm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a Linux network namespace (and one of mounts)")
    begun.write("runs/.gitkeep", "")
    begun.commit("A place for runs")
    mount = f"mount -t tmpfs -o size=64k,nr_inodes=3 none {begun.repo}/runs && touch {begun.repo}/runs/.gitkeep"
    done = begun.call("unshare", "-rnm", "sh", "-c", f'{mount} && exec "$@"', "sh", *ACTUM, "run")
    assert done.code == 1, done.said
    assert "cannot be written: No space left on device" in done.err
    assert "hint: free some space on that disk, then run the command again" in done.err
    assert begun.git("log", "--format=%s", "-1") == "A place for runs"
    begun.actum("run")
    (run,) = begun.runs()
    assert {stage["run"] for stage in run["stages"]} == {run["id"]}  # executed before the disk was full
    assert (
        len(json.loads((begun.repo / ".actum" / "runs" / run["id"] / "journal.jsonl").read_text().splitlines()[0])) > 1
    )
    assert begun.git("status", "--porcelain") == ""
