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
from actum.errors import NotFoundError, UserError
from actum.online.lookup import SkewError, refuse_other_definitions
from actum.origins import origins, refuse_changed
from actum.progress import Teller
from actum.quantities import plural
from actum.records.codec import encode
from actum.records.event import Supplied
from actum.records.version import ModelVersion
from actum.scoring.order import Decider, Order, Table
from actum.store import Store
from actum.workshop import Workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Where the work is done, and who is told of it."""

    workshop: Workshop
    config: Config
    tell: Teller


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The table of what was found, and what the record says of it. ``changed``: sources that are not as committed."""

    path: Path
    record: Supplied
    changed: tuple[str, ...] = ()


def definitions_for(version: ModelVersion, trunk: Store) -> tuple[Definitions, str]:
    """Return definitions that mean what the version pins, and the commit that has them.

    Those of the trunk, where they still do; else those of the version's own commits.

    Raises:
        SkewError: Neither do.
    """
    assert version.features is not None
    refused: list[SkewError] = []
    for commit in (trunk.commit, version.result_commit, version.code_commit):
        if trunk.repo.resolve(f"{commit}^{{commit}}") is None:
            continue  # squashed away, or a shallow clone
        definitions = trunk.beside(commit).definitions
        try:
            refuse_other_definitions(definitions, version.features.digests, version.features.digests)
        except SkewError as error:
            refused.append(error)
        except NotFoundError as error:
            refused.append(SkewError(f"training-serving skew: {error}", tuple(version.features.digests)))
        else:
            return definitions, commit
    raise refused[0]


def lacking(by: Decider, rows: Table) -> tuple[str, ...]:
    """Return the inputs that the table has no column for, and that the version pins features for."""
    pins = by.version.features.digests if by.version.features else {}
    columns = _columns(rows.path)
    return tuple(item.name for item in by.card.inputs if item.name not in columns and item.name in pins)


def supply(by: Decider, rows: Table, order: Order, trunk: Store, shop: Shop, folder: Path) -> Found | None:
    """Have the inputs found that the table lacks; None where it lacks none that the version's set has.

    Raises:
        SkewError: Definitions or store do not mean what the version was trained with.
        UserError: There is nothing to look up, or a source is not what is on record, or the worker refuses.
    """
    wanted, pins = lacking(by, rows), by.version.features
    if not wanted or pins is None:
        if order.store:
            why = f"{rows.listed or rows.path} holds every input" if pins else f"{by.name} pins no feature set"
            raise UserError(f"{why}: there is nothing to look up", hint="leave --store out")
        return None
    definitions, commit = definitions_for(by.version, trunk)
    views = {one.view.view: one.view for one in definitions.in_order(pins.digests)}
    found = () if order.store else origins(trunk.beside(trunk.repo.head()), views.values(), shop.config)
    changed = refuse_changed(found, allowed=order.allow_changed)
    what = "looking up" if order.store else "building"
    shop.tell.now(f"{what} {plural(len(wanted), 'input')} of {by.name}")
    out = folder / "supplied.parquet"
    answer = shop.workshop.ask(
        "features.supply",
        {
            "root": str(trunk.repo.root),
            "views": [encode(view) for view in definitions.views.values()],
            "set": pins.set,
            "features": list(wanted),
            "keys": dict(pins.keys),
            "expected": dict(pins.digests),
            "table": str(rows.path),
            "moment": by.card.moment,
            "store": str(order.store) if order.store else None,
            "max_age_s": order.max_age.total_seconds() if order.max_age is not None else None,
            "out": str(out),
        },
    )
    record = Supplied(
        set=pins.set,
        how="looked up" if order.store else "built",
        inputs=wanted,
        commit=commit,
        engine=answer["engine"],
        sha256=digests.of_file(out).sha256,
        sources=tuple(one.fact for one in found),
        until=moments.parse(answer["until"]) if answer.get("until") else None,
    )
    return Found(path=out, record=record, changed=changed)


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
