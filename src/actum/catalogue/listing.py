"""What there is, as rows: models, versions, stages, runs, events, features, and sealed segments of decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from actum import layout
from actum.catalogue.feature_pages import FeatureRow
from actum.catalogue.figures import headline
from actum.catalogue.happenings import Happening, of_event
from actum.catalogue.holdings import Holdings
from actum.names import Reference
from actum.records.forms import Person
from actum.records.lines import VersionLine
from actum.records.run import Run

_HEADLINE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRow:
    """What stands at a stage: nothing where ``version`` is absent and the pointer can be read."""

    model: str
    stage: str
    version: str | None = None
    since: datetime | None = None
    recorded_at: datetime | None = None
    by: Person | None = None
    event: str | None = None
    replaces: str | None = None
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRow:
    """One model. ``stages``: the highest first; ``readable``: whether its card is."""

    model: str
    title: str
    owner: str
    newest: str | None
    versions: int
    stages: tuple[StageRow, ...]
    merged: bool = True
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRow:
    """One version. ``state``: the highest stage where it stands, else ``registered`` or ``not merged``.

    ``metrics``: those that the model's policy names, then the first of the record.
    """

    id: str
    model: str
    version: str
    state: str
    stages: tuple[StageRow, ...]
    registered_at: datetime
    by: Person
    run: str
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """One run. ``executed``: how many of its ``stages`` it executed itself; ``seconds``: from start to end."""

    id: str
    started_at: datetime
    seconds: float
    by: Person
    executed: int
    stages: int
    dirty: bool
    merged: bool
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentRow:
    """One sealed segment of decisions. ``outcomes``: how many of each, where the seal says so."""

    model: str
    segment: str
    rows: int
    version: str
    first_moment: datetime
    last_moment: datetime
    sealed_at: datetime
    event: str
    stage: str | None = None
    outcomes: dict[str, int] = field(default_factory=dict)


Row = ModelRow | VersionRow | StageRow | RunRow | Happening | FeatureRow | SegmentRow
What = Literal["models", "versions", "stages", "runs", "events", "features", "decisions"]


def rows(holdings: Holdings, what: What, model: str | None = None) -> Iterator[Row]:
    """Yield the rows of a kind, of one model or of all; runs are of the models' pipelines, read as they are asked for.

    Raises:
        NotFoundError: There is no such model.
        UsageError: Features are asked for at a date.
    """
    models = holdings.models() if model is None else (model,)
    if model is None:
        holdings.truth.prefetch("model", "stage")
    if what == "runs":
        return run_rows(holdings, model)
    if what == "features":
        from actum.catalogue.features import feature_rows  # loads what expressions mean

        return feature_rows(holdings, model)
    if what == "events":
        events = holdings.all_events() if model is None else holdings.events(model)
        return (of_event(holdings, event) for event in events)
    return (row for name in models for row in _rows_of(holdings, what, name))


def _rows_of(holdings: Holdings, what: What, model: str) -> tuple[Row, ...]:
    if what == "models":
        return (model_row(holdings, model),)
    if what == "versions":
        return version_rows(holdings, model)
    return stage_rows(holdings, model) if what == "stages" else segment_rows(holdings, model)


def model_row(holdings: Holdings, model: str) -> ModelRow:
    card = holdings.readable_card(model)
    versions = holdings.versions(model)
    return ModelRow(
        model=model,
        title=card.title if card else "",
        owner=card.owner if card else "",
        newest=versions[0].version if versions else None,
        versions=len(versions),
        stages=tuple(row for row in stage_rows(holdings, model) if row.version or not row.readable),
        merged=holdings.is_merged(layout.card(model)),
        readable=card is not None,
    )


def stage_rows(holdings: Holdings, model: str) -> tuple[StageRow, ...]:
    """Return every stage of a model, the highest first, also those where nothing stands."""
    return tuple(stage_row(holdings, model, stage) for stage in holdings.stages(model))


def stage_row(holdings: Holdings, model: str, stage: str) -> StageRow:
    held = holdings.standing(model, stage)
    if held is None:
        readable = not holdings.is_unreadable(layout.stage(model, stage))
        return StageRow(model=model, stage=stage, readable=readable)
    return StageRow(
        model=model,
        stage=stage,
        version=held.version,
        since=held.since,
        recorded_at=held.event.recorded_at,
        by=held.event.by,
        event=held.event.id,
        replaces=held.promotion.replaces,
    )


def version_rows(holdings: Holdings, model: str) -> tuple[VersionRow, ...]:
    """Return a model's versions, highest first."""
    stages = stage_rows(holdings, model)
    metrics = holdings.policy_metrics(model)
    return tuple(version_row(holdings, version, stages, metrics) for version in holdings.versions(model))


def version_row(
    holdings: Holdings, version: VersionLine, stages: tuple[StageRow, ...], metrics: tuple[str, ...]
) -> VersionRow:
    held = tuple(row for row in stages if row.version == version.version)
    merged = holdings.is_merged(layout.version(version.model, version.version))
    return VersionRow(
        id=str(Reference("version", version.model, version.version)),
        model=version.model,
        version=version.version,
        state=held[0].stage if held else "registered" if merged else "not merged",
        stages=held,
        registered_at=version.registered_at,
        by=version.registered_by,
        run=version.run,
        metrics=headline(version.metrics, _HEADLINE, metrics),
    )


def run_rows(holdings: Holdings, model: str | None = None) -> Iterator[RunRow]:
    """Yield the runs, newest first; of one model those of its pipeline."""
    merged = holdings.merged_runs()
    names = [model] if model else holdings.models()
    cards = [card for name in names if (card := holdings.readable_card(name))]
    metrics = {card.pipeline: holdings.policy_metrics(card.model) for card in cards}
    runs = (run for run in holdings.runs() if model is None or run.pipeline in metrics)
    return (run_row(run, metrics.get(run.pipeline, ()), merged=run.id in merged) for run in runs)


def run_row(run: Run, metrics: tuple[str, ...], *, merged: bool) -> RunRow:
    return RunRow(
        id=run.id,
        started_at=run.started_at,
        seconds=round((run.finished_at - run.started_at).total_seconds(), 3),
        by=run.by,
        executed=len(run.executed()),
        stages=len(run.stages),
        dirty=run.dirty,
        merged=merged,
        metrics=headline(run.metrics, _HEADLINE, metrics),
    )


def segment_rows(holdings: Holdings, model: str) -> tuple[SegmentRow, ...]:
    """Return a model's sealed segments, newest first; each is known by its seal."""
    return tuple(
        SegmentRow(
            model=model,
            segment=seal.segment,
            rows=seal.rows,
            version=seal.version,
            first_moment=seal.first_moment,
            last_moment=seal.last_moment,
            sealed_at=event.recorded_at,
            event=event.id,
            stage=seal.stage,
            outcomes=seal.outcomes,
        )
        for event in holdings.events(model)
        if (seal := event.seal)
    )
