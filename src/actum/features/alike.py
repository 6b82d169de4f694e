"""Features that are the same on the data though their definitions are not: equal in every value, or proportional.

A second net behind equal digests, and a coarser one: what it finds is for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from actum.definitions.expression import Dtype
from actum.features.engines import Engine
from actum.features.shelf import Shelf
from actum.features.values import Relation, Value, constant
from actum.records.view import FeatureView

_SAMPLED = 20_000
_FEWEST = 50
_CLOSE = 0.999


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """What the features of a view are from when on.

    Attributes:
        relation: The entity, ``_since``, the features, computed once.
        keys: The entity, in the order of the columns that it is taken from; ``columns``: these.
    """

    view: FeatureView
    relation: Relation
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    features: Mapping[str, Dtype]

    @classmethod
    def of(cls, view: FeatureView, shelf: Shelf) -> Values:
        """Compute a view.

        Raises:
            DefinitionError: View and source do not fit together.
            UserError: The engine cannot.
        """
        assert view.source is not None
        log, source = shelf.log_of(view), view.source
        keys = sorted(log.entity, key=lambda name: source.keys.get(name, name))
        columns = tuple(source.keys.get(name, name) for name in keys)
        relation = shelf.engine.kept(log.relation)
        return cls(view=view, relation=relation, keys=tuple(keys), columns=columns, features=log.features)


def fingerprints(found: Sequence[Values], engine: Engine) -> dict[str, dict[str, Any]]:
    """Return, of each feature that has more than one value, how often it changes and a digest of all changes.

    The order of rows does not count, nor what else a view computes: a row in which a feature stays as it was is none.
    """
    told: dict[str, dict[str, Any]] = {}
    for one in found:
        row = engine.one(_digested(one))
        for index, name in enumerate(one.features):
            if row[f"varies{index}"]:
                told[name] = {"rows": int(row[f"rows{index}"]), "fingerprint": f"{int(row[f'digest{index}']):x}"}
    return told


def _digested(values: Values) -> Relation:
    import ibis

    window = ibis.window(group_by=list(values.keys), order_by="_since")
    before = {f"_before{index}": values.relation[name].lag().over(window) for index, name in enumerate(values.features)}
    rows = values.relation.mutate(**before)
    figures: dict[str, Value] = {}
    for index, name in enumerate(values.features):
        value = rows[name]
        moves = ~value.identical_to(rows[f"_before{index}"])
        whole = ibis.struct({"since": rows["_since"], "value": value, **_numbered(rows, values.keys)})
        figures[f"rows{index}"] = moves.sum()
        figures[f"digest{index}"] = whole.hash().bit_xor(where=moves)
        figures[f"varies{index}"] = value.min() != value.max()
    return rows.aggregate(**figures)


def _numbered(rows: Relation, keys: Sequence[str]) -> dict[str, Value]:
    return {f"key{index}": rows[name] for index, name in enumerate(keys)}


def alike(found: Sequence[Values], engine: Engine) -> list[dict[str, Any]]:
    """Return pairs of features of one entity that go up and down together, at moments taken from their logs."""
    groups: dict[tuple[str, ...], list[Values]] = {}
    for one in found:
        groups.setdefault(one.columns, []).append(one)
    return [pair for group in groups.values() for pair in _pairs(dict(_columns(group, engine)))]


def _pairs(columns: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    import numpy as np

    for (a, one), (b, other) in combinations(sorted(columns.items()), 2):
        both = np.isfinite(one) & np.isfinite(other)
        x, y = one[both], other[both]
        if len(x) >= _FEWEST and x.std() and y.std() and not np.array_equal(x, y):
            r = float(np.corrcoef(x, y)[0, 1])
            if abs(r) > _CLOSE:
                yield {"a": a, "b": b, "correlation": r}


def _columns(group: Sequence[Values], engine: Engine) -> Iterator[tuple[str, Any]]:
    """Yield the numbers of a group's features at the same entities and moments; what is missing is NaN."""
    import numpy as np

    asked = _moments(group, engine)
    for one in group:
        names = [name for name, kind in one.features.items() if kind in ("int", "float")]
        if not names:
            continue
        renamed = {key: asked[f"key{index}"] for index, key in enumerate(one.keys)}
        rows = asked.select("_row", "_at", **renamed)
        found = engine.as_of(rows, one.relation, one.keys).inner_join(one.relation, [*one.keys, "_since"])
        table = engine.table(found.select("_row", *names))
        places = table["_row"].to_numpy()
        for name in names:
            values = np.full(_SAMPLED * len(group), np.nan)
            values[places] = table[name].to_numpy().astype(float)
            yield name, values


def _moments(group: Sequence[Values], engine: Engine) -> Relation:
    """Return ``_row``, the entity and ``_at``: of each log as many moments as a sample has, the same in each run."""
    import ibis

    parts = []
    for one in group:
        rows = one.relation.select(_at=one.relation["_since"], **_numbered(one.relation, one.keys))
        chosen = rows.mutate(_chance=ibis.struct({name: rows[name] for name in rows.columns}).hash())
        parts.append(chosen.order_by("_chance").limit(_SAMPLED).drop("_chance"))
    sampled = parts[0] if len(parts) == 1 else ibis.union(*parts)
    return engine.kept(sampled.mutate(_row=ibis.row_number().over(ibis.window(order_by=sampled.columns)) + constant(0)))
