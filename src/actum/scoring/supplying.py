"""Inputs that a table lacks, where the version pins a feature set: built for its rows, or looked up, without skew.

What a feature means is what the version was trained with, or nothing is scored.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from actum import digests, moments
from actum.definitions.definitions import Definitions
from actum.dvc.config import Config
from actum.errors import UserError
from actum.online.lookup import refuse_other_definitions
from actum.origins import Origin, origins, refuse_changed
from actum.records.codec import encode
from actum.records.event import Supplied
from actum.records.version import ModelVersion, Pins
from actum.scoring.order import Decider, Order, Table
from actum.store import Store
from actum.workshop import Workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class Lacking:
    """Inputs that the table lacks and a set has, and all that is settled before anything is computed.

    ``commit``: whose definitions are used; ``changed``: sources that are not what the commit says of them.
    """

    inputs: tuple[str, ...]
    pins: Pins
    definitions: Definitions
    commit: str
    sources: tuple[Origin, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The table of what was found, and what the record says of it."""

    path: Path
    record: Supplied
    changed: tuple[str, ...] = ()


def definitions_for(version: ModelVersion, trunk: Store) -> tuple[Definitions, str]:
    """Return definitions that mean what the version pins, and the commit that has them.

    Those of the trunk, where they still do; else those of the version's own commits.

    Raises:
        SkewError: Neither do; it names the features.
    """
    assert version.features is not None
    refused: list[UserError] = []
    for commit in (trunk.commit, version.result_commit, version.code_commit):
        if trunk.repo.resolve(f"{commit}^{{commit}}") is None:
            continue  # squashed away, or a shallow clone
        try:
            definitions = trunk.beside(commit).definitions
            refuse_other_definitions(definitions, version.features.digests, version.features.digests)
        except UserError as error:
            refused.append(error)
        else:
            return definitions, commit
    raise refused[0]


def lacking(by: Decider, rows: Table, order: Order, trunk: Store, config: Config) -> Lacking | None:
    """Return what the table lacks; None where it lacks nothing that the version's set has.

    Raises:
        SkewError: There are no definitions that mean what the version was trained with.
        UserError: A store is given and there is nothing to look up, or a source is not what is on record.
    """
    pins, columns = by.version.features, _columns(rows.path)
    known = pins.digests if pins else {}
    inputs = tuple(item.name for item in by.card.inputs if item.name not in columns and item.name in known)
    if not inputs or pins is None:
        if order.store:
            why = f"{rows.listed or rows.path} holds every input" if pins else f"{by.name} pins no feature set"
            raise UserError(f"{why}: there is nothing to look up", hint="leave --store out")
        return None
    definitions, commit = definitions_for(by.version, trunk)
    views = {one.view.view: one.view for one in definitions.in_order(pins.digests)}
    found = () if order.store else origins(trunk.beside(trunk.repo.head()), views.values(), config)
    changed = refuse_changed(found, allowed=order.allow_changed)
    return Lacking(inputs=inputs, pins=pins, definitions=definitions, commit=commit, sources=found, changed=changed)


def supply(wanted: Lacking, by: Decider, rows: Table, order: Order, workshop: Workshop, folder: Path) -> Found:
    """Have the version's own environment find the inputs for each row.

    Raises:
        UserError: The store means something else, or rows and features do not fit together; the worker's words say why.
    """
    out = folder / "supplied.parquet"
    answer = workshop.ask(
        "features.supply",
        {
            "root": str(workshop.root),
            "views": [encode(view) for view in wanted.definitions.views.values()],
            "set": wanted.pins.set,
            "features": list(wanted.inputs),
            "keys": dict(wanted.pins.keys),
            "expected": dict(wanted.pins.digests),
            "table": str(rows.path),
            "moment": by.card.moment,
            "store": str(order.store) if order.store else None,
            "max_age_s": order.max_age.total_seconds() if order.max_age is not None else None,
            "out": str(out),
        },
    )
    record = Supplied(
        set=wanted.pins.set,
        how="looked up" if order.store else "built",
        inputs=wanted.inputs,
        commit=wanted.commit,
        engine=answer["engine"],
        sha256=digests.of_file(out).sha256,
        sources=tuple(one.fact for one in wanted.sources),
        until=moments.parse(answer["until"]) if answer.get("until") else None,
    )
    return Found(path=out, record=record, changed=wanted.changed)


def _columns(path: Path) -> frozenset[str]:
    """Return the names of a table's columns; of what is no table, none: the worker says what is wrong with it."""
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == b"PAR1"
    if not is_parquet:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            return frozenset(next(csv.reader(lines), []))
    import duckdb

    try:
        with duckdb.connect(":memory:") as connection:
            return frozenset(connection.read_parquet(str(path)).columns)
    except duckdb.Error:
        return frozenset()
