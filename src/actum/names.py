"""Names and ids: what may be called how, and what an id that a user typed stands for.

Grammar of names and tags: GTO's, without ``/`` and dots, so that a name is safe in a path and in a ref.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering
from typing import Literal, Self

from actum.errors import UsageError

NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,62}[a-zA-Z0-9])?")
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
SEMVER = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)  # two characters at a time: a segment makes 100,000 ids
_SHIFTS = tuple(range(120, -1, -10))
# Before the slash of an id these say what it is; a model of that name would have no ids for its decisions.
PIPELINE = "pipeline"  # shown by this word, so no model has it for a name
RESERVED = frozenset({"run", "event", "feature", PIPELINE})
_FEATURE = re.compile(r"(?:([a-z][a-z0-9_]{0,62})\.)?([a-z][a-z0-9_]{0,62})")

Bump = Literal["major", "minor", "patch"]


def is_name(text: str) -> bool:
    """Whether *text* may name a model, a stage, a policy or an application."""
    return NAME.fullmatch(text) is not None


def is_ulid(text: str) -> bool:
    return ULID.fullmatch(text) is not None


class Ids:
    """Make ULIDs, each greater than the one before it, even within one millisecond.

    Source: github.com/ulid/spec, "Monotonicity". Clock (milliseconds) and randomness enter as arguments.
    """

    def __init__(self, now_ms: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._now_ms, self._random, self._last = now_ms, random, 0

    def new(self) -> str:
        now = self._now_ms()
        # The same or an earlier millisecond (a clock set back): count on from the last one.
        is_later = now > self._last >> 80
        self._last = (now << 80) | int.from_bytes(self._random(10), "big") if is_later else self._last + 1
        return _base32(self._last)


def ulid_of(ms: int, random: bytes) -> str:
    """Return the ULID that was made at *ms* by ten bytes: of what something is called elsewhere always the same."""
    return _base32((ms << 80) | int.from_bytes(random, "big"))


def ulid_ms(ulid: str) -> int:
    """Return the milliseconds since 1970 that a ULID carries."""
    value = 0
    for char in ulid:
        value = value * 32 + _ALPHABET.index(char)
    return value >> 80


def _base32(value: int) -> str:
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in _SHIFTS])


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version without build metadata; ordered as SemVer 2.0.0 (section 11) asks."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``1.2.3``, ``v1.2.3`` or ``1.2.3-rc.1``.

        Raises:
            ValueError: It is not a semantic version.
        """
        match = SEMVER.fullmatch(text.removeprefix("v"))
        if match is None or any(p.isdigit() and p != str(int(p)) for p in (match[4] or "").split(".")):
            raise ValueError(f"{text!r} is not a semantic version such as 1.2.0")
        return cls(int(match[1]), int(match[2]), int(match[3]), tuple(match[4].split(".")) if match[4] else ())

    def bump(self, part: Bump) -> Version:
        if part == "major":
            return Version(self.major + 1, 0, 0)
        if part == "minor":
            return Version(self.major, self.minor + 1, 0)
        # The release that a pre-release leads to is the next patch itself.
        return Version(self.major, self.minor, self.patch if self.pre else self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + (f"-{'.'.join(self.pre)}" if self.pre else "")

    def __lt__(self, other: Version) -> bool:
        return self.order() < other.order()

    def order(self) -> tuple[object, ...]:
        """Return what many versions are sorted by: it is made once for each, a comparison makes it anew."""
        pre = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.pre)
        return (self.major, self.minor, self.patch, not self.pre, pre)


_FORMS = "MODEL, MODEL@v1.2.0, MODEL#production, run/ULID, event/ULID, feature/NAME"

Kind = Literal["model", "version", "stage", "run", "event", "decision", "feature"]


@dataclass(frozen=True, slots=True)
class Reference:
    """What an id stands for: ``churn``, ``churn@v1.2.0``, ``churn#production``, ``run/01J...``, ``churn/01J...``.

    ``owner`` is the model, ``name`` what follows: version, stage, ULID; "" for a model. Of ``feature/delays.mean_3h``
    the owner is the view, or "" where only the feature is named.
    """

    kind: Kind
    owner: str
    name: str = ""

    def __str__(self) -> str:
        if self.kind == "feature":
            return f"feature/{self.owner}.{self.name}" if self.owner else f"feature/{self.name}"
        joints = {"model": "", "version": "@v", "stage": "#"}
        return f"{self.owner}{joints.get(self.kind, '/')}{self.name}"


def parse_reference(text: str) -> Reference:
    """Read an id as a user types it.

    Raises:
        UsageError: It has none of the forms.
    """
    owner, joint, rest = _split(text)
    if joint == "" and is_name(owner):
        return Reference("model", owner)
    if joint == "@" and is_name(owner):
        return Reference("version", owner, str(_version(rest, text)))
    if joint == "#" and is_name(owner) and is_name(rest):
        return Reference("stage", owner, rest)
    if joint == "/" and owner == "feature" and (feature := _FEATURE.fullmatch(rest)):
        return Reference("feature", feature[1] or "", feature[2])
    if joint == "/" and is_ulid(rest) and is_name(owner):
        kinds: dict[str, Kind] = {"run": "run", "event": "event"}
        return Reference(kinds.get(owner, "decision"), owner, rest)
    raise UsageError(
        f"{text!r} is not an id",
        hint=f"write {_FORMS} or MODEL/ULID (a decision)",
    )


def _split(text: str) -> tuple[str, str, str]:
    found = re.search(r"[@#/]", text)
    return (text, "", "") if found is None else (text[: found.start()], found[0], text[found.end() :])


def _version(text: str, whole: str) -> Version:
    try:
        return Version.parse(text)
    except ValueError as error:
        raise UsageError(f"{whole!r}: {error}", hint="write MODEL@v1.2.0") from error
