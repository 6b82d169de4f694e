"""YAML, read in one pass over the C parser's events: whatever is refused is refused before it is built.

Scalars mean what DVC reads in them (YAML 1.2: ``no`` is text, ``1e-4`` a number), save that dates stay text
and so does a number with a leading zero, which YAML 1.1 takes for octal.
"""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn

import yaml

from actum.errors import InvalidRecordError
from actum.files.text import CONTROL, RECORD, Limits, children, decode, height, place

_CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_CONSTANTS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0o[0-7][0-7_]*|0b[01][01_]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# These end a line in YAML 1.1 but not in 1.2.
_SEPARATOR = re.compile(r"[\u2028\u2029]")
_ESCAPE_IT = "delete that character, or write it as an escape in double quotes"
_LONGEST_NUMBER = 1000
_MOST_EXPANDED = 10_000
_MERGE = object()
_HINTS = {
    "found character that cannot start any token": "indent with spaces, and quote text that starts with @, ` or %",
    "found a tab character": "indent with spaces, never with tabs",
    "mapping values are not allowed": "quote text that holds a colon and a space",
    "could not find expected ':'": "write KEY: VALUE, with a space after the colon",
    "did not find expected key": "align the keys of one mapping in one column",
    "did not find expected '-' indicator": "align the items of one list in one column",
    "found unexpected end of stream": "close the quote",
    "did not find expected ',' or": "close the bracket",
}


class _Refused(Exception):
    """``mark``: where, as the parser counts: from 0."""

    def __init__(self, problem: str, mark: Any, hint: str = "") -> None:
        super().__init__(problem)
        self.mark, self.hint = mark, hint


