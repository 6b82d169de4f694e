"""Canonical .skops (``canonical-skops/1``): the same model gives the same bytes in every process.

A file that skops writes never repeats itself: zip times are the clock's, members and nodes are named by memory
addresses, sets come in hash order. Rewritten here:

- members are numbered in the order the schema first uses them; equal bytes are one member; zips inside (sparse
  matrices) and the padding of structured arrays are rewritten too;
- a node keeps an id only where two places share one mutable object, numbered in order of appearance;
- keys are sorted, an object's attributes as well; other dictionaries keep their order, which may be state;
- sets are sorted by value; ufuncs are named by the package people import them from.

What cannot be made stable is refused by name.
"""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actum.inside.archive import opened, pack
from actum.inside.errors import ModelError
from actum.inside.formats import CANONICAL, MARKER, SCHEMA

Node = dict[str, Any]

_WITHOUT_IDENTITY = frozenset(
    {"JsonNode", "TypeNode", "FunctionNode", "SliceNode", "TupleNode", "BytesNode", "DTypeNode"}
)
"""Loaders of values that nobody can change, so whether two places share one is no part of the state."""
_LEAST_ADDRESS = 2**20
_WRONG_KEYS = frozenset({"builtins.bool", "builtins.NoneType", "numpy.bool", "numpy.bool_"})
"""Key types that skops writes as text and reads back as something else (``bool("false")`` is true)."""
_UFUNC_HOMES = ("numpy", "scipy.special")


