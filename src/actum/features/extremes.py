"""The least and the greatest of a window, at every moment at which the window changes.

The moments of an entity are numbered. An event counts from one number to another, and such a stretch is cut into blocks
whose length is a power of two and which begin at a multiple of it: at most two of each length. Each moment lies in one
block of each length, and takes the extreme of what the blocks hold. So the work grows with n log n, not with the number
of pairs of a moment and an event, which on a busy entity is the square.
"""

from __future__ import annotations

from collections.abc import Sequence

from actum.features.engines import Engine
from actum.features.values import Relation, Value, constant


def extremes(
    counting: Relation, held: Relation, keys: Sequence[str], columns: Sequence[str], engine: Engine
) -> Relation:
    """Return *held* with ``_min<column>`` and ``_max<column>`` of the events that count at each moment.

    Args:
        counting: Events with ``_since`` and ``_until``, both of which are moments of *held*.
    """
    import ibis

    ordered = ibis.window(group_by=list(keys), order_by="_since")
    numbered = engine.kept(held.select(*keys, "_since", _number=ibis.row_number().over(ordered)))
    stretches = engine.kept(_stretches(counting, numbered, keys, columns))
    length = (stretches["_end"] - stretches["_begin"]).max()
    sizes = _sizes(engine.one(stretches.aggregate(longest=length))["longest"] or 1, engine)
    blocks = engine.kept(_blocks(stretches, sizes, keys, columns))
    asking = numbered.cross_join(sizes).select(*keys, "_since", "_number", "_size")
    asking = asking.mutate(_block=asking["_number"] // asking["_size"])
    met = asking.inner_join(blocks, [*keys, "_size", "_block"])
    found = met.group_by([*keys, "_since"]).aggregate(**_ends(met, columns))
    both = held.left_join(found, [*keys, "_since"])
    return both.select(*held.columns, *_names(columns))


def _stretches(counting: Relation, numbered: Relation, keys: Sequence[str], columns: Sequence[str]) -> Relation:
    """Return from which number to which (not included) each event counts, and its values."""
    begins = numbered.select(*keys, "_since", _begin=numbered["_number"])
    ends = numbered.select(*keys, _until=numbered["_since"], _end=numbered["_number"])
    events = counting.select(*keys, "_since", "_until", *columns)
    found = events.inner_join(begins, [*keys, "_since"]).select(*keys, "_until", *columns, "_begin")
    return found.inner_join(ends, [*keys, "_until"]).select(*keys, *columns, "_begin", "_end")


def _sizes(longest: int, engine: Engine) -> Relation:
    import pyarrow as pa

    return engine.rows(pa.table({"_size": pa.array([1 << bit for bit in range(longest.bit_length())], pa.int64())}))


def _blocks(stretches: Relation, sizes: Relation, keys: Sequence[str], columns: Sequence[str]) -> Relation:
    """Return the extremes of the blocks that stretches are made of.

    In units of a size a stretch reaches from its begin rounded up to its end rounded down. Where that begins or ends
    at an odd number, the block there belongs to no larger one.
    """
    cut = stretches.cross_join(sizes)
    size = cut["_size"]
    cut = cut.mutate(_begin=(cut["_begin"] + size - constant(1)) // size, _end=cut["_end"] // size)
    cut = cut.filter(cut["_begin"] < cut["_end"])
    first = cut.filter(cut["_begin"] % constant(2) == constant(1))
    last = cut.filter(cut["_end"] % constant(2) == constant(1))
    parts = first.select(*keys, "_size", *columns, _block=first["_begin"]).union(
        last.select(*keys, "_size", *columns, _block=last["_end"] - constant(1))
    )
    made = {f"_{end}{column}": getattr(parts[column], end)() for column in columns for end in ("min", "max")}
    return parts.group_by([*keys, "_size", "_block"]).aggregate(**made)


def _names(columns: Sequence[str]) -> list[str]:
    return [f"_{end}{column}" for column in columns for end in ("min", "max")]


def _ends(met: Relation, columns: Sequence[str]) -> dict[str, Value]:
    return {name: getattr(met[name], name[1:4])() for name in _names(columns)}
