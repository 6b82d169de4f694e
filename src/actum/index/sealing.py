"""Why a row of the index is believed: it was sealed with a key that lies in ``.git``, which no commit brings along.

A row that was damaged, made up, or made by other code than ours does not fit its seal, and is as good as absent.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

_SECRET = "actum-index-key"  # noqa: S105  the name of the file that holds it
_LENGTH = 32
# What a record means is decided here; a change of it must not leave old answers standing.
_DECIDING = (
    *("columns/*.py", "records/*.py", "files/*.py", "index/*.py"),
    *("layout.py", "lines.py", "moments.py", "names.py", "store.py", "uncommitted.py"),
)


def key(git_folder: Path) -> bytes | None:
    """Return the key of this clone and this code; None where no secret was drawn yet.

    Raises:
        OSError: Our own code cannot be read.
    """
    try:
        descriptor = os.open(git_folder / _SECRET, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as stream:
        secret = stream.read(_LENGTH + 1)
    return _key(secret) if len(secret) == _LENGTH else None


def draw(git_folder: Path) -> bytes:
    """Make a new secret, which voids whatever was sealed with another, and return its key; one process at a time.

    Raises:
        OSError: Nobody may write there.
    """
    secret = secrets.token_bytes(_LENGTH)
    temporary = git_folder / f"{_SECRET}.{secrets.token_hex(8)}.tmp"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secret)
        os.replace(temporary, git_folder / _SECRET)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    return _key(secret)


def seal(key: bytes, parts: Iterable[bytes]) -> bytes:
    """Return the seal over some bytes in their order, each apart from the next."""
    hashed = hashlib.blake2b(key=key, digest_size=16)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.digest()


def _key(secret: bytes) -> bytes:
    return hashlib.blake2b(_code(), key=secret, digest_size=_LENGTH).digest()


@cache
def _code() -> bytes:
    package = Path(__file__).parents[1]
    hashed = hashlib.blake2b(digest_size=_LENGTH)
    for path in sorted(path for pattern in _DECIDING for path in package.glob(pattern)):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes())
    return hashed.digest()
