"""What must be known of values before they are added up: how large they are, how small, and that all are finite.

No feature is infinite, or larger than its type holds: what comes out so is refused here, by its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from actum.definitions.definitions import DefinitionError, Variable
from actum.features.engines import Engine, TooLargeError
from actum.features.events import Values, place_of
from actum.features.exact import Scale, scale_for
from actum.features.values import Relation, Value, constant, either, nothing_where, rounded_down, whole

T = TypeVar("T")
_SUMS = ("sum", "mean")
_FINITE = (*_SUMS, "min", "max", "distinct")


def scales_of(
    valued: Relation, columns: Values, variables: Sequence[Variable], rows: int, engine: Engine
) -> dict[str, Scale]:
    """Return how floats that are summed are cut into whole numbers, by column.

    Raises:
        DefinitionError: An aggregated column holds values without end, or could have sums that nothing holds.
    """
    looked_at = [(one, *columns[one.of]) for one in variables if one.of is not None and one.aggregate in _FINITE]
    asked: dict[str, Value] = {}
    for one, column, kind in looked_at:
        if kind == "float":
            asked |= _asked_of_floats(valued[column], column)
        elif kind == "int" and one.aggregate in _SUMS:
            asked |= {f"most{column}": valued[column].max(), f"least{column}": valued[column].min()}
    found = engine.one(valued.aggregate(**asked)) if asked else {}
    scales = {}
    for one, column, kind in looked_at:
        if kind == "float":
            refuse_endless(one, found[f"endless{column}"])
        if one.aggregate in _SUMS and kind == "float":
            scales[column] = _scale(one, column, rows, found)
        elif one.aggregate in _SUMS and kind == "int":
            _refuse_overflow(one, column, rows, found)
    return scales


def _asked_of_floats(value: Value, column: str) -> dict[str, Value]:
    size, broken = value.abs(), value != rounded_down(value)
    return {
        f"endless{column}": whole(either(value.isinf(), constant(1), constant(0)).sum()),
        f"largest{column}": size.max(),
        f"smallest{column}": nothing_where(size == constant(0.0), size).min(),
        f"broken{column}": whole(either(broken, constant(1), constant(0)).sum()),
    }


def _scale(variable: Variable, column: str, rows: int, found: Mapping[str, Any]) -> Scale:
    smallest, largest = found[f"smallest{column}"], found[f"largest{column}"]
    try:
        return scale_for(rows, smallest, largest, whole_numbers=not found[f"broken{column}"])
    except OverflowError as error:
        raise _refused(variable, f"is up to {error}: a sum could be larger than a float can be") from error


def refuse_endless(variable: Variable, count: int | None) -> None:
    """Raises: DefinitionError: A feature, or what it aggregates, is infinite in so many rows."""
    if not count:
        return
    takes = f"{variable.aggregate} takes finite numbers" if variable.aggregate else "a feature is a finite number"
    problem = f"is infinite in {count:,} row{'' if count == 1 else 's'}, {takes}"
    instead = "write case when ... then ... end, which is missing elsewhere"
    hint = f"leave such rows out by source.where, or {instead}" if variable.view.source else instead
    raise _refused(variable, problem, hint=hint)


def blamed(variables: tuple[Variable, ...], compute: Callable[[tuple[Variable, ...]], T]) -> T:
    """Compute variables together; where that grows too large, say which of them does.

    Raises:
        DefinitionError: The first that is too large by itself.
        TooLargeError: None is.
    """
    try:
        return compute(variables)
    except TooLargeError:
        for one in variables:
            try:
                compute((one,))
            except TooLargeError as error:
                raise _refused(one, f"grows too large: {error}", hint=error.hint) from error
        raise


def _refuse_overflow(variable: Variable, column: str, rows: int, found: Mapping[str, Any]) -> None:
    largest = max(abs(found[f"{end}{column}"] or 0) for end in ("most", "least"))
    if largest * rows >= 2**63:
        raise _refused(variable, f"is up to {largest:,}: a sum could be larger than a whole number can be")


def _refused(variable: Variable, problem: str, *, hint: str = "") -> DefinitionError:
    what = variable.feature.of or variable.name
    return DefinitionError(variable.view.view, place_of(variable), f"{what} {problem}", hint=hint)
