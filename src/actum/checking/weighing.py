"""What the base's gates, and the people it asks, say of one pointer that moved; and what the event says they said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from actum import gates, layout, registry
from actum.approvals.judging import Tally, approvals_rule
from actum.checking.bench import Bench, Move
from actum.checking.evidence_branch import relied_objections
from actum.checking.findings import Objection, block, warn
from actum.checking.places import placed
from actum.errors import UserError
from actum.planning.appraisal import Appraisal, Court, appraise, is_computed
from actum.planning.digest import Ground, Intent, named_moment
from actum.planning.lenient import policy_of, version_of
from actum.planning.plan import ROLLBACK, no_way_back, rollback
from actum.planning.remote import GATE as REMOTE
from actum.planning.waiting import promotion_subject, tally_of
from actum.records.event import Comparison, Finding
from actum.records.version import ModelVersion
from actum.store import Store

WITHIN = 1e-6
"""How far a figure on the holdout may be from the one that is computed again, elsewhere and later."""
_OTHERS = (gates.REBUILD, REMOTE, ROLLBACK, "version")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """One promotion as it was judged, for the page that its reviewers read."""

    move: Move
    candidate: ModelVersion
    champion: ModelVersion | None
    appraisal: Appraisal
    findings: tuple[Finding, ...]
    tally: Tally | None
    base: Store = field(repr=False)
    objections: tuple[Objection, ...] = field(repr=False)


def weigh(bench: Bench, move: Move, candidate: ModelVersion) -> Dossier:
    """Judge one promotion by the base: plan, gates, holdout, approvals, remote."""
    base = bench.scope.base
    champion = version_of(base, move.pointer.model, move.before.version) if move.before else None
    found = [*_plan(bench, move), *_back(bench, move)]
    court = Court(base=base, evidence=bench.evidence, now=bench.now, compare=bench.means.compare)
    appraisal, tally = Appraisal(findings=()), None
    try:
        back = move.promotion.back
        appraisal = appraise(court, move.card, candidate, champion, move.promotion.stage, back=back)
        subject = promotion_subject(base, bench.scope.head, candidate, move.event)
        tally = tally_of(base, bench.scope.head, approvals_rule(base, move.card), subject, now=bench.now)
    except UserError as error:
        found.append(_unfit_to_judge(bench, move, error))
    there = bench.means.objects(candidate)
    others = [there]
    if champion is not None and champion.version != candidate.version:
        others.append(rollback(bench.means.objects(champion), champion))
    if champion is None and move.before is not None:
        others += no_way_back(base, move.before)
    if bench.evidence is not None and any(finding.gate == gates.REBUILD for finding in appraisal.findings):
        found += relied_objections(bench.evidence, move.pointer.model)
    asked = tally.findings if tally else ()
    found += _closed(bench, move, (*appraisal.findings, *others[1:]), asked)
    found += _claims(bench, move, appraisal)
    found += _remote(bench, move, there)
    return Dossier(
        move=move,
        candidate=candidate,
        champion=champion,
        appraisal=appraisal,
        findings=(*others, *appraisal.findings, *asked),
        tally=tally,
        base=base,
        objections=tuple(found),
    )


def _unfit_to_judge(bench: Bench, move: Move, error: UserError) -> Objection:
    path = layout.policy(move.card.policy or "")
    line, because = placed(path, str(error))
    return block("settings-invalid", path, f"cannot be judged by {bench.scope.base_name}: {because}", line=line)


def _plan(bench: Bench, move: Move) -> Iterator[Objection]:
    promotion, intent = move.promotion, Intent.of(move.promotion)
    ground = Ground(
        base=bench.scope.base,
        card=move.card,
        stage=promotion.stage,
        version=promotion.version,
        pointer=move.before,
        named=named_moment(move.event),
    )
    meant = ground.meant_by(promotion.planned)
    line = bench.line(move.event_path, "promotion", "plan")
    if meant not in (None, intent):
        because = f"plan: is that of {meant}, the event is of {intent}: what was agreed to is another thing"
        yield block("promotion-intent", move.event_path, because, again(move, back=intent.back), line=line)
    elif meant is None or promotion.policy != move.card.policy:
        because = (
            f"plan: is {promotion.planned[:15] or 'absent'}, {bench.scope.base_name} gives {ground.digest(intent)[:15]}"
        )
        yield block("promotion-plan", move.event_path, because, again(move), line=line)


def _back(bench: Bench, move: Move) -> Iterator[Objection]:
    """A roll-back is not measured against the champion: so it must be one."""
    if not move.promotion.back:
        return
    good = registry.last_good(bench.scope.base, move.pointer.model, move.pointer.stage)
    if good != move.promotion.version:
        because = f"back: leads to {move.promotion.version}, the last good version before was {good or 'none'}"
        line = bench.line(move.event_path, "promotion", "back")
        yield block("promotion-back", move.event_path, because, again(move, back=True), line=line)


def _closed(bench: Bench, move: Move, findings: Iterable[Finding], approvals: Iterable[Finding]) -> Iterator[Objection]:
    """Yield the gates that are closed. Behind broken glass they warn, if the base's policy knows such a thing."""
    reason, path = move.promotion.break_glass, move.event_path
    policy = policy_of(bench.scope.base, move.pointer.model)
    allowed = reason is not None and (policy is None or policy.break_glass)
    line = bench.line(path, "promotion", "break_glass")
    if reason is not None and not allowed:
        because = f"the policy allows no break-glass; the reason was: {reason}"
        yield block("promotion-break-glass", path, because, line=line)
    elif reason is not None:
        yield warn("promotion-break-glass", path, f"closed gates are passed over: {reason}", line=line)
    stop = warn if allowed else block
    for kind, several in (("promotion-gate", findings), ("promotion-approvals", approvals)):
        for finding in several:
            if gates.is_closed(finding):
                line = _line_of_gate(bench, move, finding.gate)
                yield stop(kind, path, f"{finding.gate}: {finding.outcome}, {finding.because}", line=line)
            elif finding.outcome == "warned":
                line = _line_of_gate(bench, move, finding.gate)
                yield warn(kind, path, f"{finding.gate}: {finding.because}", line=line)


