"""Open a model file: read once, digest checked, only types that somebody reviewed, pickles only by name and digest."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from actum.inside.digests import digest_of
from actum.inside.errors import ModelError
from actum.inside.formats import Format, sniff
from actum.inside.trust import PLACE, trusted_types

MAX_FILE_BYTES = 16 * 2**30

_BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ImportError,
    EOFError,
    OSError,
    RecursionError,
    MemoryError,
)
"""What skops, numpy and pickle raise on files that are damaged, forged or from other releases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A model with what its file says of it: ``digest`` of the bytes and ``format``."""

    model: Any
    digest: str
    format: Format


def open_model(
    path: str | PathLike[str],
    *,
    expected_digest: str | None = None,
    trusted: Sequence[str] | None = None,
    allow_pickle: bool = False,
) -> LoadedModel:
    """Do what ``load`` does, and tell format and digest of the bytes as well."""
    place = Path(path)
    data = _read(place)
    digest = digest_of(data)
    if expected_digest is not None and digest != expected_digest:
        raise ModelError(f"{place}: {digest} found, {expected_digest} wanted", hint="fetch the file again: dvc pull")
    kind = sniff(data, str(place))
    if kind in ("joblib", "pickle"):
        _refuse_pickle(place, kind, expected_digest, allow_pickle)
        model = _unpickled(data, place)
    else:
        model = _from_skops(data, place, trusted_types(trusted))
    return LoadedModel(model=model, digest=digest, format=kind)


def _read(place: Path) -> bytes:
    try:
        size = place.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ModelError(f"{place}: {size} bytes, models of at most {MAX_FILE_BYTES} are read")
        return place.read_bytes()
    except OSError as error:
        raise ModelError(f"{place}: cannot be read: {error.strerror}", hint="dvc pull") from error


def _refuse_pickle(place: Path, kind: Format, expected_digest: str | None, allow_pickle: bool) -> None:
    if not allow_pickle:
        hint = "save it with actum.models.save, or give leave: --allow-pickle to a command, allow_pickle=True in Python"
        raise ModelError(f"{place}: a {kind} file runs code when it is loaded, and that is not allowed here", hint=hint)
    if expected_digest is None:
        hint = "load it by its registered version, or pass expected_digest"
        raise ModelError(f"{place}: a {kind} file is only loaded with the digest it must have", hint=hint)


def _unpickled(data: bytes, place: Path) -> Any:
    """Load a pickle whose digest has been verified; joblib reads plain pickles too."""
    import pickle

    import joblib

    try:
        with translated(str(place)):
            return joblib.load(io.BytesIO(data))
    except pickle.UnpicklingError as error:
        raise ModelError(f"{place}: damaged: {error}") from error


def _from_skops(data: bytes, place: Path, trusted: frozenset[str]) -> Any:
    import skops.io

    with translated(str(place)):
        beyond = set(skops.io.get_untrusted_types(data=data))
        unknown = sorted(name for name in beyond - trusted if not _is_public_ufunc(name))
        if unknown:
            raise ModelError(
                f"{place}: holds types that nobody has reviewed: {', '.join(unknown)}",
                hint=f"review them, then add them to {PLACE.as_posix()}",
            )
        return skops.io.loads(data, trusted=sorted(beyond))


def _is_public_ufunc(name: str) -> bool:
    """Tell whether ``name`` is a numpy or scipy ufunc; which spelling skops lists depends on import order."""
    import numpy as np
    import scipy.special

    homes = {"numpy": np, "scipy.special": scipy.special}
    module, _, attribute = name.rpartition(".")
    return module in homes and isinstance(getattr(homes[module], attribute, None), np.ufunc)


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what the libraries raise on a bad file or model into a refusal; their warnings are not ours to show."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    except _BROKEN as error:
        raise ModelError(f"{where}: {type(error).__name__}: {error}") from error