class _Open:
    """A mapping or a list of which more is to come."""

    __slots__ = ("anchor", "key", "merged", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.key: Any = None
        self.merged: list[Any] | None = None


def read_yaml(data: bytes, *, where: str, limits: Limits = RECORD) -> dict[str, Any]:
    """Read one YAML mapping.

    Raises:
        InvalidRecordError: It is malformed or too large, repeats a key, or has tags, keys that are no text,
            more aliases than allowed, or a number that is not finite.
    """
    text = decode(data, where=where, limits=limits)
    if found := _SEPARATOR.search(text):
        raise InvalidRecordError(f"{place(where, text, found.start())}: holds U+{ord(found[0]):04X}", hint=_ESCAPE_IT)
    try:
        return _Builder(limits).build(text)
    except _Refused as error:
        raise _at(where, error.mark, str(error), error.hint) from error
    except yaml.MarkedYAMLError as error:
        raise _at(where, error.problem_mark, *_explained(error)) from error
    except yaml.YAMLError as error:
        raise InvalidRecordError(f"{where}: is not YAML: {error}") from error


class _Builder:
    """Builds one document; ``stack`` holds what is open, outermost first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.root: dict[str, Any] = {}
        self.stack: list[_Open] = []
        self.anchors: dict[str, Any] = {}
        self.documents = self.aliases = self.expanded = 0

    def build(self, text: str) -> dict[str, Any]:
        parser: Any = yaml.CSafeLoader(text)
        steps = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        event = parser.get_event()
        while (kind := type(event)) is not yaml.StreamEndEvent:
            if step := steps.get(kind):
                step(event)
            event = parser.get_event()
        if not self.documents:
            raise _Refused("is empty, must be a mapping", event.start_mark)
        return self.root

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _Refused("starts a second document, must be one", event.start_mark)

    def _scalar(self, event: Any) -> None:
        if event.tag is not None:
            _refuse_tag(event)
        text, style = event.value, event.style
        if style == '"' and (found := CONTROL.search(text)):
            raise _Refused(f"holds the control character U+{ord(found[0]):04X}", event.start_mark)
        if not self.stack:
            raise _Refused("the top level is a single value, must be a mapping", event.start_mark)
        plain = event.implicit[0]
        top = self.stack[-1]
        if top.key is None and type(top.value) is dict:
            self._key(top, text if not plain else resolved(event), event)
        else:
            value = resolved(event) if plain else text
            if event.anchor is not None:
                self.anchors[event.anchor] = value
            _put(top, value, event)

    def _key(self, top: _Open, key: Any, event: Any) -> None:
        if type(key) is not str:
            shown = event.value or "nothing"
            raise _Refused(f"the key is {shown}, must be text", event.start_mark, f'quote it: "{event.value}"')
        if key == "<<" and event.implicit[0]:
            if not self.limits.aliases or top.merged is not None:
                raise _Refused("<< has no place here", event.start_mark, "write the keys out")
            top.merged, top.key = [], _MERGE
        elif key in top.value:
            raise _Refused(f"the key {key} is given twice", event.start_mark, "keep one of the two")
        else:
            top.key = key

    def _open(self, event: Any) -> None:
        if event.tag is not None:
            _refuse_tag(event)
        is_mapping = type(event) is yaml.MappingStartEvent
        if not self.stack and not is_mapping:
            raise _Refused("the top level is a list, must be a mapping", event.start_mark)
        if len(self.stack) >= self.limits.depth:
            raise _Refused(f"lies more than {self.limits.depth} levels deep", event.start_mark)
        if self.stack:
            _refuse_as_key(self.stack[-1], event)
        self.stack.append(_Open({} if is_mapping else [], event.anchor))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        for part in done.merged or ():
            for key, value in part.items():
                done.value.setdefault(key, value)  # type: ignore[union-attr]
        if done.anchor is not None:
            self.anchors[done.anchor] = done.value
        if self.stack:
            _put(self.stack[-1], done.value, event)
        else:
            self.root = done.value  # type: ignore[assignment]

    def _alias(self, event: Any) -> None:
        self.aliases += 1
        mark = event.start_mark
        if self.aliases > self.limits.aliases:
            most = f"at most {self.limits.aliases}" if self.limits.aliases else "none"
            raise _Refused(f"*{event.anchor} is an alias, {most} may stand here", mark, "write the value out")
        if not self.stack or event.anchor not in self.anchors:
            raise _Refused(f"*{event.anchor} stands for nothing that ends before it", mark)
        _refuse_as_key(self.stack[-1], event)
        value = self.anchors[event.anchor]
        # The value is shared, not copied; but whoever walks it meets it again and again, so count it each time.
        self.expanded += _count(value, _MOST_EXPANDED)
        if self.expanded > _MOST_EXPANDED:
            raise _Refused(f"aliases expand to more than {_MOST_EXPANDED:,} values", mark)
        if type(value) in (dict, list) and len(self.stack) + height(value, self.limits.depth) > self.limits.depth:
            raise _Refused(f"lies more than {self.limits.depth} levels deep", mark)
        _put(self.stack[-1], value, event)


def _put(top: _Open, value: Any, event: Any) -> None:
    if type(top.value) is list:
        top.value.append(value)
    elif top.key is _MERGE:
        parts = value if type(value) is list else [value]
        if not all(type(part) is dict for part in parts):
            raise _Refused("<< takes a mapping or a list of mappings", event.start_mark)
        top.merged, top.key = parts, None
    else:
        top.value[top.key] = value
        top.key = None


def resolved(event: Any) -> Any:
    """Return what a plain scalar (an event or a node) stands for."""
    text = event.value
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INT.fullmatch(text):
        return _int(text, event)
    if _FLOAT.fullmatch(text) and any(char in text for char in ".eE"):
        return _float(text, event)
    if _NOT_FINITE.fullmatch(text):
        raise _Refused(f"is {text}, must be a finite number", event.start_mark)
    return text


def _int(text: str, event: Any) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _Refused(f"{text[:40]}... is too large for a number", event.start_mark, "quote it")
    return int(text.replace("_", ""), 0)


def _float(text: str, event: Any) -> float:
    value = float(text.replace("_", ""))
    if not math.isfinite(value):
        raise _Refused(f"{text[:40]} is too large for a number", event.start_mark, f'quote it: "{text[:40]}"')
    return value


def _count(value: Any, most: int) -> int:
    level, counted = [value], 1
    while level and counted <= most:
        node = level.pop()
        if type(node) in (dict, list):
            counted += len(node)
            level.extend(children(node))
    return counted


def _refuse_tag(event: Any) -> NoReturn:
    tag = event.tag.replace("tag:yaml.org,2002:", "!!")
    raise _Refused(f"has the tag {tag}, tags are not read", event.start_mark, "delete the tag")


def _refuse_as_key(top: _Open, event: Any) -> None:
    if type(top.value) is dict and top.key is None:
        raise _Refused("the key is not a single word, must be text", event.start_mark, "quote it")


def _explained(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = error.problem or "is not YAML"
    hint = next((hint for start, hint in _HINTS.items() if problem.startswith(start)), "mend the YAML at that place")
    begun = error.context_mark
    if error.context and begun and error.problem_mark and begun.line != error.problem_mark.line:
        problem = f"{problem} {error.context} from line {begun.line + 1}"
    return problem, hint


def _at(where: str, mark: Any, problem: str, hint: str) -> InvalidRecordError:
    spot = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
    return InvalidRecordError(f"{spot}: {problem}", hint=hint)
