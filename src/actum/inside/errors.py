"""What the wing refuses; it cannot import the tool's own errors, because the tool does not travel with it."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Write ``1 row``, ``2,000 rows``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


class ModelError(Exception):
    """A refusal a person can act on: ``str(error)`` says what is wrong, ``hint`` what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
