"""CODEOWNERS: the lines between our markers say who answers for what, as actum.yaml, cards and policies have it.

A forge asks any one owner of the last line that fits; N of M from groups is for ``check`` to count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from actum import layout
from actum.errors import UserError
from actum.filing import read_record
from actum.records.card import ModelCard
from actum.records.policy import Policy
from actum.records.settings import Settings

# Where GitHub looks, in its order: the first that is there counts alone.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
BEGIN = "# actum: begin. Written by `actum init --ci github` from actum.yaml, cards and policies; write outside of it."
END = "# actum: end"
_BEGINS = "# actum: begin"
_OWNER = re.compile(r"@[\w-]+(?:/[\w.-]+)?|[^\s@<>#]+@[^\s@<>#]+\.[^\s@<>#]+")


def place_of(root: Path) -> str:
    """Return which file says who owns what: the one that is there, else the first place."""
    return next((path for path in PLACES if (root / path).is_file()), PLACES[0])


def with_block(before: bytes, lines: Iterable[str], *, where: str) -> bytes:
    """Return a CODEOWNERS with these lines between the markers, and every other byte as it was.

    Raises:
        UserError: One marker is there without the other.
    """
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    block = b"".join(line.encode() + newline for line in (BEGIN, *lines, END))
    old = before.splitlines(keepends=True)
    starts = [number for number, line in enumerate(old) if line.startswith(_BEGINS.encode())]
    ends = [number for number, line in enumerate(old) if line.strip() == END.encode()]
    if not starts and not ends:
        gap = newline if before and not before.endswith(b"\n") else b""
        return before + gap + (newline if before else b"") + block
    if len(starts) != 1 or len(ends) != 1 or ends[0] < starts[0]:
        problem = f"{where}: must have one line {_BEGINS!r} and behind it one line {END!r}"
        raise UserError(problem, hint=f"delete these lines from {where}, then actum init --ci github")
    return b"".join(old[: starts[0]]) + block + b"".join(old[ends[0] + 1 :])


def lines_of(records: Mapping[str, bytes]) -> list[str]:
    """Return who owns what. *records*: the bytes of actum.yaml, cards and policies, by path.

    Raises:
        InvalidRecordError: One of them is malformed.
    """
    read = {path: read_record(path, data) for path, data in sorted(records.items()) if layout.kind_of(path)}
    settings = next(one for one in read.values() if isinstance(one, Settings))
    policies = {one.policy: one for one in read.values() if isinstance(one, Policy)}
    project = _known([settings.project.owner], settings)
    approvers = _known(_members(policies.values(), settings), settings)
    lines = [
        _line(path, owners, settings.project.owner)
        for path, owners in (
            (f"/{layout.SETTINGS}", project),
            ("/.github/", project),
            ("/policies/", approvers or project),
            ("/registry/", project),
        )
    ]
    for card in (one for one in read.values() if isinstance(one, ModelCard)):
        owner = _known([card.owner], settings)
        lines.append(_line(f"/registry/{card.model}/", owner, card.owner))
        asked = [policies[card.policy]] if card.policy in policies else []
        if agree := _known(_members(asked, settings), settings):
            lines.append(_line(f"/registry/{card.model}/stages/", list(dict.fromkeys([*owner, *agree])), card.owner))
    return lines


def _members(policies: Iterable[Policy], settings: Settings) -> list[str]:
    """Return who is in a group that a policy asks, for all models or those of some tier."""
    asked = [policy.approvals for policy in policies]
    asked += [tier.approvals for policy in policies for tier in policy.tiers.values() if tier.approvals]
    names = {rule.group for approvals in asked for rule in approvals.groups}
    return [member for group in settings.groups if group.name in names for member in group.members]


def _known(people: Iterable[str], settings: Settings) -> list[str]:
    """Return people as a forge knows them: by account where actum.yaml says which, else by address."""
    logins = {address.lower(): login for login, address in settings.signing.logins.items()}
    called = (f"@{logins[one.lower()]}" if one.lower() in logins else one.strip() for one in people)
    return list(dict.fromkeys(one for one in called if _OWNER.fullmatch(one)))


def _line(path: str, owners: list[str], stated: str) -> str:
    if owners:
        return f"{path} {' '.join(owners)}"
    return f"# {path} {' '.join(stated.split())[:80]!a} is neither an address nor @account"
