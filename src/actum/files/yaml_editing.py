"""Set values in a YAML text that people wrote: comments, order, quotes and blank lines elsewhere stay.

The text is spliced where the parser says that a value stands; then it is read again, and an edit that
changed anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from actum.errors import InvalidRecordError
from actum.files.text import Limits, refuse_unwritable
from actum.files.yaml_places import compose
from actum.files.yaml_reading import read_yaml
from actum.files.yaml_writing import Scalar, mapping_lines, scalar_text

_LIMITS = Limits(aliases=1000)
_ANCHOR = re.compile(r"&\S+[ ]*")


class _Splice(NamedTuple):
    """Replace the characters from ``start`` to ``end`` by ``text``."""

    start: int
    end: int
    text: str


def edit_yaml(data: bytes, changes: Mapping[tuple[str, ...], Scalar], *, where: str = "the file") -> bytes:
    """Set each value at its path of keys; what is missing is appended to the mapping that should hold it.

    Raises:
        InvalidRecordError: The text is no record, a path leads through or to something that is no single
            value, or the edit cannot be made without touching the rest.
    """
    for path, value in changes.items():
        refuse_unwritable(value, nulls="refused", at=".".join(path))
        text, root = compose(data, where=where)
        try:
            splice = _splice(text, root, path, value)
        except ValueError as error:
            raise _refused(where, path, str(error)) from error
        edited = (text[: splice.start] + splice.text + text[splice.end :]).encode()
        _verify(data, edited, path, value, where)
        data = edited
    return data


def _verify(data: bytes, edited: bytes, path: tuple[str, ...], value: Scalar, where: str) -> None:
    wanted: Any = read_yaml(data, where=where, limits=_LIMITS)
    node = wanted
    for key in path[:-1]:
        if node.get(key) is None:
            node[key] = {}
        node = node[key]
    node[path[-1]] = value
    try:
        found = read_yaml(edited, where=where, limits=_LIMITS)
    except InvalidRecordError as error:
        raise _refused(where, path, "cannot be set without touching the rest") from error
    if found != wanted:
        raise _refused(where, path, "cannot be set without touching the rest")


def _refused(where: str, path: tuple[str, ...], problem: str) -> InvalidRecordError:
    return InvalidRecordError(f"{where}: {'.'.join(path)}: {problem}", hint=f"edit {where} by hand")


def _splice(text: str, root: Any, path: tuple[str, ...], value: Scalar) -> _Splice:
    node, flow = root, bool(root.flow_style)
    for depth, key in enumerate(path):
        pair = next((pair for pair in node.value if pair[0].value == key), None)
        if pair is None:
            return _append(text, node, path[depth:], value)
        name, child = pair
        if child.start_mark.index < name.end_mark.index:
            raise ValueError(f"{key} is an alias of another value")
        missing = path[depth + 1 :]
        if missing and _is_empty(child) and not flow:
            return _begin(text, child, missing, value, name.start_mark.column + 2)
        if missing and not isinstance(child, yaml.MappingNode):
            raise ValueError(f"{key} is no mapping")
        node = child
        flow = flow or bool(missing and node.flow_style)
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("is no single value")
    return _set(text, node, value, flow)


def _is_empty(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def _set(text: str, node: Any, value: Scalar, flow: bool) -> _Splice:
    start, end = node.start_mark.index, node.end_mark.index
    if anchor := _ANCHOR.match(text, start, end):
        start = anchor.end()
    quote = node.style if isinstance(value, str) and node.style in ("'", '"') else ""
    written = scalar_text(value, quote=quote, flow=flow)
    if start == end:
        return _Splice(start, end, f" {written}")
    if node.style in ("|", ">"):
        body = text[start:end]
        comment = re.search(r"\s+#.*", body.splitlines()[0])
        ending = body[len(body.rstrip()) :]
        return _Splice(start, end, written + (comment[0] if comment else "") + ending)
    return _Splice(start, end, written)


def _append(text: str, node: Any, keys: tuple[str, ...], value: Scalar) -> _Splice:
    entry = _nested(keys, value)
    if not node.flow_style:
        return _after(text, _end(node), mapping_lines(entry, node.value[0][0].start_mark.column))
    written = _flow_entries(entry)
    if node.value:
        at = _end(node.value[-1][1])
        return _Splice(at, at, f", {written}")
    at = text.index("{", node.start_mark.index) + 1
    return _Splice(at, at, written)


def _begin(text: str, empty: Any, keys: tuple[str, ...], value: Scalar, indent: int) -> _Splice:
    """Fill a key that stands there with nothing behind it."""
    return _after(text, empty.end_mark.index, mapping_lines(_nested(keys, value), indent))


def _nested(keys: tuple[str, ...], value: Scalar) -> dict[str, Any]:
    nested: Any = value
    for key in reversed(keys):
        nested = {key: nested}
    return dict(nested)


def _after(text: str, at: int, lines: list[str]) -> _Splice:
    """Put whole lines after the line on which the character before *at* stands."""
    newline = "\r\n" if "\r\n" in text else "\n"
    block = newline.join(lines)
    if at and text[at - 1] == "\n":
        return _Splice(at, at, block + newline)
    line_end = text.find("\n", at)
    if line_end < 0:
        return _Splice(len(text), len(text), newline + block + newline)
    return _Splice(line_end + 1, line_end + 1, block + newline)


def _end(node: Any) -> int:
    """Return where a value ends; the parser has a block end only where the next thing begins."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    if isinstance(node, yaml.SequenceNode):
        return _end(node.value[-1])
    name, child = node.value[-1]
    return int(name.end_mark.index) if child.start_mark.index < name.end_mark.index else _end(child)


def _flow_entries(entries: Mapping[str, Any]) -> str:
    written = []
    for key, item in entries.items():
        shown = f"{{{_flow_entries(item)}}}" if isinstance(item, Mapping) else scalar_text(item, flow=True)
        written.append(f"{scalar_text(key, flow=True)}: {shown}")
    return ", ".join(written)
