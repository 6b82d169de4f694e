"""Features inside the locked environment: training sets, the online store, look-ups. Part of the wing."""

from __future__ import annotations

import importlib
from typing import Any

# Imported when they are asked for: whoever needs one module of this package needs no other.
_FROM = {
    "training_set": "actum.features.training",
    "write_training_set": "actum.features.training",
    "Lookup": "actum.online.lookup",
    "SkewError": "actum.online.lookup",
}


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(importlib.import_module(_FROM[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
