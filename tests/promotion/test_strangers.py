"""A file that can run code comes into the trunk only where a run made it or a version has it; no check runs it."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from actum import layout
from actum.checking import strangers
from actum.checking.findings import Objection
from actum.cli.main import main
from tests.promotion.release_project import Project

MEGABYTE = 1 << 20
WHY = "loading it can run code, and no output on record or version has these bytes"
MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "actum", *sys.argv[1:], "--json"], capture_output=True, text=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
print(done.stdout + done.stderr)
"""


class Trap:
    """Makes a file of its unpickling."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.system, (f"touch '{self.marker}'",)


def zipped(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, data)
    return held.getvalue()


def bring(project: Project, path: str, data: bytes) -> None:
    """Put a file into git, whatever a .gitignore says, on a branch of its own."""
    if project.git("branch", "--show-current") != "work":
        project.begin("work")
    project.write(path, data)
    project.git("add", "--force", "--", path)
    project.git("commit", "-qm", f"Add {path}")


def found(project: Project) -> list[tuple[str, str, str]]:
    return [(one.weight, one.path, one.message) for one in project.check().objections]


def test_a_change_that_adds_a_pickle_is_refused_and_the_pickle_never_runs(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = tmp_path / "it-ran"
    data = pickle.dumps(Trap(marker))
    bring(project, "a/model.bin", data)
    assert main(["-C", str(project.root), "check"]) == 3
    line = f"block  a/model.bin: is a pickle: {WHY} (git rm --cached 'a/model.bin' && dvc add 'a/model.bin')"
    assert capsys.readouterr().out.splitlines()[0] == line
    assert [one.kind for one in project.check().objections] == ["pickle-unregistered"]
    assert not marker.exists()
    subprocess.run([sys.executable, "-c", "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))",
                    project.root / "a/model.bin"], check=True)  # fmt: skip
    assert marker.exists(), "the trap would have sprung"


def test_one_that_lies_on_the_trunk_stops_nobodys_change(project: Project, tmp_path: Path) -> None:
    project.write("old.bin", pickle.dumps(Trap(tmp_path / "it-ran")))
    project.commit()
    assert found(project) == [("warn", "old.bin", f"is a pickle: {WHY}")]
    project.begin("work")
    project.write("README.md", "unrelated\n")
    project.commit()
    assert found(project) == []


def test_what_a_run_made_and_what_a_version_has_may_pass(project: Project, tmp_path: Path) -> None:
    text = pickle.dumps(Trap(tmp_path / "it-ran"), 0).decode()
    project.begin("work")
    run = project.train(text, auc=0.9, brier=0.1)  # its stage copies rows.txt to models/churn.bin
    source = ("block", "rows.txt", f"is a pickle: {WHY}")
    assert found(project) == [source]
    bring(project, "models/churn.bin", text.encode())
    assert found(project) == [source], "dvc.lock has the output, and a run on record made it"
    project.git("reset", "-q", "--hard", "HEAD~1")
    project.register("1.2.0", run)
    assert found(project) == [], "a version has these bytes, wherever they lie"
    bring(project, "elsewhere.bin", text.encode())
    assert found(project) == []


def test_a_dvc_file_vouches_only_where_it_was_there_before(project: Project, tmp_path: Path) -> None:
    data = pickle.dumps(Trap(tmp_path / "it-ran"))
    project.begin("work")
    project.write("model.bin", data)
    project.dvc("add", "-q", "model.bin")
    bring(project, "model.bin", data)
    project.commit("and what tracks it")
    assert found(project) == [("block", "model.bin", f"is a pickle: {WHY}")]
    project.git("switch", "-q", "main")
    project.git("checkout", "-q", "work", "--", "model.bin.dvc")
    project.commit("track it")
    project.git("switch", "-q", "work")
    project.git("merge", "-q", "--no-edit", "main")
    assert found(project) == []


def test_a_large_file_is_looked_into_as_the_commit_has_it(project: Project, tmp_path: Path) -> None:
    data = pickle.dumps([Trap(tmp_path / "it-ran"), b"x" * (17 * MEGABYTE)])
    bring(project, "large.bin", data)
    bring(project, "large.zip", zipped("data.pkl", data))
    (project.root / "large.bin").write_bytes(b"harmless")
    (project.root / "large.zip").unlink()
    assert found(project) == [
        ("block", "large.bin", f"is a pickle: {WHY}"),
        ("block", "large.zip", f"is a zip whose member data.pkl is a pickle: {WHY}"),
    ]


def test_what_is_too_large_to_be_looked_into_is_not_called_harmless(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(project, "large.bin", b"x" * (17 * MEGABYTE))
    assert found(project) == []
    monkeypatch.setattr(strangers, "_MOST_COPIED", 17 * MEGABYTE - 1)
    assert found(project) == [("block", "large.bin", "is too large to be looked into")]


def test_bytes_that_git_has_lost_are_not_called_harmless(project: Project) -> None:
    bring(project, "lost.bin", b"who knows")
    blob = project.git("rev-parse", "HEAD:lost.bin")
    (project.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert found(project) == [("block", "lost.bin", "cannot be looked into: git has lost its bytes")]


def test_a_file_of_gigabytes_takes_no_memory(project: Project, tmp_path: Path) -> None:
    """What stands for them here is a record, a lock and what could run code."""
    project.begin("work")
    clean, _ = measured(project)
    project.write(layout.policy("huge"), b"#" * (65 * MEGABYTE))
    project.write("dvc.lock", b"#" * (65 * MEGABYTE))
    project.write("huge.bin", pickle.dumps([Trap(tmp_path / "it-ran"), b"x" * (65 * MEGABYTE)]))
    project.commit()
    peak, told = measured(project)
    kinds = {(one.kind, one.path) for one in told}
    assert kinds >= {("record-large", layout.policy("huge")), ("pickle-unregistered", "huge.bin")}
    assert ("record-invalid", "dvc.lock") in kinds
    assert peak - clean < 40 * MEGABYTE


def measured(project: Project) -> tuple[int, list[Objection]]:
    """Return the memory that a check took at most, git's included, and what it found."""
    words = [sys.executable, "-c", MEASURED, "-C", str(project.root), "check"]
    peak, _, told = project.run(*words).stdout.partition("\n")
    return int(peak), [Objection(**one) for one in json.loads(told)["data"]["findings"]]
