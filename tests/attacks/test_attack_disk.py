"""A disk that is full or may not be written: said plainly, by every command, and nothing is left half-written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from actum import state
from actum.errors import of_the_disk
from actum.git.repository import Git
from tests.attacks.test_attack_screen import SETTINGS
from tests.real_git import Commit

NO_FILE_GROWS = (
    "import resource, sys; from actum.cli.main import main;"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); sys.exit(main(sys.argv[1:]))"
)


def test_a_disk_that_takes_no_more_is_no_bug_wherever_it_is_met(repo: Git, commit: Commit) -> None:
    commit("actum.yaml", SETTINGS)
    state.folder(repo.root)  # so that it is met where nothing translates it: in the lock of one writer
    command = [sys.executable, "-c", NO_FILE_GROWS, "register", "churn"]
    # What measures coverage writes a file of its own when the process ends.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (
        1,
        "error: File too large\nhint: raise the limit on file sizes (ulimit -f)\n",
    )


@pytest.mark.parametrize(
    ("number", "said"),
    [(28, "No space left on device"), (30, "x: Read-only file system"), (2, None)],
)
def test_only_what_the_user_can_mend_is_told_as_an_error(number: int, said: str | None) -> None:
    met = of_the_disk(OSError(number, os.strerror(number), *(["x"] if said and ": " in said else [])))
    assert (str(met) if met else None) == said
