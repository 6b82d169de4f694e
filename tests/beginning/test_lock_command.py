"""``actum lock``: from the work tree's requirements to the lock beside them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.beginning.beginning_project import Actum, everything, git

Publish = Callable[[str, str], None]


@pytest.fixture
def root(templates: Path, tmp_path: Path, wheels: Publish) -> Path:
    wheels("red", "1.0")
    wheels("blue", "2.0")
    root = shutil.copytree(templates / "project", tmp_path / "project")
    (root / "requirements.in").write_text("red\n")
    return root


def python_of(root: Path) -> str:
    line = next(line for line in (root / "actum.yaml").read_text().splitlines() if "  python:" in line)
    return line.split('"')[1]


def head(root: Path, count: str) -> str:
    return f"requirements.lock from requirements.in for python {python_of(root)}: {count}"


def test_what_came_and_went_is_told_and_the_lock_lies_in_the_work_tree(
    root: Path, actum: Actum, wheels: Publish
) -> None:
    said = actum("lock", cwd=root)
    assert (said.code, said.out.splitlines()) == (0, [head(root, "1 package"), "  + red  1.0"])
    assert said.err == "next: git add requirements.in requirements.lock && git commit\n"
    wheels("red", "1.1")
    (root / "requirements.in").write_text("red>1.0\nblue\n")
    said = actum("lock", cwd=root)
    assert said.out.splitlines() == [head(root, "2 packages"), "  + blue  2.0", "  ~ red  1.0 -> 1.1"]
    (root / "requirements.in").write_text("red\n")
    assert actum("lock", cwd=root).out.splitlines() == [head(root, "1 package"), "  - blue  2.0"]


def test_what_still_fits_stays_until_an_upgrade_is_asked_for(root: Path, actum: Actum, wheels: Publish) -> None:
    actum("lock", cwd=root)
    before = (root / "requirements.lock").read_bytes()
    wheels("red", "1.1")
    assert actum("lock", cwd=root).out.splitlines() == [head(root, "1 package"), "unchanged"]
    assert (root / "requirements.lock").read_bytes() == before
    dry = actum("lock", "--upgrade", "-n", cwd=root)
    changed = [head(root, "1 package"), "  ~ red  1.0 -> 1.1"]
    assert dry.out.splitlines() == [*changed, "requirements.lock would change, nothing was written"]
    assert (root / "requirements.lock").read_bytes() == before
    assert actum("lock", "--upgrade", cwd=root).out.splitlines() == changed


def test_a_lock_that_does_not_satisfy_its_source_is_a_finding(root: Path, actum: Actum) -> None:
    said = actum("lock", "--check", cwd=root)
    absent = [head(root, "1 package"), "  + red  1.0", "requirements.lock is not there, nothing was written"]
    assert (said.code, said.out.splitlines(), said.err) == (3, absent, "next: actum lock\n")
    actum("lock", cwd=root)
    said = actum("lock", "--check", cwd=root)
    assert (said.code, said.out.splitlines()[1:], said.err) == (0, ["unchanged"], "")
    (root / "requirements.in").write_text("red\nblue\n")
    before = everything(root)
    said = actum("lock", "--check", "--json", cwd=root)
    data = said.json["data"]
    assert said.code == 3
    assert (data["satisfied"], data["added"], data["written"]) == (False, [["blue", "2.0"]], False)
    assert everything(root) == before


def test_a_newer_release_does_not_make_a_lock_unsatisfying(root: Path, actum: Actum, wheels: Publish) -> None:
    actum("lock", cwd=root)
    wheels("red", "9.0")
    assert actum("lock", "--check", cwd=root).code == 0


def test_a_lock_that_would_say_the_same_is_left_as_it_is(root: Path, actum: Actum, wheels: Publish) -> None:
    """Other bytes would be another environment, and every stage would be executed again."""
    wheels("needs_red", "1.0")
    (root / "requirements.in").write_text("needs-red\nred\n")
    actum("lock", cwd=root)
    lock = root / "requirements.lock"
    lock.write_text(lock.read_text().replace("    # via", "    # for"))
    before = lock.read_bytes()
    for words in (("lock",), ("lock", "--upgrade"), ("lock", "--check")):
        said = actum(*words, cwd=root)
        assert (said.code, said.out.splitlines()) == (0, [head(root, "2 packages"), "unchanged"])
        assert lock.read_bytes() == before


def test_a_lock_for_another_python_says_so(root: Path, actum: Actum) -> None:
    actum("lock", cwd=root)
    text, old = (root / "actum.yaml").read_text(), python_of(root)
    (root / "actum.yaml").write_text(text.replace(f'python: "{old}"', 'python: "3.99"'))
    said = actum("lock", cwd=root)
    told = "the same versions, with other hashes or for another python: the file was written"
    assert (said.code, said.out.splitlines()[1:]) == (0, [told])
    assert " for python 3.99." in (root / "requirements.lock").read_text()


def test_what_the_models_will_need_is_asked_for_where_the_lock_lacks_it(root: Path, actum: Actum) -> None:
    actum("init", "--model", "late", cwd=root)
    said = actum("lock", cwd=root)
    told = (
        "requirements.lock has no skops, without which late cannot be saved and loaded: write it into requirements.in"
    )
    assert f"warning: {told}\n" in said.err
    assert said.code == 0


def test_pyproject_is_the_source_where_there_is_no_requirements_in(root: Path, actum: Actum) -> None:
    (root / "requirements.in").unlink()
    (root / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\ndependencies = ["blue"]\n')
    said = actum("lock", cwd=root)
    first = f"requirements.lock from pyproject.toml for python {python_of(root)}: 1 package"
    assert said.out.splitlines() == [first, "  + blue  2.0"]


def test_without_a_source_the_hint_says_what_to_write(root: Path, actum: Actum) -> None:
    (root / "requirements.in").unlink()
    said = actum("lock", cwd=root)
    assert (said.code, said.err.splitlines()) == (
        1,
        [
            "error: neither requirements.in nor pyproject.toml is there to say what the environment needs",
            (
                "hint: write the packages that your stages import into requirements.in, one a line; skops and"
                " pyarrow among them, by which models are kept and tables scored"
            ),
        ],
    )


def test_the_lock_lies_where_actum_yaml_says_and_its_source_beside_it(root: Path, actum: Actum) -> None:
    text = (root / "actum.yaml").read_text()
    (root / "actum.yaml").write_text(text.replace("lock: requirements.lock", "lock: env/train.lock"))
    (root / "env").mkdir()
    (root / "env" / "requirements.in").write_text("blue\n")
    said = actum("lock", cwd=root)
    first = f"env/train.lock from env/requirements.in for python {python_of(root)}: 1 package"
    assert (said.code, said.out.splitlines()) == (0, [first, "  + blue  2.0"])
    assert (root / "env" / "train.lock").is_file()


def test_a_lock_that_a_hand_edited_is_named_by_its_own_name(root: Path, actum: Actum) -> None:
    (root / "requirements.lock").write_text("red==1.0\n")
    for words in (("lock",), ("lock", "--check")):
        said = actum(*words, cwd=root)
        assert (said.code, said.err.splitlines()[0]) == (1, "error: requirements.lock: line 1: red==1.0 has no hash")


def test_a_committed_and_unchanged_lock_leads_on_to_run(root: Path, actum: Actum) -> None:
    actum("lock", cwd=root)
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    assert actum("lock", cwd=root).err == "next: actum run\n"


def test_check_and_upgrade_contradict_each_other(root: Path, actum: Actum) -> None:
    assert actum("lock", "--check", "--upgrade", cwd=root).code == 2


def test_a_folder_without_actum_yaml_is_told_to_begin(root: Path, actum: Actum) -> None:
    (root / "actum.yaml").unlink()
    said = actum("lock", cwd=root)
    assert said.err.splitlines()[-1] == "hint: actum init"