def _line_of_gate(bench: Bench, move: Move, gate: str) -> int | None:
    """Return where the event tells of a gate; of one that it does not tell of, such as approvals, where its plan is."""
    told = [one.gate for one in move.promotion.findings]
    at = ("findings", told.index(gate)) if gate in told else ("plan",)
    return bench.line(move.event_path, "promotion", *at)


def _claims(bench: Bench, move: Move, appraisal: Appraisal) -> Iterator[Objection]:
    """What a reviewer reads in the event must be what the base says; attestations may have come since."""
    path, claimed = move.event_path, move.promotion.findings
    told, says = (_comparable(each, computed=not bench.refused) for each in (claimed, appraisal.findings))
    for finding in sorted(told | says, key=lambda one: (one.gate, one.because)):
        because = f"{finding.outcome}, {finding.because}" if finding.because else finding.outcome
        line = _line_of_gate(bench, move, finding.gate)
        if finding not in says:
            told_so = f"{finding.gate}: the event says {because}; the policy on the base does not"
            yield block("promotion-evidence", path, told_so, line=line)
        elif finding not in told:
            said_so = f"{finding.gate}: the policy on the base says {because}; the event does not"
            yield block("promotion-evidence", path, said_so, line=line)
    for because in () if bench.refused else _figures(move.promotion.comparison, appraisal):
        line = bench.line(path, "promotion", "comparison")
        yield block("promotion-evidence", path, because, line=line)


def _comparable(findings: tuple[Finding, ...], *, computed: bool) -> frozenset[Finding]:
    """Of what is computed again the outcome alone counts: its words hold figures, which are held apart."""
    kept = (finding for finding in findings if finding.gate not in (*_OTHERS, *_COMING))
    kept = (finding for finding in kept if computed or not is_computed(finding))
    plain = (Finding(gate=one.gate, outcome=one.outcome, because="") if is_computed(one) else one for one in kept)
    return frozenset(plain)


_COMING = ("owner", "application", "stage", "effective-at", "pointer", "holdout-uses")
"""Gates of the plan alone, which check looks at by rules of its own."""


def _figures(claimed: Comparison | None, appraisal: Appraisal) -> Iterator[str]:
    judged = appraisal.judged
    if judged is None:
        if claimed is not None:
            asked = any(is_computed(one) for one in appraisal.findings)
            because = "it could not be computed again" if asked else "the policy on the base asks for none"
            yield f"comparison: {because}"
        return
    says = judged.comparison()
    if claimed is None:
        yield "comparison: is absent, the policy on the base asks for it"
        return
    if (claimed.holdout, claimed.rows, claimed.flips) != (says.holdout, says.rows, says.flips):
        yield "comparison: holdout, rows or flips are others when computed again"
    told = {one.metric: one for one in claimed.figures}
    for one in says.figures:
        other = told.pop(one.metric, None)
        pairs = [(getattr(one, name), getattr(other, name, None)) for name in ("champion", "challenger", "low", "high")]
        if other is None or any(not _near(a, b) for a, b in pairs):
            yield f"comparison: {one.metric} is {_figure(other)}, computed again {_figure(one)}"
    for name in told:
        yield f"comparison: {name} is none of the holdout's figures"


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= WITHIN


def _figure(one: object) -> str:
    return "absent" if one is None else f"{getattr(one, 'champion', None)} -> {getattr(one, 'challenger', None)}"


def _remote(bench: Bench, move: Move, finding: Finding) -> Iterator[Objection]:
    line = bench.line(move.path, "artifact")
    if gates.is_closed(finding):
        yield block("promotion-remote", move.path, f"artifact: {finding.because}", "dvc push", line=line)
    elif finding.outcome == "warned":
        yield warn("promotion-remote", move.path, f"artifact: {finding.because}", line=line)


def again(move: Move, *, back: bool = False) -> str:
    """Return the command that plans it anew."""
    what = move.pointer.model if back else f"{move.pointer.model}@v{move.pointer.version}"
    return f"actum promote {what} --to {move.pointer.stage}" + (" --back" if back else "")
