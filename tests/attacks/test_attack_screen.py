"""What foreign names and closed streams may not do to the one who only reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actum.cli.screen import visible
from actum.git.repository import Git
from tests.real_git import Commit

SETTINGS = """\
schema: settings/1
project: {name: churn, problem: p, owner: ana@example.org, value: v, phase: pilot}
environment: {python: "3.11", platform: linux-x86_64}
"""


@pytest.fixture
def hostile(repo: Git, commit: Commit) -> Path:
    """A repository in which a model's folder is named by an escape sequence and a byte that is no UTF-8."""
    commit("actum.yaml", SETTINGS)
    commit(os.fsdecode(b"registry/a\x1b[2J\x9b31m\xff/model.yaml"), "x: 1\n")
    return repo.root


def _actum(root: Path, words: str, **encoding: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "actum", *words.split()]
    return subprocess.run(command, cwd=root, env={**os.environ, **encoding}, capture_output=True, check=False)


@pytest.mark.parametrize("words", ["ls", "fsck", "show nobody"])
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_a_name_from_a_repository_reaches_no_terminal_as_an_escape(hostile: Path, words: str, encoding: str) -> None:
    done = _actum(hostile, words, PYTHONIOENCODING=encoding)
    said = done.stdout + done.stderr
    assert (done.returncode in (0, 1, 3), b"Traceback" in said) == (True, False)
    assert [byte for byte in said if byte < 32 and byte not in b"\n\t"] == []


def test_json_stays_json_whatever_a_name_holds(hostile: Path) -> None:
    done = _actum(hostile, "ls --json", PYTHONIOENCODING="utf-8:strict")
    listed = json.loads(done.stdout)
    assert [row["model"] for row in listed["data"]] == [os.fsdecode(b"a\x1b[2J\x9b31m\xff")]


def test_what_is_hidden_is_written_out_and_our_own_colours_are_kept() -> None:
    assert visible("\x1b[31mred\x1b[0m \x1b[2J \x07 \u202e \x9b \ud800 a\tb\n") == (
        "\x1b[31mred\x1b[0m \\u001b[2J \\u0007 \\u202e \\u009b \\ud800 a\tb\n"
    )


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        (">&-", 0, b""),
        (">&- 2>&-", 0, b""),
        ("<&-", 0, b""),
        (">/dev/full", 1, b"error: stdout cannot be written: No space left on device\n"),
        ("2>/dev/full", 0, b""),
        ("| true", 0, b""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_bug(hostile: Path, redirection: str, status: int, said: bytes) -> None:
    shell = f'set -o pipefail; "$0" -m actum --help {redirection}'
    done = subprocess.run(["bash", "-c", shell, sys.executable], cwd=hostile, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (status, said)
