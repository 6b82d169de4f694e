"""Every error that a user may meet; anything else that escapes is our bug (exit code 70)."""

from __future__ import annotations


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
