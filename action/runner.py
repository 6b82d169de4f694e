"""What a runner of GitHub Actions takes from a step: annotations, outputs, the summary. Standard library only."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_ESCAPES, ":": "%3A", ",": "%2C"}
# A module of the repository under test must not pass for one of ours or of DVC's.
_SAFE = {"PYTHONSAFEPATH": "1"}
# Who is said to have written what a job writes; its own settings come before.
NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "github-actions[bot]"),
        ("EMAIL", "41898282+github-actions[bot]@users.noreply.github.com"),
    )
}


def annotate(level: str, message: str, **where: str | int | None) -> None:
    """Print an annotation; nothing in it can become another command."""
    given = ",".join(f"{name}={_escaped(str(value), _IN_PROPERTIES)}" for name, value in where.items() if value)
    print(f"::{level}{' ' if given else ''}{given}::{_escaped(message, _ESCAPES)}")


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in text)


def set_outputs(values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> None:
    """Hand values to later steps; no value can name another one, whatever lines it has."""
    with open(environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        for name, value in values.items():
            end = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def summarise(markdown: str, environ: Mapping[str, str] = os.environ) -> None:
    """Add to the page that GitHub shows of the job."""
    with open(environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
        file.write(markdown + "\n")


@contextmanager
def foreign_words() -> Iterator[None]:
    """Let what others wrote reach the log without being obeyed as a command."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        print(f"::{token}::", flush=True)


def actum(*words: str, keep: bool = True, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the actum that the action installed, in the repository under test. ``keep``: return what it prints."""
    program = Path(sys.executable).with_name("actum")
    out = subprocess.PIPE if keep else None
    known = {**NOBODY, **os.environ, **_SAFE, **(env or {})}
    return subprocess.run(
        [str(program), *words], stdout=out, stderr=out, text=True, errors="replace", check=False, env=known
    )


def git(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *words],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, **(env or {})},
    )


def signed_in(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what lets one child git speak to this server as the job; nothing of it is written to disk."""
    token, server = environ.get("ACTUM_TOKEN", ""), environ.get("GITHUB_SERVER_URL", "")
    if not token or not server:
        return {}
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}",
    }


def bring(*refspecs: str) -> None:
    """Fetch from origin what a checkout leaves out; a repository that has none of it yet is no error."""
    for refspec in refspecs:
        git("fetch", "--quiet", "--no-tags", "origin", refspec, env=signed_in())


def words(environ_name: str) -> Sequence[str]:
    return os.environ.get(environ_name, "").split()
