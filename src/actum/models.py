"""Models as files: written so that equal models are equal bytes, read only as far as they are trusted.

Runs in a training stage, inside the locked environment, as ``from actum.models import save``; also the tool's own
door to a model. Nothing heavy is imported before a function here needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from actum.inside.canonical import canonical
from actum.inside.digests import digest_of, write_atomically
from actum.inside.errors import ModelError
from actum.inside.fingerprint import fingerprint_of
from actum.inside.formats import CANONICAL
from actum.inside.opening import open_model, translated

__all__ = ["CANONICAL", "ModelError", "fingerprint", "load", "save"]


def save(model: object, path: str | PathLike[str]) -> str:
    """Write ``model`` as canonical .skops and return the digest of its bytes.

    The bytes depend on the model alone: not on process, hash seed or clock. The file is read back before it replaces
    anything, and a model that would not come back equal is refused.

    Raises:
        ModelError: the model holds something that skops cannot keep or that has no stable form; named in the message.
    """
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{path}: the locked environment has no {error.name}: write skops into requirements.in"
        ) from error

    target = Path(path)
    with translated("the model cannot be saved"):
        data = canonical(skops.io.dumps(model))
        back = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    if fingerprint_of(back) != fingerprint_of(model):
        raise ModelError(
            f"{target}: the model does not come back from its file as it was: {type(model).__name__}",
            hint="look for dictionary keys, array or set types in its state that skops does not keep",
        )
    write_atomically(target, data)
    return digest_of(data)


def load(
    path: str | PathLike[str],
    *,
    expected_digest: str | None = None,
    trusted: Sequence[str] | None = None,
    allow_pickle: bool = False,
) -> Any:
    """Return the model in ``path``, whose bytes are read once and checked before anything in them is parsed.

    ``trusted`` names types beyond skops' own safe list; absent, the file named by ``ACTUM_TRUSTED_TYPES`` is read,
    else the nearest ``policies/trusted-types.txt`` at or above the working directory. Pickle and joblib files run
    code, so they need ``expected_digest`` from the registry *and* ``allow_pickle``.

    Raises:
        ModelError: no such file, another digest, an unknown format, a damaged file, or a type nobody trusts.
    """
    return open_model(path, expected_digest=expected_digest, trusted=trusted, allow_pickle=allow_pickle).model


def fingerprint(model: object) -> str:
    """Return the digest of the fitted state: equal for one model whatever file or format it was loaded from."""
    return fingerprint_of(model)
