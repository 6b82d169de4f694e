"""Points in time: always with a zone, kept in UTC, written as RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from actum.errors import UsageError

CLOCKS_MAY_DIFFER_BY = timedelta(minutes=5)
"""Between machines; what is further ahead has not happened."""
MOST_DAYS = 36_525
"""What a record asks for may be more than a date can hold."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse(text: str) -> datetime:
    """Read an RFC 3339 time; a zone is required.

    Raises:
        ValueError: The text is no time, or has no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: end it with Z or an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from error


def write(moment: datetime) -> str:
    """Return RFC 3339 in UTC with ``Z``; microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_option(text: str) -> datetime:
    """Read what people type: a time with a zone, or a bare date, which is its first moment in UTC.

    Raises:
        UsageError: It is neither.
    """
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if is_date(text) else parse(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a time: {error}", hint="write 2020-04-01 or 2020-04-01T12:00:00Z") from error


def end_of(text: str) -> datetime:
    """Like :func:`from_option`, but a bare date is its last moment: "what held on that date"."""
    moment = from_option(text)
    return moment + timedelta(days=1, microseconds=-1) if is_date(text) else moment


def is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None
