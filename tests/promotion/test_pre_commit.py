"""The hooks, by the real pre-commit: it clones, installs and runs them as it does for everybody."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from actum import layout
from actum.checking.staged import RULES
from tests.promotion.release_project import CARD, POLICY, Project

ROOT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
INSTALLED = ("src", "schemas", "example_project", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
V1 = layout.version("churn", "1.0.0")
Run = Callable[..., subprocess.CompletedProcess[str]]
DATE = "2026-11-24T00:00:00Z"


@pytest.fixture(scope="session")
def hooks(shared_environments: Path) -> Path:
    """A repository with these hooks; the same commit for every process, so that they are installed once."""
    made = shared_environments.parent / "hooks"
    if not made.is_dir():
        new = made.with_name(f"hooks-{os.getpid()}")
        new.mkdir()
        for name in INSTALLED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, new / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
            else:
                shutil.copyfile(ROOT / name, new / name)
        env = {**os.environ, "GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
        for words in (("init", "-q"), ("add", "--all", "--force"), ("commit", "-qm", "Hooks")):
            subprocess.run(["git", *words], cwd=new, env=env, check=True)
        try:
            new.rename(made)
        except OSError:  # another process was faster
            shutil.rmtree(new)
    return made


@pytest.fixture
def run(hooks: Path, project: Project) -> Run:
    """Run pre-commit in the project, whose configuration names all hooks."""
    rev = subprocess.run(["git", "rev-parse", "HEAD"], cwd=hooks, capture_output=True, text=True, check=True)
    names = [{"id": hook["id"]} for hook in HOOKS]
    config = {"repos": [{"repo": str(hooks), "rev": rev.stdout.strip(), "hooks": names}]}
    project.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    project.commit("Hooks")
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    own = {"PRE_COMMIT_HOME": str(hooks.parent / "pre-commit"), "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    own["PIP_NO_COMPILE"] = "1"  # of thousands of modules the hooks import a few
    env = project.env | pip | own | {"PATH": f"{Path(sys.executable).parent}:{project.env['PATH']}"}

    def call(*words: str, program: str | Path = PRE_COMMIT) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *words], cwd=project.root, env=env, capture_output=True, text=True, check=False)

    return call


def bad_record(project: Project) -> None:
    project.write(layout.policy("churn"), POLICY + "evidnce: {}\n")


def bad_form(project: Project) -> None:
    project.write(layout.card("churn"), CARD.replace("owner: ", "owner:   "))


def changed_version(project: Project) -> None:
    project.git("rm", "-q", V1)


def lock_by_hand(project: Project) -> None:
    lock = (project.root / "dvc.lock").read_text()
    project.write("dvc.lock", lock.replace("cmd: mkdir", "cmd: mkdir -v"))


def stray_pickle(project: Project) -> None:
    project.write("data/table.csv", pickle.dumps(CARD.encode))


def good_change(project: Project) -> None:
    project.write(layout.card("churn"), CARD + "title: who leaves\n")
    project.write("notes.txt", "an ordinary file\n")
    project.write(V1.replace("1.0.0", "2.0.0"), (project.root / V1).read_text().replace("1.0.0", "2.0.0"))


BAD = {
    "actum-validate": (bad_record, "line 6: evidnce: is not known here, did you mean evidence?"),
    "actum-format": (bad_form, f"formatted {layout.card('churn')}"),
    "actum-immutable": (changed_version, f"{V1}: was removed; what is on record never changes"),
    "actum-dvc-lock": (lock_by_hand, "dvc.lock: no run on record made what it says of train (actum run)"),
    "actum-no-pickle": (stray_pickle, "data/table.csv: is a pickle"),
}


def test_every_rule_has_one_hook_and_every_hook_one_rule() -> None:
    rules = [word for hook in HOOKS for word in hook["entry"].split() if word in RULES]
    assert sorted(rules) == sorted(RULES)
    assert [hook["id"] for hook in HOOKS] == list(BAD)


@pytest.mark.parametrize("hook", BAD)
def test_a_hook_stops_what_is_bad_and_says_why(hook: str, run: Run, project: Project) -> None:
    spoil, words = BAD[hook]
    spoil(project)
    project.git("add", "--all")
    done = run("run", hook)
    assert (done.returncode, words in done.stdout) == (1, True), done.stdout + done.stderr


def test_all_hooks_let_a_good_change_pass(run: Run, project: Project) -> None:
    good_change(project)
    project.git("add", "--all")
    for words in (("run",), ("run", "--all-files")):
        done = run(*words)
        passed = [line for line in done.stdout.splitlines() if line.endswith("Passed")]
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(passed) >= 4


def test_installed_hooks_hold_a_commit_back_and_mend_its_form(run: Run, project: Project) -> None:
    assert run("install").returncode == 0
    bad_form(project)
    assert run("commit", "-qam", "First try", program="git").returncode == 1
    assert (project.root / layout.card("churn")).read_text() == CARD
    project.write(layout.card("churn"), CARD + "title: who leaves\n")
    assert run("commit", "-qam", "Second try", program="git").returncode == 0
