"""GTO's tags as they stand in a repository, in the order in which GTO takes them.

Source: gto/constants.py and gto/base.py of GTO 1.x. What its own reader stops at is left out here, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from actum.errors import InvalidRecordError
from actum.git.repository import Git
from actum.importing.ledger import Ledger
from actum.importing.signatures import signature_in
from actum.records.forms import Person

Action = Literal["register", "deregister", "assign", "unassign", "deprecate"]
_PREFIX = "refs/tags/"
_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9-/_]*[a-zA-Z0-9])?"
_TAG = re.compile(
    rf"(?:(?P<folder>[a-zA-Z0-9-_./]+)=)?(?P<artifact>{_NAME})"
    rf"(?:(?:\#(?P<stage>{_NAME})|@v(?P<version>[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*))(?P<cancel>!?)"
    rf"|@(?P<whole>deprecated|created))(?:\#(?P<counter>[0-9]{{1,18}}))?"
)
_OURS = re.compile(r"^(?:Event: [0-9A-Z]{26}|Run: run/[0-9A-Z]{26})$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """One tag of GTO's. ``at``: tagger time, seconds since 1970; ``folder``: of the dvc.yaml, "." for the root."""

    tag: str
    action: Action
    folder: str
    artifact: str
    version: str | None
    stage: str | None
    commit: str
    at: int
    counter: int
    by: Person


def read_signs(repo: Git, ledger: Ledger) -> tuple[Sign, ...]:
    """Return the tags that GTO reads, oldest first, without those that actum made of its own records."""
    refs = repo.refs(_PREFIX)
    objects = repo.blobs(ref.target for ref in refs if ref.target != ref.commit)
    found = []
    for ref in refs:
        name, data = ref.name.removeprefix(_PREFIX), objects.get(ref.target)
        parsed = _TAG.fullmatch(name)
        if parsed is None:
            ledger.leave("tag", "is none of GTO's", name)
        elif data is None:
            ledger.leave("tag", "is lightweight: GTO does not see it", name)
        elif parsed["whole"] == "created":
            ledger.leave("tag", "says that an artifact was created, which GTO itself does not write", name)
        elif _OURS.search(data.partition(b"\n\n")[2].decode(errors="replace")):
            ledger.known["tag of actum's own"] += 1
        else:
            try:
                found.append(_sign(name, parsed, data, ref.commit))
            except InvalidRecordError as error:
                ledger.leave("tag", str(error), name)
    return tuple(sorted(found, key=lambda sign: (sign.at, sign.counter, sign.tag)))


def _sign(name: str, parsed: re.Match[str], data: bytes, commit: str) -> Sign:
    by, at = signature_in(data.partition(b"\n\n")[0], "tagger")
    return Sign(
        tag=name,
        action=_action(parsed),
        folder=parsed["folder"] or ".",
        artifact=parsed["artifact"],
        version=parsed["version"],
        stage=parsed["stage"],
        commit=commit,
        at=at,
        counter=int(parsed["counter"] or 0),
        by=by,
    )


def _action(parsed: re.Match[str]) -> Action:
    if parsed["whole"]:
        return "deprecate"
    if parsed["version"]:
        return "deregister" if parsed["cancel"] else "register"
    return "unassign" if parsed["cancel"] else "assign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one tag changed. ``stage``: what stands there from then on, None for nothing; absent for other turns.

    ``withdrawn`` and ``restored`` are of a version, or without one of the whole artifact.
    """

    sign: Sign
    kind: Literal["registered", "stands", "empty", "withdrawn", "restored"]
    version: str | None = None
    stage: str | None = None
    back: bool = False


class History:
    """One artifact while its tags pass, by GTO's rules: of a stage stands the version assigned last of those that are
    registered still and assigned still."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._commits: dict[str, str] = {}
        self._active: dict[str, bool] = {}
        self._assigned: dict[str, dict[str, Sign]] = {}
        self._deprecated = False
        self._stands: dict[str, str] = {}

    def take(self, sign: Sign) -> Iterator[Turn]:
        """Yield what a tag changes."""
        if self._deprecated and sign.action != "deprecate":  # GTO: whatever comes after it brings the artifact back
            self._deprecated = False
            yield Turn(sign=sign, kind="restored")
        match sign.action:
            case "register" | "deregister":
                yield from self._registered(sign)
            case "deprecate":
                self._deprecated = True
                yield Turn(sign=sign, kind="withdrawn")
            case _:
                version = self._version_at(sign)
                if version is None:
                    self._ledger.leave("tag", "its commit has no registered version", sign.tag)
                    return
                held = self._assigned.setdefault(sign.stage or "", {})
                held.pop(version, None)
                if sign.action == "assign":
                    held[version] = sign
        yield from self._moved(sign)

    def _registered(self, sign: Sign) -> Iterator[Turn]:
        version = sign.version or ""
        known = self._active.get(version)
        self._active[version] = sign.action == "register"
        self._commits.setdefault(version, sign.commit)
        if sign.action == "deregister":
            if known is None:
                self._ledger.leave("tag", "withdraws a version that was never registered", sign.tag)
            else:
                yield Turn(sign=sign, kind="withdrawn", version=version)
        elif known is None:
            yield Turn(sign=sign, kind="registered", version=version)
        elif not known:
            yield Turn(sign=sign, kind="restored", version=version)

    def _version_at(self, sign: Sign) -> str | None:
        """Return the version that a stage's tag means: the one registered on its commit."""
        found = [version for version, commit in self._commits.items() if commit == sign.commit]
        return found[-1] if found else None

    def _moved(self, sign: Sign) -> Iterator[Turn]:
        now = {} if self._deprecated else dict(self._standing())
        for stage in sorted({*now, *self._stands}):
            before, version = self._stands.get(stage), now.get(stage)
            assigned = sign.action == "assign" and sign.stage == stage
            if version is None:
                yield Turn(sign=sign, kind="empty", stage=stage, version=before)
            elif version != before or assigned:
                yield Turn(sign=sign, kind="stands", stage=stage, version=version, back=not assigned)
        self._stands = now

    def _standing(self) -> Iterator[tuple[str, str]]:
        for stage, held in self._assigned.items():
            still = [version for version in held if self._active.get(version)]
            if still:
                yield stage, still[-1]  # in the order of their assignments
