"""Read YAML as DVC means it (YAML 1.2), within limits; the only place that parses dvc.yaml, dvc.lock and ``.dvc``.

PyYAML speaks YAML 1.1, DVC (ruamel) 1.2. The two disagree on what DVC writes into dvc.lock: ``1e-05`` is a
number there and a text here, ``yes`` and ``12:30`` are texts there and a truth and a number here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import yaml

from actum.errors import InvalidRecordError
from actum.records.codec import FieldError, decode

Reader = Callable[[str], bytes | None]
"""Give the bytes of a path (POSIX, from the root of the repository) at one revision; None when it is not there."""

T = TypeVar("T")
MAX_BYTES = 64 << 20
MAX_DEPTH = 64
MAX_NODES = 5_000_000
_TAG = "tag:yaml.org,2002:"
_CONFLICT = re.compile(rb"^(?:<{7}|>{7})(?: |$)", re.M)
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's fast safe loader with the plain scalars of YAML 1.2, as ruamel reads them."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {  # noqa: RUF012 - PyYAML's own form
        first: [pair for pair in pairs if pair[0] in {_TAG + "merge", _TAG + "null", _TAG + "timestamp"}]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_FLOAT = r"""^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
    |[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"""
_INT = r"^(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$"


def _whole_number(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    digits = text.lstrip("+-")
    base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)  # 010 is ten, not eight
    value = int(digits if base == 10 else digits[2:], base)
    return -value if text.startswith("-") else value


for _name, _pattern, _firsts in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("float", _FLOAT, "-+0123456789."),
    ("int", _INT, "-+0123456789"),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(_pattern, re.X), list(_firsts))
_Loader.add_constructor(_TAG + "int", _whole_number)


def load(data: bytes, *, where: str) -> dict[str, Any]:
    """Return the mapping that *data* holds; an empty file is an empty mapping, as DVC has it.

    Raises:
        InvalidRecordError: It is not YAML, not a mapping, or goes past the limits.
    """
    node, loader = compose(data, where=where)
    if node is None:
        return {}
    try:
        value = loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidRecordError(f"{where}: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRecordError(f"{where}: is {type(value).__name__}, must be a mapping")
    return value


def compose(data: bytes, *, where: str) -> tuple[yaml.Node | None, Any]:
    """Return the checked tree of nodes, with their places in the text, and the loader that can construct it."""
    if len(data) > MAX_BYTES:
        raise InvalidRecordError(f"{where}: has {len(data)} bytes, the most is {MAX_BYTES}")
    if conflict := _CONFLICT.search(data):
        line = data.count(b"\n", 0, conflict.start()) + 1
        raise InvalidRecordError(f"{where}:{line}: holds an unresolved merge", hint="git status")
    try:
        loader = _Loader(data)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidRecordError(f"{where}:{line}: is not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidRecordError(f"{where}: is not YAML: {error}") from error
    if node is not None:
        _Limits(where).check(node, 0)
    return node, loader


class _Limits:
    """Count what a tree of nodes expands to: an alias counts as all that it stands for."""

    def __init__(self, where: str) -> None:
        self._where, self._sizes = where, dict[int, int | None]()

    def check(self, node: yaml.Node, depth: int) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        known = self._sizes.get(id(node), 0)
        if known is None:
            raise self._refusal(node, "refers to itself")
        if known:
            return known
        if depth > MAX_DEPTH:
            raise self._refusal(node, f"nests deeper than {MAX_DEPTH}")
        self._sizes[id(node)] = None
        size = 1 + sum(self.check(child, depth + 1) for child in self._children(node))
        if size > MAX_NODES:
            raise self._refusal(node, f"expands to more than {MAX_NODES} values")
        self._sizes[id(node)] = size
        return size

    def _children(self, node: yaml.Node) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise self._refusal(key, f"{key.value!r} is there twice")
                seen.add(key.value)
        return [part for pair in node.value for part in pair]

    def _refusal(self, node: yaml.Node, problem: str) -> InvalidRecordError:
        return InvalidRecordError(f"{self._where}:{node.start_mark.line + 1}: {problem}")


def decode_at(kind: type[T], raw: object, *, where: str, at: tuple[str | int, ...] = ()) -> T:
    """Build a value from decoded YAML; the error says the file and the place in it."""
    try:
        return decode(kind, raw)
    except FieldError as error:
        climbed = error
        for part in reversed(at):
            climbed = climbed.under(part)
        raise InvalidRecordError(f"{where}: {climbed}", hint=error.hint) from error


def mapping_at(raw: Mapping[str, Any], key: str, *, where: str) -> dict[str, Any]:
    """Return the mapping under *key*, empty when it is absent or null."""
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRecordError(f"{where}: {key}: is {type(value).__name__}, must be a mapping")
    return value
