"""The use case: judge a revision against its base, and collect everything that stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actum import layout
from actum.checking.bench import Bench
from actum.checking.bounds import bound_objections
from actum.checking.evidence_branch import branch_objections, local_objections
from actum.checking.features import feature_objections
from actum.checking.findings import Objection
from actum.checking.flows import flow_objections
from actum.checking.moves import move_objections, standing_objections
from actum.checking.provenance import lock_objections
from actum.checking.record_rules import record_objections
from actum.checking.references import reference_objections
from actum.checking.strangers import stranger_objections
from actum.checking.versions import version_objections
from actum.checking.weighing import Dossier
from actum.errors import UserError
from actum.git.repository import Git
from actum.planning.means import means_of
from actum.planning.scope import Scope, evidence_to_check, open_evidence, open_evidence_scope, open_scope
from actum.progress import Teller, silent
from actum.records.judgement import Judged
from actum.records.version import ModelVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was looked at and what was found, blocks first. ``records``: how many were read."""

    head: str
    base: str
    whole: bool
    records: int
    moves: int
    objections: tuple[Objection, ...]
    dossiers: tuple[Dossier, ...] = ()

    @property
    def blocks(self) -> tuple[Objection, ...]:
        return tuple(one for one in self.objections if one.weight == "block")

    @property
    def warnings(self) -> tuple[Objection, ...]:
        return tuple(one for one in self.objections if one.weight == "warn")


def check(
    repo: Git,
    *,
    head: str | None = None,
    base: str | None = None,
    environ: Mapping[str, str],
    now: datetime,
    tell: Teller = silent,
    allow_pickle: bool = False,
) -> Checked:
    """Check a revision; nothing is written. The evidence branch is no change of the trunk, and judged by its own rules.

    ``allow_pickle``: leave to load models of the base that may run code when they are loaded.

    Raises:
        UserError: There is nothing to compare with.
    """
    if (tip := evidence_to_check(repo, head)) is not None:
        scope, since = open_evidence_scope(repo, tip, base)
        return _checked(scope, branch_objections(scope, since))
    scope = open_scope(repo, head=head, base=base)
    bounds = [*bound_objections(scope)]
    means = means_of(scope.base, environ, tell, allow_pickle=allow_pickle)
    bench = Bench(
        scope=scope,
        evidence=open_evidence(repo),
        now=now,
        means=replace(means, compare=_refuse_to_compare) if bounds else means,
        refused=bool(bounds),
    )
    dossiers: list[Dossier] = []
    found = [
        *record_objections(scope),
        *reference_objections(scope),
        *feature_objections(scope),
        *version_objections(scope, now),
        *lock_objections(scope),
        *flow_objections(scope),
        # Who adopts actum may have had such a file for years: that stops nobody's change.
        *stranger_objections(scope, "commits", "warn" if scope.whole else "block"),
        *move_objections(bench, dossiers),
        *bounds,
        *local_objections(repo),
    ]
    if scope.whole:
        found += standing_objections(scope)
    return _checked(scope, found, dossiers)


def _refuse_to_compare(_candidate: ModelVersion, _champion: ModelVersion | None) -> Judged:
    """What is refused already must not get to run: what it brings lies in the checkout that judges."""
    raise UserError("the change brings more than a promotion")


def _checked(scope: Scope, found: Iterable[Objection], dossiers: Iterable[Dossier] = ()) -> Checked:
    return Checked(
        head=scope.head.commit,
        base=scope.base_name,
        whole=scope.whole,
        records=sum(1 for path in scope.paths() if layout.kind_of(path)),
        moves=sum(1 for path in scope.changed if layout.kind_of(path) == "stage"),
        objections=tuple(sorted(dict.fromkeys(found), key=lambda one: (one.weight, one.path, one.kind, one.message))),
        dossiers=tuple(dossiers),
    )
