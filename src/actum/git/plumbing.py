"""Start git with a clean environment and turn its failures into ours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from actum import process
from actum.errors import NotFoundError, ToolFailedError

# Inside a hook, git exports GIT_DIR and GIT_INDEX_FILE: a child git would then work on the caller's
# repository, whatever its cwd. Who commits, how git connects and the user's own settings are the caller's to say.
_KEPT = re.compile(
    r"GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|PROXY_COMMAND|PROXY_SSL_CAINFO|SSL_(CAINFO|CAPATH|CERT|KEY|NO_VERIFY))"
    r"|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_[0-9]+|VALUE_[0-9]+)|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL)"
)
_FIXED = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
# quotepath: paths as they are. fsmonitor and hooks of a foreign repository must not run because we read it.
# showSignature writes into the output that we parse. useConfigOnly: no identity made up from the host's name.
_SETTINGS = (
    "core.quotepath=off",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "log.showSignature=false",
    "user.useConfigOnly=true",
)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a child git, *extra* last."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or _KEPT.fullmatch(key)}
    return clean | _FIXED | dict(extra or {})


def attempt(
    cwd: Path,
    *args: str,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    into: BinaryIO | None = None,
) -> process.Finished:
    """Run git and return however it ended. *into*: the file that takes its stdout.

    Raises:
        NotFoundError: There is no such folder.
        ToolFailedError: There is no git.
    """
    try:
        return process.run(_command(args), cwd=cwd, env=clean_environment(env), stdin=stdin, brief=True, into=into)
    except FileNotFoundError as error:
        if not cwd.is_dir():
            raise NotFoundError(f"{cwd} is not a folder") from error
        raise ToolFailedError("git is not installed", hint="apt-get install git") from error


def git(cwd: Path, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
    """Run git and return its stdout.

    Raises:
        ToolFailedError: It exited with an error.
    """
    done = attempt(cwd, *args, stdin=stdin, env=env)
    if done.code:
        raise failed(cwd, args[0], done)
    return done.out


def dialogue(cwd: Path, *args: str) -> process.Dialogue:
    """Start a git that answers until nobody asks any more.

    Raises:
        OSError: It does not start.
    """
    return process.Dialogue(_command(args), cwd=cwd, env=clean_environment())


def _command(args: tuple[str, ...]) -> list[str]:
    return ["git", *(word for setting in _SETTINGS for word in ("-c", setting)), *args]


def failed(cwd: Path, command: str, done: process.Finished) -> ToolFailedError:
    """Return the error for a git command that failed."""
    return ToolFailedError(f"git {command} failed: {done.last_words}", hint=hint(cwd, done.last_words))


def text(cwd: Path, *args: str, env: Mapping[str, str] | None = None) -> str:
    """Run git and return its stdout as one stripped text."""
    return git(cwd, *args, env=env).decode(errors="surrogateescape").strip()


def hint(cwd: Path, words: str) -> str:
    """Return what to do about git's last words, "" where they say it themselves."""
    if ".lock" in words and "exists" in words:
        return "another git is at work, or one was killed: actum doctor"
    if "dubious ownership" in words:
        return f"git config --global --add safe.directory {cwd}"
    return ""
