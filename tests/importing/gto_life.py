"""Run as a process of its own: a life of two artifacts by GTO itself. GTO's times are the clock's, in whole seconds."""

from __future__ import annotations

import sys
import time

from gto import api


def live(root: str, one: str, two: str, three: str) -> None:
    """Registrations, two stages, a roll-back, an unassignment, a withdrawn version and a deprecated artifact."""
    api.register(root, "clf", one, version="v1.0.0")
    _next_second()
    api.assign(root, "clf", "prod", version="v1.0.0")
    api.register(root, "clf", two, version="v1.1.0")
    _next_second()
    api.assign(root, "clf", "prod", version="v1.1.0")
    api.assign(root, "clf", "staging", version="v1.1.0")
    api.register(root, "clf", three, version="v2.0.0")
    api.register(root, "other", three, version="v0.1.0")
    _next_second()
    api.assign(root, "clf", "prod", version="v1.0.0", force=True)
    api.unassign(root, "clf", version="v1.1.0", stage="staging")
    api.deregister(root, "clf", version="v2.0.0")
    api.deprecate(root, "other")


def _next_second() -> None:
    time.sleep(1.0 - time.time() % 1 + 0.01)


if __name__ == "__main__":
    live(*sys.argv[1:])
