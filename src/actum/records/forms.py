"""The forms that fields of several records share: names, ids, digests, paths, and who did a thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated

from actum import names

_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DRIVE = re.compile(r"[A-Za-z]:")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")


def _name(value: str) -> str:
    return "" if names.is_name(value) else f"is {value!r}, must be letters, digits, - and _, at most 64"


def _ulid(value: str) -> str:
    return "" if names.is_ulid(value) else f"is {value!r}, must be a ULID of 26 characters"


def _semver(value: str) -> str:
    try:
        names.Version.parse("v" + value)
    except ValueError:
        return f'is {value!r}, must be a semantic version such as "1.2.0"'
    return ""


def _sha256(value: str) -> str:
    return "" if _SHA256.fullmatch(value) else f"is {value[:80]!r}, must be sha256: and 64 hex digits"


def _md5(value: str) -> str:
    return "" if _MD5.fullmatch(value) else f"is {value[:80]!r}, must be an md5 of 32 hex digits as DVC writes it"


def _commit(value: str) -> str:
    return "" if _COMMIT.fullmatch(value) else f"is {value[:80]!r}, must be a whole commit id"


def path_problem(value: str) -> str:
    """Say what makes *value* unfit as a path inside a repository; "" when it is fit."""
    parts = value.split("/")
    if not value or value.startswith("/") or ".." in parts or _UNSAFE.search(value) or _DRIVE.match(value):
        return f"is {value[:120]!r}, must be a path inside the repository"
    if ".git" in value.lower().split("/"):
        return f"is {value[:120]!r}, must not lead into .git"
    # Two spellings of one path would not be found equal to what git or DVC call it.
    if value == "." or not ("" in parts or "." in parts):
        return ""
    return f"is {value[:120]!r}, must be written {str(PurePosixPath(value))[:120]!r}"


Name = Annotated[str, _name]
Ulid = Annotated[str, _ulid]
Semver = Annotated[str, _semver]
Sha256 = Annotated[str, _sha256]
Md5 = Annotated[str, _md5]
Commit = Annotated[str, _commit]
RepoPath = Annotated[str, path_problem]


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who did a thing, as git knows them."""

    name: str
    email: str

    def __str__(self) -> str:
        return self.name or self.email


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFact:
    """A file, or a folder as DVC tracks it (``md5`` ends in ``.dir``); ``size`` in bytes.

    ``sha256`` of a folder is the digest of its DVC listing. It is absent where nobody read the bytes.
    """

    path: RepoPath
    md5: Md5
    sha256: Sha256 | None = None
    size: int | None = None
