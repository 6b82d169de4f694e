"""``actum show ID``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from actum import digests, layout
from actum.catalogue.details import (
    DecisionDetail,
    Detail,
    EventDetail,
    ModelDetail,
    RunDetail,
    StageDetail,
    VersionDetail,
    Waiting,
    detail,
)
from actum.catalogue.feature_pages import FeatureDetail
from actum.catalogue.figures import written
from actum.catalogue.happenings import Happening
from actum.catalogue.identify import identify
from actum.catalogue.listing import StageRow, VersionRow
from actum.cli import output
from actum.cli.context import Context, at_option, json_option
from actum.cli.progress import telling
from actum.cli.reading import Reading, open_catalogue
from actum.cli.wording import both, brought, clip, moment, recorded, seconds, section, size, wrap
from actum.errors import UserError
from actum.records.card import ModelCard
from actum.records.codec import encode
from actum.records.event import Approval, Attestation, Promotion, Seal
from actum.records.forms import FileFact
from actum.records.run import Run, RunEnvironment
from actum.records.version import VersionEnvironment
from actum.store import Store

if TYPE_CHECKING:
    from actum.catalogue.consents import Consent

_SCHEMAS = {
    ModelDetail: "model-detail/1",
    VersionDetail: "version-detail/1",
    StageDetail: "stage-detail/1",
    RunDetail: "run-detail/1",
    EventDetail: "event-detail/1",
    FeatureDetail: "feature-detail/1",
    DecisionDetail: "decision-detail/1",
}
_TEXT = 76


@click.command(epilog="Example: actum show churn@v1.2.0")
@click.argument("id")
@at_option
@json_option
@click.pass_obj
def command(context: Context, id: str, at: str | None, as_json: bool) -> None:
    """Show one thing: MODEL, MODEL@v1.2.0, MODEL#production, run/ULID, event/ULID, feature/NAME or MODEL/ULID.

    The last is a decision. Of a ULID six characters are enough where they are unique. A stage tells who agreed to what
    stands there, and what waits on its branch to take its place. Features have no dates: --at takes a revision.
    """
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        found = detail(reading.holdings, identify(reading.holdings, id))
        if isinstance(found, StageDetail) and at is None:
            found = replace(found, waiting=_waiting(reading, found.row))
    steps = _steps(found)
    if as_json:
        reading.envelope(_SCHEMAS[type(found)], encode(found), next_=steps)
        return
    _PRINT[type(found)](found)
    reading.notes(next_=steps)


def _waiting(reading: Reading, row: StageRow) -> Waiting | None:
    truth = reading.holdings.truth
    from actum.planning.waiting import waiting_at  # loads what plans a promotion

    try:
        return waiting_at(Store(truth.repo, truth.commit), row.model, row.stage, now=reading.holdings.now)
    except UserError as error:  # the branch, or what decides about it, cannot be read: the rest can
        reading.holdings.note(layout.promotion_branch(row.model, row.stage), error)
        return None


def _steps(found: Detail) -> Sequence[str]:
    if isinstance(found, DecisionDetail):
        return (f"actum why {found.id}",)
    waiting = found.waiting if isinstance(found, StageDetail) else None
    if waiting is None or not isinstance(found, StageDetail):
        return ()
    agree = f"actum approve {found.row.model}@v{waiting.version} --to {found.row.stage}"
    return (f"actum check --head {waiting.branch}", agree)


def _model(found: ModelDetail) -> None:
    card = found.card
    _head(card.model, card.title, "" if found.merged else "not merged")
    output.facts(_card_facts(card, {app.name: app.owner for app in found.applications}))
    section("stages", (), _stage_rows(found.stages))
    section("versions", (), (_version_row(row) for row in found.versions))
    title = f"events, last {len(found.last)} of {found.events}" if found.events > len(found.last) else "events"
    section(title, (), (_happening(happening, card.model) for happening in found.last))


def _card_facts(card: ModelCard, owners: Mapping[str, str]) -> Iterable[tuple[str, object]]:
    rule, risk = card.decision, card.risk
    users = (f"{name} ({owners[name]})" if name in owners else f"{name} (unknown)" for name in card.applications)
    return (
        ("purpose", wrap(card.purpose, _TEXT)),
        ("owner", card.owner),
        ("risk", risk and f"exposure {risk.exposure}, purpose {risk.purpose}"),
        ("used by", ", ".join(users)),
        ("decides", rule and f"{rule.at_or_above} at {rule.threshold:g} or above, else {rule.below}"),
        ("inputs", len(card.inputs) or None),
        ("output", card.output and card.output.name),
        ("features", card.features and f"set {card.features}"),
        ("artifact", card.artifact + ("" if card.pipeline == "." else f" of pipeline {card.pipeline}")),
        ("policy", card.policy),
        ("rebuild", f"to {card.rebuild.level}, good for {card.rebuild.valid_days} days"),
    )


def _version(found: VersionDetail) -> None:
    version, artifact = found.version, found.version.artifact
    _head(f"{version.model} {version.version}", _state(found.row))
    output.facts(
        (
            ("registered", f"{moment(version.registered_at)} by {version.registered_by}"),
            ("run", f"run/{version.run}"),
            ("code", f"commit {version.code_commit[:10]}, result {version.result_commit[:10]}"),
            ("artifact", ", ".join((artifact.path, size(artifact.size), artifact.format))),
            ("bytes", artifact.sha256),
            ("state", artifact.state),
            ("predictions", version.probe and f"{version.probe.predictions} on {version.probe.rows} rows"),
            ("environment", _environment(version.environment)),
            ("features", version.features and f"set {version.features.set}, {len(version.features.digests)} features"),
            ("wheels", version.environment.wheels and f"kept, md5 {digests.short(version.environment.wheels)}"),
        )
    )
    section("stages", (), _stage_rows(found.row.stages))
    _values("metrics", version.metrics)
    _values("params", version.params)
    section("data", (), (_file(fact) for fact in version.data))
    section("rebuilt", (), (_rebuilt(one.level, one.recorded_at, one.by, one) for one in found.attestations))
    section("moves", (), (_happening(happening, version.model) for happening in found.moves))


def _rebuilt(level: str, at: datetime, by: object, one: Any) -> Sequence[str]:
    until = f"{'expired' if one.expired else 'good until'} {one.expires_at:%Y-%m-%d}"
    proof = f"proves nothing: overrides {', '.join(one.overridden)}" if one.overridden else until
    return (level, moment(at), f"by {by}", proof, f"event/{one.event}")


def _stage(found: StageDetail) -> None:
    row = found.row
    _head(found.id, f"{row.version} since {both(row.since, row.recorded_at)}" if row.version else "nothing stands here")
    output.facts(
        (
            ("promoted", row.by and f"by {row.by}" + (f", replaces {row.replaces}" if row.replaces else "")),
            ("roll-back", "yes" if found.back else ""),
            ("break-glass", wrap(found.break_glass or "", _TEXT)),
            ("policy", found.policy),
            ("plan", found.plan and digests.short(found.plan)),
            ("event", row.event and f"event/{row.event}"),
        )
    )
    section("findings", (), ((finding.outcome, finding.gate, finding.because) for finding in found.findings))
    section("approvals", (), (_consent(one) for one in found.approvals))
    if found.waiting:
        _print_waiting(found.waiting)
    section(
        "history",
        ("version", "since", "until", "recorded", "by"),
        (
            (held.version, moment(held.since), moment(held.until), recorded(held.since, held.recorded_at), held.by)
            for held in found.history
        ),
    )


def _consent(one: Consent) -> Sequence[str]:
    said = f"does not count: {one.why_not}" if one.why_not else clip(one.comment, _TEXT)
    return (one.principal, ", ".join(one.groups), moment(one.at), one.how, said, f"event/{one.event}")


def _print_waiting(waiting: Waiting) -> None:
    click.echo("waits")
    way = (" as a roll-back" if waiting.back else "") + (" behind broken glass" if waiting.break_glass else "")
    proposed = f"proposed by {waiting.by} {both(waiting.effective_at, waiting.recorded_at)}{way}"
    lacks = "\n".join(waiting.lacks) or "nothing that records tell of"
    output.facts(
        (
            (waiting.version, proposed),
            ("branch", waiting.branch),
            ("plan", waiting.plan),
            ("break-glass", wrap(waiting.break_glass or "", _TEXT)),
            ("lacks", lacks),
        )
    )
    section("approvals so far", (), (_consent(one) for one in waiting.approvals))


def _run(found: RunDetail) -> None:
    run = found.run
    duration = (run.finished_at - run.started_at).total_seconds()
    _head(f"run/{run.id}", "" if found.merged else "not merged")
    output.facts(
        (
            ("started", f"{moment(run.started_at)} by {run.by}, took {seconds(duration)}"),
            ("command", clip(" ".join(run.command), _TEXT)),
            ("code", f"commit {run.code_commit[:10]}" + (", a snapshot of a dirty work tree" if run.dirty else "")),
            ("pipeline", "" if run.pipeline == "." else run.pipeline),
            ("environment", _environment(run.environment)),
            ("pin", wrap(" ".join(f"{name}={_quoted(value)}" for name, value in run.environment.pin.items()), _TEXT)),
            ("machine", _machine(run.environment)),
            ("versions", ", ".join(found.versions)),
        )
    )
    section("stages", (), _executions(run))
    _values("metrics", run.metrics)
    _values("params", run.params)


def _executions(run: Run) -> Iterable[Sequence[str]]:
    for stage in run.stages:
        cpu = "" if stage.cpu_seconds is None else f"cpu {seconds(stage.cpu_seconds)}"
        peak = "" if stage.peak_mb is None else f"{stage.peak_mb:,.0f} MB"
        who = "executed" if stage.run == run.id else f"cites run/{stage.run}"
        yield (stage.name, seconds(stage.seconds), cpu, peak, who)


def _event(found: EventDetail) -> None:
    event = found.event
    _head(f"event/{event.id}", event.kind, "" if found.merged else "not merged")
    told = (("what", found.what), ("when", both(event.effective_at, event.recorded_at)), ("by", event.by))
    body = event.promotion or event.attestation or event.seal or event.approval
    output.facts((*told, *_body(body), ("standing", found.standing)))
    if isinstance(body, Promotion):
        section("findings", (), ((finding.outcome, finding.gate, finding.because) for finding in body.findings))


def _body(body: Promotion | Attestation | Seal | Approval | None) -> Iterable[tuple[str, object]]:
    match body:
        case Promotion():
            return _promotion(body)
        case Attestation():
            return _attestation(body)
        case Seal():
            return _seal(body)
        case Approval():
            return _approval(body)
        case _:
            return ()


def _promotion(body: Promotion) -> Iterable[tuple[str, object]]:
    return (
        ("bytes", body.artifact),
        ("plan", body.plan),
        ("policy", body.policy),
        ("supersedes", body.supersedes and f"event/{body.supersedes}"),
        ("roll-back", "yes" if body.back else ""),
        ("break-glass", wrap(body.break_glass or "", _TEXT)),
    )


def _attestation(body: Attestation) -> Iterable[tuple[str, object]]:
    return (
        ("stages run", f"{body.stages_run} of {body.stages}"),
        ("first difference", body.first_difference),
        ("cause", body.cause),
        ("overrides", ", ".join(f"{name}={value}" for name, value in body.overrides.items())),
    )


def _seal(body: Seal) -> Iterable[tuple[str, object]]:
    return (
        ("segment", f"{body.path}, {size(body.size)}"),
        ("decisions", f"{body.rows:,}, from {moment(body.first_moment)} to {moment(body.last_moment)}"),
        ("model", body.artifact),
        ("inputs", body.supplied and brought(body.supplied)),
        ("under", body.stage and f"{body.stage}, event/{body.stage_event}"),
        ("merkle root", body.merkle_root),
        ("bytes", body.sha256),
        ("previous", body.previous and f"event/{body.previous}"),
    )


def _approval(body: Approval) -> Iterable[tuple[str, object]]:
    review = body.review
    return (
        ("bytes", body.artifact),
        ("plan", body.plan),
        ("principal", body.principal),
        ("review", review and f"{review.login}, {moment(review.submitted_at)}, of commit {review.commit[:10]}"),
        ("address", review and review.url),
        ("comment", wrap(body.comment, _TEXT)),
    )


def _decision(found: DecisionDetail) -> None:
    _head(found.id, "a decision")
    output.facts((("made", f"{moment(found.made_at)}, as its id says"),))
    if not found.segments:
        click.echo("no sealed segment on record can hold it")
    section(
        "can lie in",
        (),
        (
            (f"segment {row.segment}", f"{row.rows:,} decisions by {row.version}", f"sealed {moment(row.sealed_at)}")
            for row in found.segments
        ),
    )


def _head(name: str, *facts: str) -> None:
    click.echo("  ".join(fact for fact in (click.style(name, bold=True), *facts) if fact))


def _stage_rows(rows: Iterable[StageRow]) -> Iterable[Sequence[str]]:
    for row in rows:
        if row.version:
            yield (row.stage, row.version, f"since {both(row.since, row.recorded_at)}", f"by {row.by}")
        else:
            yield (row.stage, "nothing" if row.readable else "unreadable", "", "")


def _version_row(row: VersionRow) -> Sequence[str]:
    figures = ", ".join(f"{name} {written(value)}" for name, value in list(row.metrics.items())[:2])
    return (row.version, _state(row), f"registered {row.registered_at:%Y-%m-%d} by {row.by}", figures)


def _state(row: VersionRow) -> str:
    return f"{row.state} since {row.stages[0].since:%Y-%m-%d}" if row.stages else row.state


def _happening(happening: Happening, model: str) -> Sequence[str]:
    said = happening.what.removeprefix(f"{model} ") + ("" if happening.merged else " (not merged)")
    later = recorded(happening.at, happening.recorded_at)
    return (moment(happening.at), said, f"by {happening.by}", later and f"recorded {later}")


def _environment(environment: RunEnvironment | VersionEnvironment) -> str:
    relaxed = ", relaxed" if environment.exactness == "relaxed" else ""
    lock = f"{environment.lock} {digests.short(environment.lock_sha256)}"
    return f"python {environment.python}, {environment.platform}, {lock}{relaxed}"


def _machine(environment: RunEnvironment) -> str:
    """The facts that the locked interpreter reported, those that are one value each."""
    plain = {name: value for name, value in environment.facts.items() if isinstance(value, (str, int, float))}
    return wrap(", ".join(f"{name} {value}" for name, value in plain.items()), _TEXT)


def _file(fact: FileFact) -> Sequence[str]:
    return (fact.path, size(fact.size), f"md5 {digests.short(fact.md5)}")


def _values(title: str, values: Mapping[str, Any]) -> None:
    section(title, (), ((name, clip(written(value), _TEXT)) for name, value in values.items()))


def _quoted(value: str) -> str:
    return f"'{value}'" if " " in value else value


def _feature(found: FeatureDetail) -> None:
    from actum.cli.feature_page import print_feature  # loads how differences are told

    print_feature(found)


_PRINT: Mapping[type, Callable[[Any], None]] = {
    ModelDetail: _model,
    VersionDetail: _version,
    StageDetail: _stage,
    RunDetail: _run,
    EventDetail: _event,
    FeatureDetail: _feature,
    DecisionDetail: _decision,
}
