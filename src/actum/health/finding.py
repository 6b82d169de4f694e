"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum.errors import UserError

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding. ``state``: ``note`` is worth knowing and no fault; ``mend``: what to type, "" when nothing."""

    check: str
    state: State
    says: str
    mend: str = ""


def ok(check: str, says: str) -> Finding:
    return Finding(check=check, state="ok", says=says)


def note(check: str, says: str, mend: str = "") -> Finding:
    return Finding(check=check, state="note", says=says, mend=mend)


def wrong(check: str, says: str, mend: str) -> Finding:
    return Finding(check=check, state="wrong", says=says, mend=mend)


def told(check: str, error: UserError, mend: str = "") -> Finding:
    """Return the finding that an error of ours makes: its words, its hint."""
    return wrong(check, str(error), error.hint or mend)
