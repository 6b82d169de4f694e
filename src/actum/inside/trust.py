"""Which types a model file may bring to life: the reviewed list in ``policies/trusted-types.txt``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from actum.inside.errors import ModelError

VARIABLE = "ACTUM_TRUSTED_TYPES"
PLACE = Path("policies", "trusted-types.txt")

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def trusted_types(given: Sequence[str] | None) -> frozenset[str]:
    """Return the types trusted beyond skops' own list: those given, else those of the nearest file, else none."""
    if isinstance(given, str):
        raise ModelError(f"trusted: a list of type names was wanted, found the string {given!r}")
    if given is not None:
        return frozenset(given)
    path = _nearest()
    return read_list(path) if path else frozenset()


def read_list(path: Path) -> frozenset[str]:
    """Read one dotted type name a line; ``#`` starts a comment.

    Raises:
        ModelError: no such file, or a line that is no dotted name.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot read the list of trusted types: {error}") from error
    names = set()
    for number, line in enumerate(lines, start=1):
        name = line.partition("#")[0].strip()
        if name and not _DOTTED.fullmatch(name):
            raise ModelError(f"{path}:{number}: {name!r} is not a dotted type name", hint="write module.Class")
        if name:
            names.add(name)
    return frozenset(names)


def _nearest() -> Path | None:
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    here = Path.cwd()
    places = (folder / PLACE for folder in (here, *here.parents))
    return next((place for place in places if place.is_file()), None)
