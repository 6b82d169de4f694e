"""The use case: bring views to the online store as they stand at a moment, by definitions and sources on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from actum import layout, moments, state
from actum.definitions.definitions import Definitions, variables_of
from actum.dvc.config import read_config
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.git.repository import Git
from actum.online.columns import feature_columns, key_columns
from actum.online.sqlite import SqliteStore
from actum.online.store import Change, Publication, Published
from actum.origins import Origin, origins, refuse_changed
from actum.progress import Teller, counter
from actum.quantities import plural
from actum.records.codec import encode
from actum.records.view import Dtype, FeatureView
from actum.revisions import open_head
from actum.store import Store
from actum.workshop import open_workshop

_PORTION = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What was asked for. ``views``: by name, none for all that have a source; ``until``: now, without it."""

    views: tuple[str, ...]
    store: Path
    until: datetime | None = None
    allow_changed: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the process gives."""

    repo: Git
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    tell: Teller


@dataclass(frozen=True, kw_only=True, slots=True)
class Materialized:
    """What came of it.

    Attributes:
        views: By name. ``before``: until when the store knew of them.
        changes: None for a dry run.
        origins: The files that were read; ``changed``: those that are not what the commit says of them.
    """

    views: tuple[str, ...]
    until: datetime
    commit: str
    clock: str
    before: Mapping[str, datetime]
    origins: tuple[Origin, ...]
    changed: tuple[str, ...]
    changes: tuple[Change, ...] | None = None
    engine: str = ""


def materialize(order: Order, around: Surroundings) -> Materialized:
    """Compute views in the project's locked environment, and publish them together.

    Raises:
        NotFoundError: There is no such view, or a source is not here.
        UserError: A source is not what is on record; the locked environment or the store refuses.
    """
    repo = around.repo
    with state.one_writer(repo.root, "features materialize"):
        head = open_head(repo)
        views = _chosen(head.definitions, order.views)
        until = order.until or around.now()
        if until > around.now() + moments.CLOCKS_MAY_DIFFER_BY:
            raise UserError(f"{moments.write(until)} has not come yet", hint="leave --until out for all that is known")
        for path in sorted(path for path in repo.dirty() if path.startswith(f"{layout.FEATURES}/")):
            around.tell(f"{path} is not committed as it is: what is committed counts")
        around.tell.now("looking at the sources")
        found = origins(head, views, read_config(repo.root, around.environ))
        changed = refuse_changed(found, allowed=order.allow_changed)
        planned = Materialized(
            views=tuple(view.view for view in views),
            until=until,
            commit=head.commit,
            clock=head.settings().clock,
            before=_before(order.store),
            origins=found,
            changed=changed,
        )
        if order.dry_run:
            return planned
        with state.held(repo.root, "materialize") as folder:
            return _publish(planned, order, around, head, views, folder)


def _chosen(definitions: Definitions, names: Sequence[str]) -> tuple[FeatureView, ...]:
    """Return the views to materialize.

    Raises:
        NotFoundError: There is no such view, or none at all.
        UserError: One has no source, so that it is computed when it is asked for.
        InvalidRecordError: Another view defines a feature of the same name.
    """
    stored = {name: view for name, view in sorted(definitions.views.items()) if view.source}
    for name in names:
        if name not in definitions.views:
            there = ", ".join(stored) or "none"
            raise NotFoundError(f"{layout.view(name)} is not committed; there are: {there}", hint="actum ls features")
        if name not in stored:
            problem = f"{name} has no source: it is computed from others when it is asked for"
            raise UserError(problem, hint="actum features materialize")
    if not stored:
        raise NotFoundError(f"no view with a source is committed under {layout.FEATURES}", hint="actum ls features")
    chosen = tuple(stored[name] for name in dict.fromkeys(names)) or tuple(stored.values())
    for view in chosen:
        for variable in variables_of(view):
            other = definitions.variable(variable.name).view.view
            if other != view.view:
                problem = f"{variable.name} is defined in {other} and in {view.view}"
                raise InvalidRecordError(problem, hint="actum features check")
    return chosen


def _before(path: Path) -> dict[str, datetime]:
    """Return until when a store knows of its views; of none it is empty."""
    try:
        return {name: view.until for name, view in SqliteStore(path).meta().items()}
    except NotFoundError:
        return {}


def _publish(
    planned: Materialized,
    order: Order,
    around: Surroundings,
    head: Store,
    views: Sequence[FeatureView],
    folder: Path,
) -> Materialized:
    settings = head.settings().environment
    lock = head.read(settings.lock)
    workshop = open_workshop(around.repo.root, lock, settings, environ=around.environ, tell=around.tell)
    around.tell.now(f"computing {plural(len(views), 'view')} until {moments.write(planned.until)}")
    answer = workshop.ask(
        "features.materialize",
        {
            "root": str(around.repo.root),
            "views": [encode(view) for view in views],
            "until": moments.write(planned.until),
            "out": str(folder),
        },
    )
    by_name = {one["view"]: one for one in answer["views"]}
    publications = [
        Publication(
            published=_published(view, head.definitions, by_name[view.view]["key"], planned, answer["engine"], around),
            rows=_rows(by_name[view.view], around.tell),
        )
        for view in views
    ]
    changes = SqliteStore(order.store).write(publications)
    return replace(planned, changes=changes, engine=answer["engine"])


def _published(
    view: FeatureView,
    definitions: Definitions,
    key_types: Mapping[str, Dtype],
    planned: Materialized,
    engine: str,
    around: Surroundings,
) -> Published:
    return Published(
        view=view.view,
        entity=key_columns(view, key_types),
        features=feature_columns(view, definitions),
        until=planned.until,
        commit=planned.commit,
        at=around.now(),
        engine=engine,
        changed=planned.changed,
    )


def _rows(told: Mapping[str, Any], tell: Teller) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that the worker wrote: key, ``since``, features."""
    import duckdb

    count, done = counter(tell, f"publishing {told['view']}", "rows"), 0
    connection = duckdb.connect(":memory:", config={"threads": 1})
    try:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [told["file"]])
        while portion := cursor.fetchmany(_PORTION):
            yield from portion
            done += len(portion)
            count(done, told["rows"])
    finally:
        connection.close()
