"""The fitted-state fingerprint: a digest of what a model *is*, whatever file it came from.

A canonical walk over the fitted state. It sees values, not containers: dictionary order, memory order, byte order,
padding between the fields of tree nodes and sharing between attributes leave it unchanged, as do the attributes of
``SKIPPED``, which say how fast a model was fitted or by which release, and not what it learnt.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType
from typing import Any

from actum.inside.errors import ModelError

SKIPPED = frozenset({"_sklearn_version", "n_jobs", "verbose", "pre_dispatch", "n_threads", "_n_threads"})
_CYCLE = 500


def fingerprint_of(model: object) -> str:
    """Return ``sha256:...`` of the fitted state.

    Raises:
        ModelError: a function without a name (a lambda), an object that cannot be taken apart, or a cycle.
    """
    return "sha256:" + _digest(model, 0).hex()


def _digest(value: Any, depth: int) -> bytes:
    """Digest one value; every value has a tag, every part its length, so that no two readings agree by chance."""
    import numpy as np

    if depth > _CYCLE:
        raise ModelError(f"the model's state refers to itself, or is nested more than {_CYCLE} deep")
    if value is None:
        return _hash("none")
    if isinstance(value, (np.ndarray, np.datetime64, np.timedelta64)):
        return _digest_array(value, depth)
    if isinstance(value, (bool, np.bool_)):
        return _hash("bool", b"1" if value else b"0")
    if isinstance(value, (int, np.integer)):
        return _hash("int", str(int(value)).encode())
    if isinstance(value, (float, np.floating)):
        return _hash("float", struct.pack("<d", float(value)))
    if isinstance(value, str):
        return _hash("str", str(value).encode("utf-8", "surrogatepass"))
    if isinstance(value, (bytes, bytearray)):
        return _hash("bytes", bytes(value))
    return _digest_array(value, depth) if isinstance(value, np.generic) else _digest_held(value, depth)


def _digest_array(value: Any, depth: int) -> bytes:
    import numpy as np

    array = np.asarray(value)
    shape = str(array.shape).encode()
    if isinstance(value, np.ma.MaskedArray):
        return _hash("masked", _digest(value.data, depth + 1), _digest(np.ma.getmaskarray(value), depth + 1))
    if array.dtype.names:  # field by field: the bytes between fields are not state
        names = sorted(array.dtype.names)
        parts = [part for name in names for part in (name.encode(), _digest(array[name], depth + 1))]
        return _hash("record", shape, *parts)
    if array.dtype.kind in "OT":  # objects, and numpy 2 strings, whose bytes are addresses
        return _hash("objects", shape, *(_digest(item, depth + 1) for item in array.ravel().tolist()))
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return _hash("array", plain.dtype.str.encode(), shape, plain.tobytes())


def _digest_held(value: Any, depth: int) -> bytes:
    """Digest what holds other values: containers, names of code, and objects."""
    import numpy as np

    if isinstance(value, (list, tuple)):
        parts = [_digest(item, depth + 1) for item in value]
        return _hash(_kind(value, "sequence", (list, tuple)), *parts)
    if isinstance(value, (set, frozenset)):
        return _hash("set", *sorted(_digest(item, depth + 1) for item in value))
    if isinstance(value, dict):
        return _hash(_kind(value, "dict", (dict,)), *_pairs(value.items(), depth))
    if isinstance(value, np.dtype):
        return _hash("dtype", value.str.encode())
    if isinstance(value, np.ufunc):  # has no module of its own in every release
        return _hash("ufunc", value.__name__.encode())
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return _hash("name", _dotted(value).encode())
    if hasattr(value, "tocsr") and hasattr(value, "nnz"):
        return _digest_sparse(value, depth)
    return _digest_object(value, depth)


def _digest_sparse(value: Any, depth: int) -> bytes:
    rows = value.tocsr(copy=True)
    rows.sum_duplicates()
    parts = (rows.data, rows.indices.astype("<i8"), rows.indptr.astype("<i8"), list(rows.shape))
    return _hash("sparse", *(_digest(part, depth + 1) for part in parts))


def _digest_object(value: Any, depth: int) -> bytes:
    """Digest an object by what pickle would keep of it: constructor arguments, state, items."""
    name = _dotted(type(value))
    if name.startswith("numpy.random."):
        return _digest_random(value, name, depth)
    try:
        reduced = value.__reduce_ex__(4)
    except (TypeError, AttributeError, ValueError) as error:
        raise ModelError(f"no fingerprint for an object of {name}: {error}") from error
    if isinstance(reduced, str):
        return _hash("global", name.encode(), reduced.encode())
    _, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    parts = [_digest(tuple(arguments or ()), depth + 1), _digest_state(state, depth + 1)]
    parts += [_digest(item, depth + 1) for item in items or ()]
    parts += _pairs(pairs or (), depth)
    return _hash("object", name.encode(), *parts)


def _digest_state(state: Any, depth: int) -> bytes:
    """Digest an object's attributes, without those that are not state; slots come as a pair of dictionaries."""
    if isinstance(state, dict):
        kept = [(key, item) for key, item in state.items() if key not in SKIPPED]
        return _hash("state", *_pairs(kept, depth))
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        return _hash("slots", *(_digest_state(part, depth) for part in state))
    return _digest(state, depth)


def _digest_random(value: Any, name: str, depth: int) -> bytes:
    """Digest a random source by its public state: its pickle names private constructors."""
    if hasattr(value, "bit_generator"):
        return _hash("object", name.encode(), _digest(value.bit_generator.state, depth + 1))
    if hasattr(value, "get_state"):
        return _hash("object", name.encode(), _digest(value.get_state(legacy=False), depth + 1))
    return _hash("object", name.encode(), _digest(value.state, depth + 1))


def _pairs(pairs: Iterable[tuple[Any, Any]], depth: int) -> list[bytes]:
    return sorted(_digest(key, depth + 1) + _digest(item, depth + 1) for key, item in pairs)


def _kind(value: object, kind: str, exact: tuple[type, ...]) -> str:
    """Name a container: plain ones by their kind, subclasses by their class as well."""
    return kind if type(value) in exact else f"{kind} {_dotted(type(value))}"


def _dotted(thing: Any) -> str:
    name = f"{thing.__module__}.{thing.__qualname__}"
    if "<lambda>" in name:
        raise ModelError(f"the model holds {name}: a lambda has no name to be known by", hint="use a named function")
    return name


def _hash(tag: str, *parts: bytes) -> bytes:
    hasher = hashlib.sha256(tag.encode() + b"\0")
    for part in parts:
        hasher.update(struct.pack("<Q", len(part)))
        hasher.update(part)
    return hasher.digest()
