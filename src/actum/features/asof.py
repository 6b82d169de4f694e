"""An as-of join of sorting and adding alone, for engines that have none of their own."""

from __future__ import annotations

from collections.abc import Sequence

from actum.features.values import Relation, constant, missing


def running_maximum(rows: Relation, line: Relation, keys: Sequence[str]) -> Relation:
    """Do what :meth:`actum.features.engines.Engine.as_of` does, by one pass over both in the order of time.

    Where both have the same time the row of *line* comes first: what happens at a moment counts at it.
    """
    import ibis

    asking = rows.select(*keys, "_row", "_at", _since=missing("int"), _side=constant(1))
    there = line.select(*keys, _row=missing("int"), _at=line["_since"], _since=line["_since"], _side=constant(0))
    both = asking.union(there)
    so_far = ibis.window(group_by=list(keys), order_by=["_at", "_side"], preceding=None, following=0)
    found = both.mutate(_last=both["_since"].max().over(so_far))
    found = found.filter((found["_side"] == constant(1)) & found["_last"].notnull())
    for key in keys:  # a window takes missing for equal to missing
        found = found.filter(found[key].notnull())
    return found.select("_row", *keys, "_at", _since=found["_last"])
