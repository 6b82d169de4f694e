"""What a stage opens is told by the kernel: files of the repository that were there before, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from actum.inside import stage_shell, watching

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A work tree whose files are older than what is watched."""
    root = tmp_path / "tree"
    for path in (
        *("a.csv", "data/b.csv", "data/deep/c.csv", "known/d.csv", "lib/module.py", "log.txt", "dvc.yaml"),
        *("e.csv.dvc", ".hidden/f.csv", ".env/g.csv", "venv/pyvenv.cfg", "venv/h.csv", "runs/2026/11/i.json"),
        *("other/.git/config", "other/j.csv"),
    ):
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x = 1\n")
        os.utime(place, (1, 1))
    (root / "outside").symlink_to(tmp_path)
    (tmp_path / "k.csv").write_text("")
    return root


def opened(root: Path, command: str, known: Sequence[str] = ()) -> list[str]:
    watch = watching.begin(str(root), known)
    assert watch is not None
    with subprocess.Popen(["/bin/sh", "-c", command], cwd=root) as child:
        watch.wait(child.pid)
    assert child.returncode == 0
    return watch.close()


def test_what_was_read_is_told_wherever_it_lies(root: Path) -> None:
    assert opened(root, "cat a.csv data/b.csv data/deep/c.csv data/b.csv") == ["a.csv", "data/b.csv", "data/deep/c.csv"]


def test_what_is_declared_needs_no_mention_nor_what_lies_in_it(root: Path) -> None:
    assert opened(root, "cat a.csv known/d.csv data/b.csv", ["known", "data/b.csv"]) == ["a.csv"]


def test_what_the_command_makes_or_writes_is_no_input(root: Path) -> None:
    command = "echo 1 > new.csv; cat new.csv; echo 2 >> log.txt; mkdir made; echo 3 > made/x; cat made/x; cat a.csv"
    assert opened(root, f"{command}; mv new.csv moved.csv; cat moved.csv; rm data/b.csv") == ["a.csv"]


def test_a_file_that_is_listed_or_asked_about_is_not_read(root: Path) -> None:
    assert opened(root, "ls -l . data; stat a.csv; test -f data/b.csv") == []


def test_a_database_that_is_opened_for_writing_and_only_read_counts_as_read(root: Path) -> None:
    script = "import os; os.close(os.open('a.csv', os.O_RDWR))"
    assert opened(root, f'"{sys.executable}" -c "{script}"') == ["a.csv"]


@pytest.mark.parametrize(
    "path", [".hidden/f.csv", ".env/g.csv", "venv/h.csv", "runs/2026/11/i.json", "dvc.yaml", "e.csv.dvc", "other/j.csv"]
)
def test_what_is_no_data_of_the_project_is_not_watched(root: Path, path: str) -> None:
    assert opened(root, f"cat {path} outside/k.csv") == []


def test_a_module_counts_as_read_also_when_only_its_compiled_form_was(root: Path) -> None:
    script = 'import sys; sys.path.insert(0, \\"lib\\"); import module'
    command = f'env -u PYTHONDONTWRITEBYTECODE "{sys.executable}" -c "{script}"'
    assert opened(root, command) == ["lib/module.py"]
    assert list((root / "lib/__pycache__").iterdir()) != []
    assert opened(root, command) == ["lib/module.py"]


def test_a_crowd_of_files_is_cut_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_FILES", 2)
    assert opened(root, "cat a.csv data/b.csv data/deep/c.csv") == ["a.csv", "data/b.csv"]
    monkeypatch.setattr(watching, "MOST_FOLDERS", 0)
    assert opened(root, "cat a.csv") == []


def test_the_journal_has_what_was_opened_where_somebody_asks(root: Path, tmp_path: Path) -> None:
    def run(book: Path) -> dict[str, object]:
        (book / "environment.json").write_text(json.dumps({"PATH": os.defpath}))
        words = [sys.executable, "-m", "actum.inside.stage_shell", str(book), "-c", "cat a.csv data/b.csv; exit 7"]
        dvc = [sys.executable, "-c", f"import subprocess, sys; sys.exit(subprocess.run({words!r}).returncode)"]
        env = {**os.environ, "DVC_STAGE": "train"}
        done = subprocess.run(dvc, cwd=root, env=env, start_new_session=True, check=False)
        assert done.returncode == 7
        last: dict[str, object] = json.loads((book / "journal.jsonl").read_text().splitlines()[-1])
        return last

    asked, silent = tmp_path / "asked", tmp_path / "silent"
    for book in (asked, silent):
        book.mkdir()
    (asked / "watched.json").write_text(json.dumps({"root": str(root), "known": {"train": ["a.csv"]}}))
    assert run(asked)["opened"] == ["data/b.csv"]
    assert "opened" not in run(silent)


def test_the_shell_needs_nothing_beside_the_standard_library() -> None:
    script = "import sys; sys.path.insert(0, sys.argv[1]); import actum.inside.stage_shell"
    where = Path(stage_shell.__file__).parents[2]
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script, str(where)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
