"""What Python says of a row is to the bit what the engine says: random expressions over random rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actum.definitions.evaluating import Place, compiled
from actum.definitions.expression import Call, Case, Cast, Dtype, Expression, Literal_, Name, Operation
from actum.definitions.parsing import parse
from actum.features import casting, compiling
from actum.features.engines import Engine
from actum.features.opening import opened

TYPES: dict[str, Dtype] = {
    "i": "int",
    "j": "int",
    "x": "float",
    "y": "float",
    "s": "string",
    "u": "string",
    "b": "bool",
    "t": "timestamp",
    "v": "timestamp",
}
ARROW = {"int": pa.int64(), "float": pa.float64(), "string": pa.string(), "bool": pa.bool_(), "timestamp": pa.int64()}
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Europe/Dublin")
FLOATS = st.one_of(
    st.floats(allow_nan=False, width=64),
    st.sampled_from([0.0, -0.0, 0.5, 1.5, -2.5, 1e300, -1e300, 5e-324, math.inf, -math.inf, 2.0**63, 1e15 + 0.3]),
)
TEXTS = st.sampled_from(
    ["", " ", "a", " Ab ", "ß", "İ", "ΑΣ", "7", "-3", "+1e3", ".5", "x7", "true", "\u2003e\u0301\u00a0"]
)
VALUES: dict[Dtype, st.SearchStrategy[Any]] = {
    "int": st.integers(-1000, 1000),
    "float": FLOATS,
    "string": TEXTS,
    "bool": st.booleans(),
    "timestamp": st.integers(-(2**51), 2**52),  # 1898 to 2112
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[kind] for name, kind in TYPES.items()}), min_size=1, max_size=12
)
CASTS = [pair for pair in casting.CASTS if pair[1] != "timestamp"]


@cache
def expressions(kind: Dtype, depth: int) -> st.SearchStrategy[Expression]:
    """Return expressions of a type, so deep at most."""
    leaves: list[st.SearchStrategy[Expression]] = [
        st.sampled_from([n for n, k in TYPES.items() if k == kind]).map(Name)
    ]
    if kind != "timestamp":
        leaves.append((VALUES[kind].filter(_can_be_written) | st.none()).map(Literal_))
    if depth == 0:
        return st.one_of(leaves)
    return st.one_of(*leaves, *_made(kind, depth - 1))


def _can_be_written(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _made(kind: Dtype, depth: int) -> Iterator[st.SearchStrategy[Expression]]:
    same, truth = expressions(kind, depth), expressions("bool", depth)
    yield st.tuples(st.sampled_from(["least", "greatest", "coalesce"]), st.lists(same, min_size=2, max_size=3)).map(
        lambda found: Call(found[0], tuple(found[1]))
    )
    yield _call("nullif", same, same)
    yield st.tuples(truth, same, same).map(lambda found: Case(((found[0], found[1]),), found[2]))
    for source, to in CASTS:
        if to == kind:
            yield expressions(source, depth).map(lambda operand: Cast(operand, kind))
    if kind in _OWN:
        yield from _OWN[kind](depth)


def _ints(depth: int) -> Iterator[st.SearchStrategy[Expression]]:
    number, moment = expressions("int", depth), expressions("timestamp", depth)
    yield _operation(["+", "-", "*", "%"], number, number)
    yield _operation(["neg"], number)
    yield from (_call(name, number) for name in ("abs", "ceil", "floor"))
    yield _call("length", expressions("string", depth))
    yield st.tuples(
        st.sampled_from(["year", "month", "day", "hour", "minute", "weekday"]), moment, st.sampled_from(ZONES)
    ).map(lambda found: Call(found[0], (found[1], Literal_(found[2]))))


def _floats(depth: int) -> Iterator[st.SearchStrategy[Expression]]:
    number = expressions("float", depth) | expressions("int", depth)
    yield _operation(["/"], number, number)
    yield _operation(["+", "-", "*", "%"], expressions("float", depth), number)
    yield _operation(["neg"], expressions("float", depth))
    yield from (_call(name, expressions("float", depth)) for name in ("abs", "ceil", "floor"))
    yield from (_call(name, number) for name in ("sqrt", "ln", "exp"))
    yield _call("seconds_between", expressions("timestamp", depth), expressions("timestamp", depth))


def _texts(depth: int) -> Iterator[st.SearchStrategy[Expression]]:
    text = expressions("string", depth)
    yield from (_call(name, text) for name in ("lower", "upper", "trim"))
    yield _call("concat", text, text)


_COMPARED: tuple[Dtype, ...] = ("int", "float", "string", "timestamp")


def _truths(depth: int) -> Iterator[st.SearchStrategy[Expression]]:
    truth = expressions("bool", depth)
    yield _operation(["and", "or"], truth, truth)
    yield _operation(["not"], truth)
    for kind in _COMPARED:
        one = expressions(kind, depth)
        yield _operation(["=", "<>", "<", "<="], one, one)
        yield _operation(["is_null"], one)
    yield _operation(["=", "<"], expressions("int", depth), expressions("float", depth))


_OWN: dict[Dtype, Callable[[int], Iterator[st.SearchStrategy[Expression]]]] = {
    "int": _ints,
    "float": _floats,
    "string": _texts,
    "bool": _truths,
}


def _operation(signs: list[str], *operands: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.tuples(st.sampled_from(signs), st.tuples(*operands)).map(lambda found: Operation(*found))


def _call(name: str, *arguments: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.tuples(*arguments).map(lambda found: Call(name, found))


KINDS: tuple[Dtype, ...] = ("int", "float", "string", "bool")
ONE = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), expressions(kind, 2)))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with opened("duckdb", threads=1) as running:
        yield running


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("(not b) is null", "bool"),
        ("cast(not b as string)", "string"),
        ("null = s", "bool"),
        ("greatest(null = u, null <= u, b)", "bool"),
        ("cast(ceil(null) as bool)", "bool"),
        ("nullif(x, null)", "float"),
        ("case when null then 1 when b then i end", "int"),
    ],
)
def test_what_is_missing_stays_so_where_ibis_would_ask_for_null(text: str, kind: Dtype, engine: Engine) -> None:
    _agree(
        [(kind, parse(text))], [dict.fromkeys(TYPES), {**dict.fromkeys(TYPES), "b": False, "x": 1.5, "i": 3}], engine
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(asked=st.lists(ONE, min_size=4, max_size=8), rows=ROWS)
def test_python_and_the_engine_agree_to_the_bit(
    asked: list[tuple[Dtype, Expression]], rows: list[dict[str, Any]], engine: Engine
) -> None:
    _agree(asked, rows, engine)


def _agree(asked: list[tuple[Dtype, Expression]], rows: list[dict[str, Any]], engine: Engine) -> None:
    places = {name: Place(name, kind) for name, kind in TYPES.items()}
    expected: list[tuple[Dtype, Expression, list[Any]]] = []
    for kind, expression in asked:
        evaluate = compiled(expression, places, kind)
        try:
            expected.append((kind, expression, [evaluate(row) for row in rows]))
        except OverflowError:
            continue  # beyond 64 bits, which the engine refuses as well
    columns = {name: pa.array([row[name] for row in rows], ARROW[kind]) for name, kind in TYPES.items()}
    relation = engine.rows(pa.table({"_row": pa.array(range(len(rows)), pa.int64()), **columns}))
    names = {name: compiling.Typed(relation[name], kind, kind == "float") for name, kind in TYPES.items()}
    scope = compiling.Scope(names=names)
    made = {
        f"_e{number}": compiling.fitted(compiling.compiled(expression, scope), kind)
        for number, (kind, expression, _) in enumerate(expected)
    }
    found = engine.table(relation.select("_row", **made)).sort_by("_row").to_pydict()
    for number, (_, expression, values) in enumerate(expected):
        assert repr(found[f"_e{number}"]) == repr(values), expression
