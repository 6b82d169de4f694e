"""The JSON Schemas of our records: the only place that finds them, and that puts their findings into our words.

Reading a record needs none of this (the typed decoder is five times faster to start); ``check``, ``fsck`` and
whoever writes want all findings at once, and editors want the files themselves.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actum import files, moments
from actum.records.codec import field_path

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

# The newest form of each kind, as its ``schema:`` line has it.
CURRENT = {
    "settings": 1,
    "model": 1,
    "policy": 1,
    "feature-view": 1,
    "feature-set": 1,
    "model-version": 1,
    "imported-version": 1,
    "stage": 1,
    "event": 1,
    "run": 1,
    "decision": 1,
}
FOLDER = ".actum/schemas"
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_TYPES |= {"array": "a list", "object": "a mapping", "null": "null"}

At = tuple[str | int, ...]
# Of the value, what the keyword asks for, the schema around it and the library's own message, make ours.
Words = Callable[[Any, Any, Mapping[str, Any], str], str]


def validate(raw: Mapping[str, Any], kind: str, *, where: str, data: bytes | None = None) -> list[str]:
    """Return everything that is wrong with a record, by line: ``where:12: metrics[1].value: is required``.

    Args:
        raw: The decoded record.
        data: The text that it was decoded from; without it the findings name no lines.
    """
    errors = list(_validator(kind).iter_errors(raw))
    if not errors:
        return []
    lines = files.Lines(data) if data is not None else None
    found = {(at, problem) for error in errors for at, problem in _problems(error)}
    told = [(lines.of(at) if lines else None, field_path(at), problem) for at, problem in found]
    return [
        f"{where}{f':{line}' if line else ''}: {f'{field}: ' if field else ''}{problem}"
        for line, field, problem in sorted(told, key=lambda item: (item[0] or 0, *item[1:]))
    ]


def load_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft-07) of a kind of record.

    Raises:
        KeyError: There is no such kind.
    """
    schema: dict[str, Any] = json.loads((_shipped() / _file_name(kind)).read_bytes())
    return schema


def schema_uri(kind: str, depth: int) -> str:
    """Return what a record *depth* folders below the root says in its ``yaml-language-server`` line."""
    return f"{'../' * depth}{FOLDER}/{_file_name(kind)}"


def place_schemas(root: Path) -> None:
    """Copy the schemas to where the records of a repository point their editors; git ignores that folder."""
    for kind in CURRENT:
        data = (_shipped() / _file_name(kind)).read_bytes()
        target = files.inside(root, f"{FOLDER}/{_file_name(kind)}")
        if not target.is_file() or target.read_bytes() != data:
            files.replace(target, data)


def _file_name(kind: str) -> str:
    return f"{kind}-{CURRENT[kind]}.json"


def _shipped() -> Path:
    """A wheel carries the schemas inside the package; a checkout has them beside ``src``."""
    package = Path(__file__).parent
    inside = package / "_schemas"
    return inside if inside.is_dir() else package.parent.parent / "schemas"


@cache
def _validator(kind: str) -> Validator:
    from jsonschema import Draft7Validator, FormatChecker, ValidationError
    from jsonschema.validators import extend

    def whole(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
        # Python's $ lets a line break follow; the JavaScript of editors does not.
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            yield ValidationError("does not match")

    formats = FormatChecker(formats=())
    formats.checks("date-time", raises=ValueError)(_is_moment)
    types = Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: type[Validator] = extend(  # type: ignore[no-untyped-call]
        Draft7Validator, validators={"pattern": whole}, type_checker=types
    )
    return strict(load_schema(kind), format_checker=formats)


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(moments.parse(value))


def _problems(error: ValidationError) -> Iterator[tuple[At, str]]:
    at: At = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    rule: Any = error.validator_value
    value: Any = error.instance
    if "errorMessage" in schema:
        yield at, schema["errorMessage"]
    elif error.validator == "required":
        yield from (((*at, key), "is required") for key in rule if key not in value)
    elif error.validator == "additionalProperties":
        known = schema.get("properties", {})
        yield from (((*at, key), _unknown(key, known)) for key in value if key not in known)
    else:
        words = _WORDS.get(str(error.validator), _as_told)
        yield at, words(value, rule, schema, error.message)


def _unknown(key: str, known: Mapping[str, object]) -> str:
    return "is not known here" + _guess(key, list(known))


def _guess(text: object, choices: list[str]) -> str:
    near = difflib.get_close_matches(str(text), choices, n=1)
    return f", did you mean {near[0]}?" if near else ""


def _wrong_type(value: Any, wanted: Any, *_: object) -> str:
    kind = {type(None): "null", dict: "a mapping", list: "a list"}.get(type(value), type(value).__name__)
    trap = f': quote it, "{value}"' if wanted == "string" and isinstance(value, (int, float)) else ""
    return f"is {kind}, must be {_TYPES[wanted]}{trap}"


def _not_chosen(value: Any, choices: Any, *_: object) -> str:
    some = [str(choice) for choice in (choices if isinstance(choices, list) else [choices])]
    return f"is {value!r}, must be one of {', '.join(some)}{_guess(value, some)}"


def _no_match(value: Any, _: object, schema: Mapping[str, Any], *__: object) -> str:
    return f"is {value[:120]!r}, {schema['patternErrorMessage']}"


def _no_moment(value: Any, *_: object) -> str:
    return f"is {value[:120]!r}, must be a time such as 2020-04-01T12:00:00Z"


def _too_small(value: Any, least: Any, *_: object) -> str:
    return f"is {value}, must be at least {least}"


def _as_told(_: object, __: object, ___: object, message: str) -> str:
    return message


_WORDS: dict[str, Words] = {
    "type": _wrong_type,
    "enum": _not_chosen,
    "const": _not_chosen,
    "pattern": _no_match,
    "format": _no_moment,
    "minimum": _too_small,
}
