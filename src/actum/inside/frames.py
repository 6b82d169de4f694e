"""How recorded inputs become the frame a model is given: the one place, so that every job agrees to the bit.

Numbers, whole or not, and booleans are float64 with NaN for a missing one; strings are objects with NaN for a missing
one, which is what scikit-learn's imputers and encoders take for missing in frames that pandas has read. The dtype
follows from the declared type alone, never from the values, so one row and a batch are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from actum.inside.envelope import Request
from actum.inside.errors import ModelError

InputType = Literal["float", "int", "string", "bool"]
Value = float | int | str | bool | None
"""One input as JSON holds it."""

_ACCEPTED: Mapping[str, frozenset[type]] = {
    "float": frozenset({float, int}),
    "int": frozenset({int}),
    "bool": frozenset({bool}),
    "string": frozenset({str}),
}
_LARGEST_EXACT = 2**53


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One input of a model. ``type`` absent: as the table's own column has it."""

    name: str
    type: InputType | None = None


def inputs_of(request: Request) -> tuple[Input, ...]:
    """Read ``inputs``: names, or objects of ``name`` and ``type``."""
    found = tuple(_input(item, f"{request.place}.inputs[{n}]") for n, item in enumerate(request.items("inputs")))
    names = [item.name for item in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not found:
        raise ModelError(f"{request.place}.inputs: " + (f"{twice[0]} is named twice" if twice else "is empty"))
    return found


def typed_inputs_of(request: Request) -> tuple[Input, ...]:
    """Read ``inputs`` where each must say its type."""
    found = inputs_of(request)
    untyped = next((item.name for item in found if item.type is None), None)
    if untyped is not None:
        raise ModelError(f"{request.place}.inputs: {untyped} has no type", hint=f"one of {', '.join(_ACCEPTED)}")
    return found


def _input(item: object, place: str) -> Input:
    if isinstance(item, str):
        return Input(name=item)
    if not isinstance(item, dict):
        raise ModelError(f"{place}: a name, or an object of name and type was wanted, found {item!r}")
    entry = Request(item, place=place)
    kind = entry.text("type")
    if kind not in get_args(InputType):
        raise ModelError(f"{place}.type: {kind!r} is none of {', '.join(get_args(InputType))}")
    return Input(name=entry.text("name"), type=cast(InputType, kind))


def frame_of(rows: Sequence[Mapping[str, Value]], inputs: Sequence[Input]) -> Any:
    """Build a frame from rows of recorded inputs.

    Raises:
        ModelError: no rows, an input missing or too many in a row, or a value of another type than declared.
    """
    import pandas as pd

    names = {item.name for item in inputs}
    for index, row in enumerate(rows):
        if row.keys() != names:
            raise ModelError(f"rows[{index}]: {_difference(row.keys(), names)}")
    if not rows:
        raise ModelError("no rows to score")
    return pd.DataFrame({item.name: _column([row[item.name] for row in rows], item) for item in inputs})


def frame_of_columns(columns: Mapping[str, Any]) -> Any:
    """Build a frame from what :func:`column_of` returned for each input."""
    import pandas as pd

    return pd.DataFrame(dict(columns))


def column_of(values: Any, item: Input) -> Any:
    """Return what ``frame_of`` makes of the same values, from an Arrow array and without an object a number.

    Raises:
        ModelError: an integer that a float cannot hold.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if item.type == "string":
        words = values.to_numpy(zero_copy_only=False)
        words[values.is_null().to_numpy(zero_copy_only=False)] = np.nan
        return words
    if item.type == "int":
        beyond = pc.or_(pc.greater(values, _LARGEST_EXACT), pc.less(values, -_LARGEST_EXACT))
        if pc.any(beyond).as_py():
            raise _inexact(item)
    if item.type == "bool":
        values = values.cast(pa.int8())
    return values.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _difference(found: Any, wanted: set[str]) -> str:
    missing, extra = sorted(wanted - set(found)), sorted(set(found) - wanted)
    parts = [f"without input {', '.join(missing)}"] if missing else []
    return "; ".join(parts + ([f"{', '.join(extra)} is no input"] if extra else []))


def _column(values: list[Value], item: Input) -> Any:
    """Turn one input's values into the array the model sees."""
    import numpy as np

    kind = item.type or _kind_of(values)
    wrong = set(map(type, values)) - _ACCEPTED[kind] - {type(None)}
    if wrong:
        raise ModelError(f"input {item.name}: {kind} was wanted, found {sorted(t.__name__ for t in wrong)[0]}")
    if kind == "string":
        return np.array([np.nan if value is None else value for value in values], dtype=object)
    if any(isinstance(value, int) and abs(value) > _LARGEST_EXACT for value in values):
        raise _inexact(item)
    column = np.array(values, dtype=np.float64)
    if np.isinf(column).any():
        raise ModelError(f"input {item.name}: holds an infinite value")
    return column


def _inexact(item: Input) -> ModelError:
    return ModelError(f"input {item.name}: an integer beyond 2^53 is not exact", hint="declare it as a string")


def _kind_of(values: list[Value]) -> InputType:
    """Tell the type of an undeclared input by its values; a table's column has one type throughout."""
    kinds = set(map(type, values))
    return "string" if str in kinds else "bool" if bool in kinds else "float"
