"""The use case: judge a revision against its base, and collect everything that stands against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from actum import layout
from actum.git.repository import Git
from actum.promotion.findings import Objection
from actum.promotion.moves import Bench, move_objections, standing_objections
from actum.promotion.provenance import provenance_objections
from actum.promotion.record_rules import record_objections
from actum.promotion.remote import artifact_in_remote
from actum.promotion.scope import Scope, open_evidence, open_scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was looked at and what was found, blocks first. ``records``: how many were read."""

    head: str
    base: str
    whole: bool
    records: int
    moves: int
    objections: tuple[Objection, ...]

    @property
    def blocks(self) -> tuple[Objection, ...]:
        return tuple(one for one in self.objections if one.weight == "block")

    @property
    def warnings(self) -> tuple[Objection, ...]:
        return tuple(one for one in self.objections if one.weight == "warn")


def check(
    repo: Git, *, head: str | None = None, base: str | None = None, environ: Mapping[str, str], now: datetime
) -> Checked:
    """Check a revision; nothing is written.

    Raises:
        UserError: There is nothing to compare with.
    """
    scope = open_scope(repo, head=head, base=base)
    bench = Bench(
        scope=scope,
        evidence=open_evidence(repo),
        now=now,
        objects=lambda version: artifact_in_remote(repo, version, environ),
    )
    found = [*record_objections(scope), *provenance_objections(scope), *move_objections(bench)]
    if scope.whole:
        found += standing_objections(scope)
    return Checked(
        head=scope.head.commit,
        base=scope.base_name,
        whole=scope.whole,
        records=sum(1 for path in scope.paths() if layout.kind_of(path)),
        moves=_moves(scope),
        objections=tuple(sorted(dict.fromkeys(found), key=lambda one: (one.weight, one.path, one.kind, one.message))),
    )


def _moves(scope: Scope) -> int:
    return sum(1 for path in scope.changed if layout.kind_of(path) == "stage")
