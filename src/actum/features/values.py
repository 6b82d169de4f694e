"""Building blocks over Ibis that say the same on every engine: constants, missing values, conversions, steps.

Ibis leaves out a cast between types that it takes for equal, and engines read ``0.1`` as a decimal and give sums
another type than Ibis thinks: hence the casts that are written out here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, cast

from actum.definitions.expression import Dtype
from actum.features.zones import Steps

Value: TypeAlias = Any
Relation: TypeAlias = Any
INSIDE: dict[Dtype, str] = {
    "float": "float64",
    "int": "int64",
    "string": "string",
    "bool": "boolean",
    "timestamp": "int64",  # microseconds since 1970, UTC
}


def schema_of(table: Any) -> dict[str, str]:
    """Return Ibis' types of an Arrow table that has types of the inside."""
    from pyarrow import types

    def inside(arrow: Any) -> str:
        if types.is_integer(arrow):
            return "int64"
        if types.is_floating(arrow):
            return "float64"
        return "boolean" if types.is_boolean(arrow) else "string"

    return {field.name: inside(field.type) for field in table.schema}


def constant(value: str | int | float | bool) -> Value:
    """Return a literal of exactly our type: an engine would take a short whole number for one of 32 bits."""
    import ibis

    if isinstance(value, float):
        return _cast(ibis.literal(repr(value)), "float64")
    if isinstance(value, int) and not isinstance(value, bool):
        return _cast(ibis.literal(value), "int64")
    return ibis.literal(value)


def missing(kind: Dtype) -> Value:
    """Return what is missing in every row; cast, or Ibis would take a comparison with it for ``is null``."""
    import ibis

    return _cast(ibis.null(INSIDE[kind]), INSIDE[kind])


def nothing_where(condition: Value, value: Value) -> Value:
    """Return *value*, missing where the condition holds."""
    import ibis

    return ibis.cases((condition, ibis.null(value.type())), else_=value)


def either(condition: Value, then: Value, otherwise: Value) -> Value:
    import ibis

    return ibis.cases((condition, then), else_=otherwise)


def whole(value: Value) -> Value:
    """Cast to 64 bits, even where Ibis thinks that it is so: DuckDB adds up to 128."""
    return _cast(value, "int64")


def real(value: Value) -> Value:
    return value if value.type().is_floating() else _cast(value, "float64")


def cleaned(value: Value) -> Value:
    """Return a float without NaN, which is missing, and with one zero."""
    import ibis

    return ibis.cases((value.isnan(), ibis.null("float64")), (value == constant(0.0), constant(0.0)), else_=value)


def sound(value: Value) -> Value:
    """Return a float without NaN, which is missing."""
    return nothing_where(value.isnan(), value)


def rounded_down(value: Value) -> Value:
    """Return the floor of a float as a float; large ones are whole already, and those without end stay so."""
    return either(value.abs() < constant(2.0**52), real(value.floor()), value)


def trimmed(value: Value) -> Value:
    """Take the spaces off both ends. Ibis' own strip takes off a ``v`` too on Spark, which knows no such escape."""
    return _engine_function("trim", "string", "string")(value)


def calendar_part(name: str, at: Value, steps: Steps) -> Value:
    """Return ``year``, ``month``, ``day``, ``hour``, ``minute`` or ``weekday`` (Monday is 1) of a local time.

    Args:
        steps: What is added to UTC to have the local time.
    """
    local = _engine_function("timestamp_micros", "int64", "timestamp")(at + stepped(at, steps))
    if name == "weekday":
        return whole(local.day_of_week.index()) + constant(1)
    return whole(getattr(local, name)())


def stepped(at: Value, steps: Steps) -> Value:
    """Return the value of a function in steps, by a tree of comparisons."""
    if not steps.starts:
        return constant(steps.values[0])
    middle = len(steps.starts) // 2
    before = Steps(steps.starts[:middle], steps.values[: middle + 1])
    after = Steps(steps.starts[middle + 1 :], steps.values[middle + 1 :])
    return either(at < constant(steps.starts[middle]), stepped(at, before), stepped(at, after))


def _cast(value: Value, kind: str) -> Value:
    import ibis.expr.datatypes as dt
    import ibis.expr.operations as ops

    return ops.Cast(value, to=dt.dtype(kind)).to_expr()


@cache
def _engine_function(name: str, takes: str, gives: str) -> Callable[[Value], Value]:
    """Return a function of the engine's own, which Ibis does not know or calls in its own way."""
    import ibis

    @ibis.udf.scalar.builtin(name=name, signature=((takes,), gives))
    def function(argument):  # type: ignore[no-untyped-def]
        ...

    return cast("Callable[[Value], Value]", function)
