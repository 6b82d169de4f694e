"""From what a check found to what the page of a promotion is written from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actum import digests, gates
from actum.approvals.counting import is_asked
from actum.approvals.judging import approvals_rule
from actum.catalogue.consents import consent
from actum.checking.check import Checked
from actum.checking.weighing import Dossier
from actum.errors import UserError
from actum.planning.changes import Changes, changes_of
from actum.planning.digest import Intent, named_moment
from actum.planning.lenient import policy_of
from actum.planning.plan import way_back
from actum.records.policy import Margin
from actum.records.version import ModelVersion
from actum.review.material import Consumer, Material, Trouble
from actum.review.page import page
from actum.vocabulary.uses import live_versions, readable_cards, uses_of

_TOLD_AS_FINDINGS = frozenset({"promotion-gate", "promotion-approvals"})
SMALL = 500


def pages(checked: Checked) -> str:
    """Return the page of each promotion that a check looked at; "" where there was none."""
    return "\n".join(page(material(checked, dossier)) for dossier in checked.dossiers)


def material(checked: Checked, of: Dossier) -> Material:
    """Gather what the reviewer of one promotion has to see."""
    move, candidate, champion = of.move, of.candidate, of.champion
    pointer, intent, changes = move.pointer, Intent.of(move.promotion), _changes(of)
    return Material(
        model=pointer.model,
        version=pointer.version,
        stage=pointer.stage,
        replaces=move.before.version if move.before else None,
        plan=move.promotion.planned,
        findings=of.findings,
        troubles=tuple(_troubles(checked)),
        judged=of.appraisal.judged,
        margins=_margins(of),
        least_rows=_least_rows(of),
        consents=tuple(map(consent, of.tally.weighed)) if of.tally else (),
        approvals_needed=_needed(of),
        holds_from=named_moment(move.event),
        holdout_uses=of.appraisal.uses,
        differences=changes.differences if changes else None,
        feature_users=_feature_users(of, changes),
        code=changes.code if changes else None,
        consumers=tuple(_consumers(of)),
        rollback=f"`{way_back(pointer.model, pointer.stage, champion.version, intent)}`" if champion else "",
        rebuilt=gates.attested(of.appraisal.rebuilt, of.move.card.rebuild.valid_days),
        card=move.card,
        lineage=tuple(_lineage(of)),
        digests={
            "head": checked.head,
            "base": checked.base,
            "plan": move.promotion.planned,
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
            yield Trouble(weight=one.weight, path=one.path, message=one.text, hint=one.hint)


def _margins(of: Dossier) -> Mapping[str, Margin]:
    policy, stage = policy_of(of.base, of.move.pointer.model), of.move.pointer.stage
    counting = policy.margins if policy else ()
    return {margin.metric: margin for margin in counting if not margin.stages or stage in margin.stages}


def _least_rows(of: Dossier) -> int:
    policy = policy_of(of.base, of.move.pointer.model)
    return min((rule.min_rows for rule in policy.slices), default=SMALL) if policy else SMALL


def _needed(of: Dossier) -> int:
    try:
        rule = approvals_rule(of.base, of.move.card)
    except UserError:
        return 0  # the policy is malformed, which check says
    if not is_asked(rule, of.move.pointer.stage):
        return 0
    return max(rule.at_least, sum(group.at_least for group in rule.groups))


def _changes(of: Dossier) -> Changes | None:
    if of.champion is None:
        return None
    return changes_of(of.base, of.champion, of.candidate, now=of.move.event.recorded_at)


def _feature_users(of: Dossier, changes: Changes | None) -> dict[str, tuple[str, ...]]:
    """Return which other models of the base take the features that change, by their cards or as they stand."""
    differences = changes.differences if changes else None
    if differences is None or not differences.features:
        return {}
    base = of.base.tolerant()
    uses = uses_of(base.definitions, base.feature_sets(), readable_cards(base), live_versions(base))
    own = of.move.pointer.model
    users = {one.name: uses.users(one.was or one.name) for one in differences.features}
    others = {name: tuple(user for user in found if user.partition("@")[0] != own) for name, found in users.items()}
    return {name: found for name, found in others.items() if found}


def _consumers(of: Dossier) -> Iterator[Consumer]:
    known = {application.name: application for application in of.move.settings.applications}
    for name in of.move.card.applications:
        application = known.get(name)
        yield Consumer(
            name=name,
            owner=application.owner if application else "nobody",
            purpose=application.purpose if application else "",
        )


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
