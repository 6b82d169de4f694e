"""Between decoded YAML or JSON and the frozen values; every error says where: ``metrics[2].value``.

A record is a dataclass; its annotations are its form. ``Annotated[str, check]`` adds a check that returns
what is wrong, or "". Reading never fills a missing fact: what is absent is ``None`` or an empty tuple.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import sys
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeVar, Union, cast

from actum import moments
from actum.errors import InvalidRecordError

Raw = Mapping[str, Any]
T = TypeVar("T")
_Reader = Callable[[Any], Any]
_LARGEST_EXACT = 2**53
_LARGEST = int(sys.float_info.max)


class FieldError(InvalidRecordError):
    """A field is missing or has a wrong value; ``at`` grows as the error climbs out."""

    def __init__(self, problem: str, at: tuple[str | int, ...] = (), *, hint: str = "") -> None:
        super().__init__(f"{field_path(at)}: {problem}" if at else problem, hint=hint)
        self.problem, self.at = problem, at

    def under(self, outer: str | int) -> FieldError:
        """Say the same about a field of the enclosing record."""
        return FieldError(self.problem, (outer, *self.at), hint=self.hint)


def field_path(at: tuple[str | int, ...]) -> str:
    """Write a place as people read it: ``stages[0].outs[1].path``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return text.removeprefix(".")


def decode(kind: type[T], raw: object, *, strict: bool = False) -> T:
    """Build a record from decoded YAML or JSON.

    Args:
        strict: Refuse unknown keys (files that people write); tool-written files may hold newer ones.

    Raises:
        FieldError: A field is missing, unknown, or its value has a wrong form.
    """
    if not isinstance(raw, Mapping):
        raise FieldError(f"is {_kind(raw)}, must be a mapping")
    fields = _fields(cast("Hashable", kind), strict)
    if strict:
        _refuse_unknown(raw, fields)
    values: dict[str, Any] = {}
    for name, (read, needed) in fields.items():
        if name not in raw:
            if needed:
                raise FieldError("is required", (name,))
            continue
        try:
            values[name] = read(raw[name])
        except FieldError as error:
            raise error.under(name) from error
    return kind(**values)


def encode(record: Any) -> dict[str, Any]:
    """Return what goes to disk, in the order of the class; ``decode`` takes it back unchanged."""
    encoded = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if value is not None and not (isinstance(value, (tuple, dict)) and not value and _optional(field)):
            encoded[field.name] = _plain(value)
    return encoded


def _optional(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return encode(value)
    if isinstance(value, datetime):
        return moments.write(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@cache
def _fields(kind: Hashable, strict: bool) -> dict[str, tuple[_Reader, bool]]:
    record: Any = kind
    hints = typing.get_type_hints(record, include_extras=True)
    return {
        field.name: (_reader(hints[field.name], strict), not _optional(field)) for field in dataclasses.fields(record)
    }


def _refuse_unknown(raw: Raw, known: Mapping[str, object]) -> None:
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise FieldError("is not known here" + (f", did you mean {near[0]}?" if near else ""), (str(key),))


@cache
def _reader(annotation: Any, strict: bool) -> _Reader:
    """Return what reads a value of one form: an annotation is looked at once, for the values of all records."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return partial(_checked, _reader(arguments[0], strict), arguments[1])
    if origin is Literal:
        return partial(_choice, arguments)
    if origin in (Union, types.UnionType):
        return _union(arguments, strict)
    if origin is tuple:
        return partial(_items, _reader(arguments[0], strict))
    if origin in (dict, Mapping):
        return partial(_entries, _reader(arguments[1], strict))
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return partial(decode, annotation, strict=strict)
    if annotation is Any or annotation is object:
        return _anything
    return _moment if annotation is datetime else partial(_scalar, annotation)


def _checked(read: _Reader, problem_of: Callable[[Any], str], value: Any) -> Any:
    inner = read(value)
    if problem := problem_of(inner):
        raise FieldError(problem)
    return inner


def _choice(choices: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, bool) or value not in choices:
        near = difflib.get_close_matches(str(value), [str(c) for c in choices], n=1)
        guess = f", did you mean {near[0]}?" if near else ""
        raise FieldError(f"is {value!r}, must be one of {', '.join(map(str, choices))}{guess}")
    return value


def _union(choices: tuple[Any, ...], strict: bool) -> _Reader:
    literals = [choice for choice in choices if typing.get_origin(choice) is Literal]
    some = [choice for choice in choices if choice is not type(None)]
    plain = frozenset(choice for choice in some[:-1] if choice in (str, bool, int, float))
    each = tuple(one for choice in literals for one in typing.get_args(choice))  # typing does not join them by itself
    joined = len(literals) == len(choices)
    last = _reader(some[-1], strict)
    may_be_null = len(some) < len(choices)

    def read(value: Any) -> Any:
        if value is None and may_be_null:
            raise FieldError("is null: leave the key out where there is nothing to say")
        if joined:
            return _choice(each, value)
        return value if type(value) in plain else last(value)

    return read


def _items(read: _Reader, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise FieldError(f"is {_kind(value)}, must be a list")
    built = []
    for index, item in enumerate(value):
        try:
            built.append(read(item))
        except FieldError as error:
            raise error.under(index) from error
    return tuple(built)


def _entries(read: _Reader, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise FieldError(f"is {_kind(value)}, must be a mapping")
    built = {}
    for key, item in value.items():
        if type(key) is not str:
            raise FieldError(f'has the key {key!r}, which must be text: quote it, "{key}"')
        try:
            built[key] = read(item)
        except FieldError as error:
            raise error.under(key) from error
    return built


def _scalar(annotation: type, value: Any) -> Any:
    if annotation is float and type(value) is int and abs(value) <= _LARGEST_EXACT:
        return float(value)  # YAML writes 1.0 as 1
    if annotation is float and type(value) is float and not math.isfinite(value):
        raise FieldError(f"is {value}, must be a finite number")
    if type(value) is not annotation:
        raise FieldError(f"is {_kind(value)}, must be {annotation.__name__}" + _number_trap(annotation, value))
    return _sized(value)


def _anything(value: Any) -> Any:
    """Take what JSON can hold, and nothing that would not read back equal."""
    if isinstance(value, Mapping):
        return _entries(_anything, value)
    if isinstance(value, (list, tuple)):
        return list(_items(_anything, value))
    if type(value) is float and not math.isfinite(value):
        raise FieldError(f"is {value}, must be a finite number")
    if value is not None and type(value) not in (str, bool, int, float):
        raise FieldError(f"is {_kind(value)}, must be text, a number, a list or a mapping")
    return _sized(value)


def _sized(value: Any) -> Any:
    """Refuse a whole number that no float holds, as one with a dot is refused."""
    if type(value) is int and not -_LARGEST <= value <= _LARGEST:
        raise FieldError("is too large for a number")
    return value


def _number_trap(annotation: Any, value: Any) -> str:
    return f': quote it, "{value}"' if annotation is str and isinstance(value, (int, float)) else ""


def _moment(value: Any) -> datetime:
    try:
        return moments.parse(value)
    except (TypeError, ValueError) as error:
        raise FieldError(f"is {value!r}, must be a time such as 2020-04-01T12:00:00Z") from error


def _kind(value: object) -> str:
    return {type(None): "null", dict: "a mapping", list: "a list"}.get(type(value), type(value).__name__)
