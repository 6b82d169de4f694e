"""Every error that a user may meet; anything else that escapes is our bug (exit code 70)."""

from __future__ import annotations

import errno

DISK_HINTS = {
    errno.ENOSPC: "free some space on that disk, then run the command again",
    errno.EDQUOT: "your quota on that disk is used up: free some space",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EACCES: "make the folder writable for you",
    errno.EPERM: "make the folder writable for you",
    errno.EROFS: "mount that disk for writing",
    errno.EISDIR: "a folder lies where a file belongs: move it away",
    errno.ENOTDIR: "a file lies where a folder belongs: move it away",
}


class UserError(Exception):
    """The request cannot be carried out, and the user can mend it.

    Attributes:
        hint: A command to type or one imperative sentence; "" when there is none.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotFoundError(UserError):
    """What was asked for is not there; the message names where it was looked for."""


class InvalidRecordError(UserError):
    """A file does not have the form that its schema asks for."""


class UsageError(UserError):
    """The command line itself cannot be understood."""

    exit_code = 2


class RefusedError(UserError):
    """A check ran to its end and has findings: a gate, a comparison, fsck."""

    exit_code = 3


class ToolFailedError(UserError):
    """git, dvc, uv or a remote exited with an error; the message holds its last words."""

    exit_code = 4


def of_the_disk(error: OSError) -> UserError | None:
    """Return what a full, foreign, read-only or untidy disk is for the user, wherever it was met; None for all else."""
    if error.errno not in DISK_HINTS:
        return None
    path = error.filename2 or error.filename
    where = f"{path}: " if path is not None else ""
    return UserError(f"{where}{error.strerror}", hint=DISK_HINTS[error.errno])
