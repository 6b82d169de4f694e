"""Which runs a filter asks for: a row expression over columns, ``metrics.auc > 0.8 and params.depth <= 6``.

A run that lacks a value does not match what is asked of it: a comparison with what is missing is missing. ``is null``
asks whether there is a value, of whatever type; and times are compared as times, however they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

from actum import moments
from actum.definitions.evaluating import Evaluate, Place, TypesError, compiled
from actum.definitions.expression import Dtype, Expression, Literal_, Name, Operation, names_in, parts, with_parts
from actum.definitions.parsing import ExpressionError, parse
from actum.errors import UsageError
from actum.querying.named_columns import TIMES, comparable, require_column

_OPTION = "--where"
_KINDS: Mapping[type, Dtype] = {bool: "bool", int: "int", float: "float", str: "string"}
_MOST_GUESSES = 64
_COMPARES = frozenset({"=", "<>", "<", "<="})
_THERE = "\0"  # before a name: whether there is a value, not which; nobody can type it


class Chosen(NamedTuple):
    """``rows``: those that match, in order. ``remarks``: what must be known to read them rightly."""

    rows: list[int]
    remarks: list[str]


class Filter:
    """One filter, read once."""

    def __init__(self, text: str) -> None:
        """Raises: UsageError when it is none."""
        try:
            self._expression: Expression = parse(text, dotted=True)
        except ExpressionError as error:
            raise UsageError(f"{_OPTION}: {error}", hint=_EXAMPLE) from error
        self._expression = _settled(self._expression)
        self._text, self._names = text, sorted(names_in(self._expression))

    def columns(self, known: Sequence[str]) -> dict[str, str]:
        """Return the columns that it names, by the names that it gives them.

        Raises:
            UsageError: No run has one of them.
        """
        return {name: require_column(name.removeprefix(_THERE), known, _OPTION) for name in self._names}

    def choose(self, columns: Mapping[str, Sequence[Any]], count: int) -> Chosen:
        """Return the rows that match.

        Args:
            columns: The values by the names of :meth:`columns`; of each *count*.

        Raises:
            UsageError: It compares what cannot be compared.
        """
        names = self._names
        columns = {name: _as_compared(name, columns[name]) for name in names}
        kinds = {name: _kinds_of(columns[name]) for name in names}
        evaluate, types = self._compiled(names, kinds)
        clean = [_of_type(columns[name], types[name], kinds[name]) for name in names]
        rows: Iterable[Any] = zip(*clean, strict=True) if names else ((),) * count
        try:
            found = [at for at, row in enumerate(rows) if evaluate(row)]
        except OverflowError as error:
            raise UsageError(f"{_OPTION} {self._text!r}: a whole number becomes larger than 64 bits hold") from error
        return Chosen(
            found,
            [_remark(name, types[name], columns[name]) for name in names if _is_mixed(columns[name], kinds[name])],
        )

    def _compiled(
        self, names: Sequence[str], kinds: Mapping[str, Sequence[Dtype]]
    ) -> tuple[Evaluate, dict[str, Dtype]]:
        """Return what tells whether a row matches; of a column with several types, the first that makes sense."""
        refusal: TypesError | None = None
        for types in islice(product(*(kinds[name] for name in names)), _MOST_GUESSES):
            places = {name: Place(at, kind) for at, (name, kind) in enumerate(zip(names, types, strict=True))}
            try:
                return compiled(self._expression, places, "bool"), dict(zip(names, types, strict=True))
            except TypesError as error:
                refusal = refusal or error
        told = ", ".join(f"{name} is {kinds[name][0]}" for name in names if not name.startswith(_THERE))
        raise UsageError(f"{_OPTION} {self._text!r}: {refusal}" + (f" ({told})" if told else ""), hint=_EXAMPLE)


def _settled(expression: Expression) -> Expression:
    """Return a filter that asks for presence by names of their own, and whose times are written as columns have them.

    Raises:
        UsageError: A time is compared with a text that is none.
    """
    match expression:
        case Operation("is_null", (Name(name),)):
            return Operation("is_null", (Name(_THERE + name),))
        case Operation(operator, (Name(name), Literal_(str(text)))) if name in TIMES and operator in _COMPARES:
            return Operation(operator, (Name(name), _time(name, text)))
        case Operation(operator, (Literal_(str(text)), Name(name))) if name in TIMES and operator in _COMPARES:
            return Operation(operator, (_time(name, text), Name(name)))
        case _:
            return with_parts(expression, tuple(map(_settled, parts(expression))))


def _time(name: str, text: str) -> Literal_:
    try:
        return Literal_(comparable(moments.write(moments.from_option(text))))
    except UsageError as error:
        raise UsageError(f"{_OPTION} {name}: {error}", hint=error.hint) from error


def _as_compared(name: str, values: Sequence[Any]) -> Sequence[Any]:
    if name.startswith(_THERE):
        return [None if value is None or value != value else True for value in values]
    return list(map(comparable, values)) if name in TIMES else values


def _kinds_of(values: Sequence[Any]) -> list[Dtype]:
    """Return the types of a column's values, the most frequent first; whole numbers beside others are numbers."""
    found = {kind: name for kind, name in _KINDS.items() if kind in set(map(type, values))}
    if int in found and float in found:
        del found[int]
    if len(found) > 1:
        told = list(map(type, values))
        return [found[kind] for kind in sorted(found, key=lambda kind: -told.count(kind))]
    return list(found.values()) or ["string", "float", "bool"]


def _is_mixed(values: Sequence[Any], kinds: Sequence[Dtype]) -> bool:
    return len(kinds) > 1 and any(value is not None for value in values)


def _of_type(values: Sequence[Any], wanted: Dtype, kinds: Sequence[Dtype]) -> Sequence[Any]:
    """Return a column in which what is of another type is missing, and NaN."""
    if wanted == "float":
        return [value if type(value) in (float, int) and value == value else None for value in values]
    kind = next(kind for kind, name in _KINDS.items() if name == wanted)
    plain = len(kinds) == 1 and set(map(type, values)) <= {kind, type(None)}
    return values if plain else [value if type(value) is kind else None for value in values]


def _remark(name: str, wanted: Dtype, values: Sequence[Any]) -> str:
    fitting = (float, int) if wanted == "float" else tuple(kind for kind, told in _KINDS.items() if told == wanted)
    others = sum(1 for value in values if value is not None and type(value) not in fitting)
    return f"{name} is no {wanted} in {others:,} of the runs: there it counts as missing"


_EXAMPLE = "actum ls runs --where \"metrics.auc > 0.8 and params.kind = 'linear'\""
