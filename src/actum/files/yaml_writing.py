"""YAML, written canonically: the same value gives the same bytes, and every reader takes them for that value.

Text that YAML 1.1 or 1.2 could take for something else, or that a person could (``1.10.0``), is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actum.errors import InvalidRecordError
from actum.files.text import Nulls, refuse_unwritable

Scalar = str | int | float | bool

# Plain text begins with a letter, a digit or one of _ / . ( $ and holds nothing that could end it.
_PLAIN = re.compile(r"(?!\.\.\.)[\w/.($](?:[^\n]*[^\s:])?")
_ENDS_PLAIN = re.compile(r":\s|\s#|\t")
_FLOW = re.compile(r"[,\[\]{}:?]")
_WORDS = re.compile(r"(?:true|false|yes|no|on|off|y|n|null|none|nan|inf|infinity)", re.IGNORECASE)
LIKE_NUMBER = re.compile(
    r"[-+]?\.?\d[\d_.,:eE+-]*|0[xob][0-9a-fA-F_]*|\d+\.\d.*|\d{4}-\d\d?-.*|[-+]?\.(?:inf|nan)", re.I
)
# What the C scanner takes for a line break or does not take at all, and what no screen shows.
_ESCAPED = re.compile(r"[\u2028\u2029\ufeff\ufffe\uffff]")
# A literal block keeps these apart from its indentation and from white space that editors strip.
_NOT_LITERAL = re.compile(r"\A[\s]|[ \t]$|\n\n\Z", re.MULTILINE)
_LONGEST_KEY = 1000


def write_yaml(value: Mapping[str, Any], *, schema_uri: str | None = None, nulls: Nulls = "refused") -> bytes:
    """Write a mapping canonically: the given order, two spaces, block style, LF, UTF-8, a final newline.

    Args:
        schema_uri: Where an editor finds the schema; becomes the first line.
        nulls: ``written`` for free-form values such as parameters, where null is a fact.

    Raises:
        InvalidRecordError: It holds a null, NaN, an infinity or a control character, or is too deep.
        TypeError: It holds what no record can.
    """
    refuse_unwritable(value, nulls=nulls)
    lines = [f"# yaml-language-server: $schema={schema_uri}"] if schema_uri else []
    lines.extend(_mapping(value, 0) if value else ["{}"])
    return ("\n".join(lines) + "\n").encode()


def scalar_text(value: Scalar | None, *, quote: str = "", flow: bool = False) -> str:
    """Write a scalar on one line.

    Args:
        quote: Quote text with this character even where it could stand plain.
        flow: It will stand between brackets, where more characters end it.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value, quote, flow)
    return _float(value) if isinstance(value, float) else int.__repr__(value)


def mapping_lines(value: Mapping[str, Any], indent: int) -> list[str]:
    """Return the lines of a mapping that is not empty, *indent* spaces in."""
    return list(_mapping(value, indent))


def _mapping(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{' ' * indent}{_key(key)}:", item, indent)


def _list(value: Sequence[Any], indent: int) -> Iterator[str]:
    pad = " " * indent
    for item in value:
        if item and isinstance(item, (Mapping, list, tuple)):
            nested = _mapping(item, indent + 2) if isinstance(item, Mapping) else _list(item, indent + 2)
            first = next(nested)
            yield f"{pad}- {first[indent + 2 :]}"
            yield from nested
        else:
            yield from _entry(f"{pad}-", item, indent)


def _entry(head: str, item: Any, indent: int) -> Iterator[str]:
    if isinstance(item, Mapping):
        yield head if item else f"{head} {{}}"
        yield from _mapping(item, indent + 2)
    elif isinstance(item, (list, tuple)):
        yield head if item else f"{head} []"
        yield from _list(item, indent + 2)
    elif isinstance(item, str) and "\n" in item and not _NOT_LITERAL.search(item) and not _ESCAPED.search(item):
        yield f"{head} |" if item.endswith("\n") else f"{head} |-"
        pad = " " * (indent + 2)
        yield from (pad + line if line else "" for line in item.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {scalar_text(item)}"


def _key(key: str) -> str:
    written = _text(key, "", False)
    if len(written) > _LONGEST_KEY:
        raise InvalidRecordError(f"the key {key[:40]}... is longer than YAML allows")
    return written


def _text(value: str, quote: str, flow: bool) -> str:
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if not quote and _may_stand_plain(value) and not (flow and _FLOW.search(value)):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'


def _may_stand_plain(value: str) -> bool:
    return (
        _PLAIN.fullmatch(value) is not None
        and not _ENDS_PLAIN.search(value)
        and not _ESCAPED.search(value)
        and not _WORDS.fullmatch(value)
        and not LIKE_NUMBER.fullmatch(value)
    )


def _float(value: float) -> str:
    text = float.__repr__(value)
    mantissa, e, exponent = text.partition("e")
    # YAML 1.1 takes 1e-09 for text: a float needs its dot.
    return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else text
