"""Reviews of a pull request as a forge's REST interface lists them, and which of them is each reviewer's last word.

Source: GitHub REST, "List reviews for a pull request".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from actum.errors import InvalidRecordError
from actum.records.codec import FieldError, decode
from actum.records.forms import Commit

MOST_BYTES = 20_000_000
_LISTED = "gh api --paginate repos/OWNER/NAME/pulls/NUMBER/reviews > FILE.json"
_SILENT = ("COMMENTED", "PENDING")
_FIELDS = ("id", "user", "state", "submitted_at", "commit_id", "html_url", "author_association")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Who reviewed, by their login."""

    login: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgeReview:
    """One review. ``user`` and ``commit_id`` are absent where the forge has forgotten them."""

    id: int
    state: Literal["APPROVED", "CHANGES_REQUESTED", "DISMISSED", "COMMENTED", "PENDING"]
    user: User | None = None
    submitted_at: datetime | None = None
    commit_id: Commit | None = None
    html_url: str = ""
    author_association: str = ""

    def __post_init__(self) -> None:
        if self.state not in _SILENT and self.submitted_at is None:
            raise FieldError("is required", ("submitted_at",))


def read_reviews(data: bytes, *, where: str) -> tuple[ForgeReview, ...]:
    """Read the list, in the forge's order.

    Raises:
        InvalidRecordError: It is no such list; the message names the field.
    """
    if len(data) > MOST_BYTES:
        raise InvalidRecordError(f"{where}: has {len(data):,} bytes, must have at most {MOST_BYTES:,}")
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidRecordError(f"{where}: is not JSON: {error}", hint=_LISTED) from error
    if not isinstance(raw, list):
        raise InvalidRecordError(f"{where}: is no list of reviews", hint=_LISTED)
    found = []
    for index, item in enumerate(raw):
        try:
            found.append(_review(item))
        except FieldError as error:
            raise InvalidRecordError(f"{where}: {error.under(index)}", hint=_LISTED) from error
    return tuple(found)


def last_words(reviews: Iterable[ForgeReview]) -> tuple[ForgeReview, ...]:
    """Return the latest review of each login that says yes or no; remarks and drafts do neither."""
    latest: dict[str, ForgeReview] = {}
    for review in sorted(enumerate(reviews), key=_order):
        if review[1].state not in _SILENT and review[1].user is not None:
            latest[review[1].user.login.casefold()] = review[1]
    return tuple(latest.values())


def _order(item: tuple[int, ForgeReview]) -> tuple[float, int]:
    index, review = item
    return (review.submitted_at.timestamp() if review.submitted_at else 0.0, index)


def _review(raw: Any) -> ForgeReview:
    # The forge writes null for what it has not; only what is looked at here must have its form.
    known = {name: raw[name] for name in _FIELDS if raw.get(name) is not None} if isinstance(raw, dict) else raw
    return decode(ForgeReview, known)