@dataclass(kw_only=True, slots=True)
class _Rewrite:
    """What one rewriting has seen so far; the only mutable thing here."""

    members: Mapping[str, bytes]
    shared: frozenset[int]
    addresses: frozenset[int]
    ids: dict[int, int] = field(default_factory=dict)
    names: dict[bytes, str] = field(default_factory=dict)

    def number(self, address: int) -> int:
        """Return the number of a shared object, by order of appearance."""
        return self.ids.setdefault(address, len(self.ids) + 1)

    def rename(self, member: str) -> str:
        """Return the new name of a member, by order of appearance; equal bytes get one name."""
        suffix = member.rpartition(".")[2]
        data = _stable(suffix, self.members[member])
        return self.names.setdefault(data, f"{len(self.names):06d}.{suffix}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where in the model a node stands, for errors: ``model.steps[0][1]`` of class ``sklearn...``."""

    path: str
    owner: str

    def __str__(self) -> str:
        return f"{self.path} of {self.owner}" if self.owner else self.path


def canonical(skops_bytes: bytes) -> bytes:
    """Rewrite what ``skops.io.dumps`` returned so that its bytes depend on the model alone.

    Raises:
        ModelError: the model holds something that cannot be made stable; the message names place and class.
    """
    with opened(skops_bytes, "model") as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    schema = json.loads(members.pop(SCHEMA), object_pairs_hook=_without_twins)
    seen: Counter[int] = Counter()
    addresses: set[int] = set()
    _count_ids(schema, seen, addresses)
    shared = frozenset(address for address, times in seen.items() if times > 1)
    rewrite = _Rewrite(members=members, shared=shared, addresses=frozenset(addresses))
    root = _node(schema, _Place(path="model", owner=""), rewrite)
    text = json.dumps({MARKER: CANONICAL, **root}, separators=(",", ":"), ensure_ascii=True).encode()
    return pack({SCHEMA: text, **{name: data for data, name in rewrite.names.items()}})


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object from JSON, refusing keys that only differed in type before they became text (1 and "1")."""
    built = dict(pairs)
    if len(built) != len(pairs):
        twins = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
        raise ModelError(f"the model holds a dictionary with keys that skops cannot tell apart: {twins[0]!r}")
    return built


def _count_ids(value: Any, seen: Counter[int], addresses: set[int]) -> None:
    """Count how often each object with an identity appears, and note every address."""
    if isinstance(value, list):
        for item in value:
            _count_ids(item, seen, addresses)
    elif isinstance(value, dict):
        address = value.get("__id__")
        if isinstance(address, int) and "__loader__" in value:
            addresses.add(address)
            seen[address] += _has_identity(value)
        for item in value.values():
            _count_ids(item, seen, addresses)


def _has_identity(node: Node) -> bool:
    if node["__loader__"] == "NdArrayNode":  # numpy scalars use it too, and they cannot change
        return _class_of(node) in {"numpy.ndarray", "numpy.memmap"}
    return node["__loader__"] not in _WITHOUT_IDENTITY


def _node(node: Node, place: _Place, rewrite: _Rewrite) -> Node:
    """Rewrite one node of the schema."""
    node = _checked(node, place, rewrite)
    loader = node["__loader__"]
    built: Node = {}
    for key in sorted(node):
        if key == "__id__":
            if node[key] in rewrite.shared and _has_identity(node):
                built[key] = rewrite.number(node[key])
        elif key == "file":
            built[key] = rewrite.rename(node[key])
        elif key == "content" and loader == "DictNode":
            built[key] = _entries(node[key], place, rewrite)
        elif key == "content" and loader in {"ObjectNode", "TreeNode", "LossNode"}:
            built[key] = _attributes(node[key], place, _class_of(node), rewrite)
        else:
            built[key] = _child(node[key], place, rewrite)
    return _sorted_set(built, node, place)


def _child(value: Any, place: _Place, rewrite: _Rewrite) -> Any:
    """Rewrite what stands under a key of a node: a node, a list or a table of nodes, or plain JSON."""
    if isinstance(value, list):
        return [
            _child(item, _Place(path=f"{place.path}[{n}]", owner=place.owner), rewrite) for n, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    if "__loader__" in value:
        return _node(value, place, rewrite)
    return {key: _child(value[key], place, rewrite) for key in sorted(value)}


def _entries(content: Mapping[str, Node], place: _Place, rewrite: _Rewrite) -> Node:
    """Rewrite a dictionary's values in the dictionary's own order."""
    return {
        key: _node(value, _Place(path=f"{place.path}[{key!r}]", owner=place.owner), rewrite)
        for key, value in content.items()
    }


def _attributes(content: Any, place: _Place, owner: str, rewrite: _Rewrite) -> Any:
    """Rewrite an object's state; attributes are sorted, because the order in which they were set is no state."""
    if not isinstance(content, dict) or content.get("__loader__") != "DictNode":
        return _child(content, _Place(path=place.path, owner=owner), rewrite)
    entries: Mapping[str, Node] = content["content"]
    if "_stop_words_id" in entries:
        raise ModelError(
            f"{place.path}._stop_words_id of {owner} is a memory address: such a model's bytes are never the same",
            hint="scikit-learn can do without it: `del vectorizer._stop_words_id` before saving",
        )
    named = {key: _Place(path=f"{place.path}.{key}", owner=owner) for key in sorted(entries)}
    attributes = {key: _node(entries[key], where, rewrite) for key, where in named.items()}
    kinds = _child(content["key_types"], place, rewrite)  # every one of them is str
    return {
        "__class__": "dict",
        "__loader__": "DictNode",
        "__module__": "builtins",
        "content": attributes,
        "key_types": kinds,
    }


def _checked(node: Node, place: _Place, rewrite: _Rewrite) -> Node:
    """Refuse a node that cannot be stable; return it with its ufunc named properly."""
    loader, name = node["__loader__"], _class_of(node)
    if loader == "JsonNode":
        _refuse_address(node["content"], place, rewrite)
    elif "<lambda>" in name or "<locals>" in name:
        raise ModelError(f"{place}: {name} has no name it could be loaded by", hint="use a function of a module")
    elif node["__module__"] == "__main__":
        raise ModelError(f"{place}: {name} is defined in the script that ran", hint="move it to a module of its own")
    elif loader == "DictNode":
        _refuse_keys(node, place)
    elif loader == "FunctionNode":
        return _named_function(node, place)
    return node


def _refuse_address(content: str, place: _Place, rewrite: _Rewrite) -> None:
    if content.isdigit() and (number := int(content)) > _LEAST_ADDRESS and number in rewrite.addresses:
        raise ModelError(f"{place} is a memory address: such a model's bytes are never the same")


def _refuse_keys(node: Node, place: _Place) -> None:
    kinds = [_class_of(kind) for kind in node["key_types"]["content"]]
    wrong = next((kind for kind in kinds if kind in _WRONG_KEYS), None)
    if wrong or len(kinds) != len(node["content"]):
        raise ModelError(f"{place}: a dictionary with {wrong or 'property'} keys, which skops does not bring back")


def _named_function(node: Node, place: _Place) -> Node:
    """Name a ufunc by its public home, any other function as found; refuse one that its name does not lead to.

    Source: skops' ``whichmodule`` names a ufunc by the first loaded module that holds it, so by import order.
    """
    name, module = node["__class__"], sys.modules.get(node["__module__"])
    found = getattr(module, name, None)
    if found is None:
        raise ModelError(
            f"{place}: {_class_of(node)} has no name it could be loaded by", hint="use a function of a module"
        )
    for home in _UFUNC_HOMES:
        if not hasattr(found, "__code__") and getattr(sys.modules.get(home), name, None) is found:
            return {**node, "__module__": home}
    return node


def _sorted_set(built: Node, node: Node, place: _Place) -> Node:
    """Sort what came in hash order: the content of a set or a frozenset."""
    if node["__loader__"] == "SetNode":
        return {**built, "content": _sorted_items(built["content"], _class_of(node), place)}
    if node["__loader__"] == "ConstructorFromReduceNode" and _class_of(node) == "builtins.frozenset":
        (items,) = built["content"]["content"]  # frozenset(list): one argument
        items = {**items, "content": _sorted_items(items["content"], "builtins.frozenset", place)}
        return {**built, "content": {**built["content"], "content": [items]}}
    return built


def _sorted_items(items: list[Node], kind: str, place: _Place) -> list[Node]:
    for item in items:
        if not _is_plain(item):
            raise ModelError(
                f"{place}: a {kind} of {_class_of(item)}, which has no stable order", hint="use a sorted list"
            )
    return sorted(items, key=json.dumps)


def _is_plain(item: Node) -> bool:
    if item["__loader__"] == "TupleNode":
        return all(_is_plain(part) for part in item["content"])
    return bool(item["__loader__"] == "JsonNode")


def _class_of(node: Node) -> str:
    return f"{node['__module__']}.{node['__class__']}"


def _stable(suffix: str, data: bytes) -> bytes:
    """Rewrite a member whose bytes may hold more than its value."""
    if suffix == "npz":  # a zip of its own: compressed, so by whichever zlib this Python has
        with opened(data, "sparse matrix") as archive:
            return pack({entry.filename: archive.read(entry) for entry in archive.infolist()})
    return _zeroed_padding(data) if suffix == "npy" else data


def _zeroed_padding(data: bytes) -> bytes:
    """Zero the bytes between the fields of a structured array: they are whatever memory held before."""
    import numpy as np

    array = np.load(io.BytesIO(data), allow_pickle=False)
    if not array.dtype.names or sum(array.dtype[name].itemsize for name in array.dtype.names) == array.dtype.itemsize:
        return data
    # not zeros_like: that assigns field by field to memory as it was
    clean = np.zeros(array.shape, array.dtype, order="F" if array.flags.fnc else "C")
    for name in array.dtype.names:
        clean[name] = array[name]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()
