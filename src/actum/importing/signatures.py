"""Who made a commit or a tag, and when: out of git's own object, which anybody may have written."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from actum.errors import InvalidRecordError
from actum.records.forms import Person
from actum.runlog.values import cleaned

_LINE = re.compile(rb"^(author|committer|tagger) (.*) <(.*)> ([0-9]{1,18}) [+-][0-9]{4}$", re.MULTILINE)
_LATEST = 253_402_300_799


class Signature(NamedTuple):
    """``at``: seconds since 1970, in a year that a date can hold."""

    by: Person
    at: int


def signature_in(head: bytes, role: Literal["author", "committer", "tagger"]) -> Signature:
    """Return who the head of an object says to have made it.

    Raises:
        InvalidRecordError: It does not say, or names no year that a date can hold.
    """
    found = next((line for line in _LINE.finditer(head) if line[1] == role.encode()), None)
    if found is None:
        raise InvalidRecordError(f"its {role} cannot be read")
    if int(found[4]) > _LATEST:
        raise InvalidRecordError(f"its {role} names a year that no date can hold")
    name, email = (cleaned(text.decode(errors="surrogateescape")) for text in (found[2], found[3]))
    return Signature(Person(name=name, email=email), int(found[4]))
