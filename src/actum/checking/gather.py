"""From what a check found to what the page of a promotion is written from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actum import digests, gates, layout
from actum.approvals.counting import Weighed, is_asked
from actum.catalogue.differences import Differences, compare
from actum.catalogue.holdings import open_holdings
from actum.checking.check import Checked
from actum.checking.weighing import Dossier
from actum.errors import UserError
from actum.names import Reference
from actum.planning.lenient import policy_of, run_of
from actum.planning.pending import approvals_rule
from actum.planning.plan import named_moment
from actum.records.policy import Margin
from actum.records.version import ModelVersion
from actum.review.material import Consent, Consumer, Material, Trouble
from actum.review.page import page

_TOLD_AS_FINDINGS = frozenset({"promotion-gate", "promotion-approvals"})
SMALL = 500
_SERVING = ("features/", layout.TRUSTED_TYPES)


def pages(checked: Checked) -> str:
    """Return the page of each promotion that a check looked at; "" where there was none."""
    return "\n".join(page(material(checked, dossier)) for dossier in checked.dossiers)


def material(checked: Checked, of: Dossier) -> Material:
    """Gather what the reviewer of one promotion has to see."""
    move, candidate, champion = of.move, of.candidate, of.champion
    pointer = move.pointer
    return Material(
        model=pointer.model,
        version=pointer.version,
        stage=pointer.stage,
        replaces=move.before.version if move.before else None,
        plan=move.promotion.plan,
        findings=of.findings,
        troubles=tuple(_troubles(checked)),
        judged=of.appraisal.judged,
        margins=_margins(of),
        least_rows=_least_rows(of),
        consents=tuple(map(_consent, of.tally.weighed)) if of.tally else (),
        approvals_needed=_needed(of),
        holds_from=named_moment(move.event),
        holdout_uses=of.appraisal.uses,
        differences=_differences(of),
        files=_files(of) if champion else None,
        consumers=tuple(_consumers(of)),
        rollback=f"`actum promote {pointer.model} --to {pointer.stage} --back`" if champion else "",
        rebuilt=_rebuilt(of),
        card=move.card,
        lineage=tuple(_lineage(of)),
        digests={
            "head": checked.head,
            "base": checked.base,
            "plan": move.promotion.plan,
            "promotion": move.event.id,
            "candidate": candidate.artifact.sha256,
            "champion": champion.artifact.sha256 if champion else "",
            "holdout": of.appraisal.judged.holdout if of.appraisal.judged else "",
        },
        back=move.promotion.back,
        break_glass=move.promotion.break_glass,
        clock=move.settings.clock,
    )


def _troubles(checked: Checked) -> Iterator[Trouble]:
    for one in checked.objections:
        if one.kind not in _TOLD_AS_FINDINGS:
            yield Trouble(weight=one.weight, path=one.path, message=one.message, hint=one.hint)


def _margins(of: Dossier) -> Mapping[str, Margin]:
    policy, stage = policy_of(of.base, of.move.pointer.model), of.move.pointer.stage
    counting = policy.margins if policy else ()
    return {margin.metric: margin for margin in counting if not margin.stages or stage in margin.stages}


def _least_rows(of: Dossier) -> int:
    policy = policy_of(of.base, of.move.pointer.model)
    return min((rule.min_rows for rule in policy.slices), default=SMALL) if policy else SMALL


def _consent(one: Weighed) -> Consent:
    approval = one.verified.approval
    how = f"review of {approval.review.login}" if approval.review else "SSH signature"
    return Consent(
        principal=one.verified.who,
        at=one.verified.at,
        how=how,
        groups=one.groups,
        counts=one.why_not,
        comment=approval.comment,
    )


def _needed(of: Dossier) -> int:
    try:
        rule = approvals_rule(of.base, of.move.card)
    except UserError:
        return 0  # the policy is malformed, which check says
    if not is_asked(rule, of.move.pointer.stage):
        return 0
    return max(rule.at_least, sum(group.at_least for group in rule.groups))


def _differences(of: Dossier) -> Differences | None:
    if of.champion is None:
        return None
    holdings = open_holdings(of.base, now=of.move.event.recorded_at)
    sides = (Reference("version", one.model, one.version) for one in (of.champion, of.candidate))
    try:
        return compare(holdings, *sides)
    except UserError:
        return None  # the page says that it cannot be told


def _files(of: Dossier) -> dict[str, str]:
    """Return the files of git that differ between the two versions, by what they affect; records are left out."""
    assert of.champion is not None
    repo = of.base.repo
    commits = [repo.resolve(one.result_commit) for one in (of.champion, of.candidate)]
    if commits[0] is None or commits[1] is None:
        return {}
    run = run_of(of.base, of.candidate.run)
    read = set(run.read()) if run else set()
    trained = read | {blob.path for blob in of.candidate.content}
    made = set(run.made()) if run else set()
    changed = repo.changed(commits[0], commits[1])
    return {path: _affects(path, trained, made) for path in sorted(changed) if not _is_told_elsewhere(path)}


def _affects(path: str, trained: set[str], made: set[str]) -> str:
    if path in trained:
        return "training"
    if path in made:
        return "result"
    return "serving" if path.startswith(_SERVING) or layout.kind_of(path) == "model" else "other"


def _is_told_elsewhere(path: str) -> bool:
    """Whether it is a record, or what DVC keeps for itself."""
    kinds, ends = ("model-version", "stage", "event", "run"), (".dvc", "dvc.lock", ".gitignore")
    return layout.kind_of(path) in kinds or path.endswith(ends)


def _consumers(of: Dossier) -> Iterator[Consumer]:
    known = {application.name: application for application in of.move.settings.applications}
    for name in of.move.card.applications:
        application = known.get(name)
        yield Consumer(
            name=name,
            owner=application.owner if application else "nobody",
            purpose=application.purpose if application else "",
        )


def _rebuilt(of: Dossier) -> str:
    event = of.appraisal.rebuilt
    if event is None or event.attestation is None:
        return ""
    until = gates.good_until(event, of.move.card.rebuild.valid_days)
    return f"{event.attestation.level}, {event.recorded_at:%Y-%m-%d}, good until {until:%Y-%m-%d}"


def _lineage(of: Dossier) -> Iterator[tuple[str, str]]:
    version: ModelVersion = of.candidate
    run, name = f"run/{version.run[:10]}", f"{version.model}@v{version.version}"
    for fact in version.data:
        yield fact.path, run
    yield f"code {version.code_commit[:10]}", run
    yield f"lock {digests.short(version.environment.lock_sha256)}", run
    yield run, name
    yield name, f"{version.model}#{of.move.pointer.stage}"
    for application in of.move.card.applications:
        yield f"{version.model}#{of.move.pointer.stage}", application
