"""A command line in this process, as a caller with an environment of his own types it: no interpreter is started."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from actum.cli.main import main


def typed(words: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr of one command line."""
    out, err = _stream(), _stream()
    with _environment(env), chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        status = main(words)
    return status, _text(out), _text(err)


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    before, given = dict(os.environ), dict(env)  # which may be the same
    os.environ.clear()
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _stream() -> io.TextIOWrapper:
    """Return a stream like that of a pipe: bytes below, and no terminal."""
    return io.TextIOWrapper(io.BytesIO(), encoding=sys.getdefaultencoding())


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
