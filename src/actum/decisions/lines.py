"""The score worker's lines, one JSON object each, as columns, with inputs and subjects as canonical JSON.

A worker writes all its lines alike, and values as canonical JSON has them, but for the order of the keys. So lines like
the first are taken apart by a pattern and put in order: to read every float of a hundred thousand rows and to write it
again would be most of the work of sealing. What the pattern cannot vouch for is read as JSON and written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quoted
from math import isfinite
from typing import Any, NamedTuple

from actum.decisions.leaves import microseconds
from actum.digests import canonical_json
from actum.errors import InvalidRecordError

_VALUE = (
    r"(-?(?:0|[1-9][0-9]*)\.(?:0|(?!0000)[0-9]*[1-9])"  # a float; with an exponent, or with less than 0.0001, it is not
    r'|"[^"\\\x00-\x1f]*"|null|true|false|0|-?[1-9][0-9]{0,14})'
)
_SURE = 16
"""A float in so few characters has at most 15 digits, and then no shorter text reads back as the same float."""
_MOST_KNOWN = 1 << 17


class Lines(NamedTuple):
    """What lines say, a column each. ``inputs`` and ``subjects``: canonical JSON; ``micros``: ``times`` since 1970."""

    batches: Sequence[str]
    times: Sequence[str]
    micros: Sequence[int]
    keys: Sequence[str]
    inputs: Sequence[str]
    subjects: Sequence[str]
    scores: Sequence[float]


class Reader:
    """Reads the lines of one worker, so many at a time."""

    def __init__(self) -> None:
        self._shape: _Shape | None = None
        self._read = 0

    def read(self, texts: Sequence[str]) -> Lines:
        """Return what the next lines say.

        Raises:
            InvalidRecordError: One of them is no scored row.
        """
        found = self._shape.lines(texts) if self._shape else None
        if found is None:
            rows = [_numbered(number, text) for number, text in enumerate(texts, start=self._read + 1)]
            found = Lines(*zip(*rows, strict=True))
            self._shape = self._shape or _shape(json.loads(texts[0]))
        self._read += len(texts)
        return found


def _numbered(number: int, text: str) -> tuple[Any, ...]:
    try:
        return _row(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRecordError(f"line {number} of the worker is no scored row: {error}") from error


def _row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a row in the order of ``Lines``."""
    objects = [_canonical(dict(row[which] or {})) for which in ("inputs", "kept")]
    key, score, at = row["key"], row["score"], row["moment"]
    if type(score) not in (float, int) or not isfinite(score):
        raise ValueError(f"its score is {score!r}")
    name = key if isinstance(key, str) else _canonical(key)
    return str(int(row["batch"])), at, microseconds(at), name, *objects, float(score)


def _canonical(value: Any) -> str:
    return canonical_json(value).decode()


class _Object(NamedTuple):
    """An object as canonical JSON but for its values, and which of a line's values these are."""

    form: str
    places: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Lines with the same keys in the same order as another. ``known``: floats of many digits, found canonical."""

    pattern: re.Pattern[str]
    inputs: _Object
    subject: _Object
    known: set[str] = field(default_factory=set)

    def lines(self, texts: Sequence[str]) -> Lines | None:
        """Return what such lines say; None where one is of another shape, or not sure to hold canonical JSON."""
        found = [match.groups() for match in map(self.pattern.fullmatch, texts) if match]
        if len(found) != len(texts):
            return None
        keys, times, batches, *values, scores = zip(*found, strict=True)
        try:
            micros, figures = list(map(microseconds, times)), list(map(float, scores))
        except ValueError:
            return None
        if not (all(map(isfinite, figures)) and self._canonical((keys, *values))):
            return None
        names = [text[1:-1] if text[0] == '"' else text for text in keys]
        inputs, subjects = (_filled(one, values, len(texts)) for one in (self.inputs, self.subject))
        return Lines(batches, times, micros, names, inputs, subjects, figures)

    def _canonical(self, columns: Sequence[Sequence[str]]) -> bool:
        """Tell whether the floats are as canonical JSON has them, of which the pattern could not be sure."""
        unsure = {text for column in columns for text in column if len(text) > _SURE and text[0] != '"'}
        new = list(unsure - self.known)
        if list(map(repr, map(float, new))) != new:
            return False
        if len(self.known) < _MOST_KNOWN:
            self.known.update(new)
        return True


def _filled(one: _Object, values: Sequence[Sequence[str]], count: int) -> Sequence[str]:
    if not one.places:
        return [one.form] * count
    return list(map(one.form.__mod__, zip(*(values[place] for place in one.places), strict=True)))


def _shape(row: Mapping[str, Any]) -> _Shape:
    inputs, kept = list(row["inputs"] or {}), list(row["kept"] or {})
    members = [",".join(re.escape(quoted(name)) + ":" + _VALUE for name in names) for names in (inputs, kept)]
    pattern = (
        rf'\{{"key":{_VALUE},"moment":"([^"\\]+)","batch":(0|[1-9][0-9]*),"inputs":\{{{members[0]}\}},'
        rf'"kept":\{{{members[1]}\}},"score":(-?[0-9][0-9.e+-]*)\}}\n?'
    )
    return _Shape(pattern=re.compile(pattern), inputs=_object(inputs, 0), subject=_object(kept, len(inputs)))


def _object(names: Sequence[str], start: int) -> _Object:
    order = sorted(range(len(names)), key=names.__getitem__)
    members = ",".join(quoted(names[at]).replace("%", "%%") + ":%s" for at in order)
    return _Object("{" + members + "}", [start + at for at in order])
