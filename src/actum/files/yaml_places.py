"""Where a value stands in a YAML text. Composed only when an error is to be told, or a file to be edited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from actum.errors import InvalidRecordError
from actum.files.text import Limits, decode
from actum.files.yaml_reading import read_yaml

Path = tuple[str | int, ...]
# Whoever asks for a place has read the text already, within limits of its own.
_LIMITS = Limits(size=64 << 20, aliases=10_000)


def compose(data: bytes, *, where: str) -> tuple[str, Any]:
    """Return the text and its tree of nodes, each with its marks.

    Raises:
        InvalidRecordError: As :func:`read_yaml` has it.
    """
    read_yaml(data, where=where, limits=_LIMITS)
    text = decode(data, where=where, limits=_LIMITS)
    return text, yaml.compose(text, Loader=yaml.CSafeLoader)


class Lines:
    """The lines of one text, for several questions."""

    def __init__(self, data: bytes) -> None:
        try:
            self._root = compose(data, where="")[1]
        except InvalidRecordError:
            self._root = None  # It has no places; whoever reads it will say what is wrong with it.

    def of(self, path: Path) -> int | None:
        """Return the line, from 1, of the key or list item at *path*, or of the nearest one that encloses it.

        None when there is nothing of it, not even its first part.
        """
        line, node = None, self._root
        for part in path:
            found = next((pair for pair in _entries(node) if pair[0] == part), None)
            if found is None:
                return line
            _, mark, node = found
            line = mark.line + 1
        return line


def line_of(data: bytes, path: Path) -> int | None:
    """Answer :meth:`Lines.of` for one path."""
    return Lines(data).of(path)


def _entries(node: Any) -> Iterator[tuple[str | int, Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, key.start_mark, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((index, item.start_mark, item) for index, item in enumerate(node.value))
