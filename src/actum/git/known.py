"""Small objects of git that were read before: an id names its bytes for good, so nobody asks for them twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

LARGEST = 64 << 10
MOST = 16 << 20
"""How many bytes are kept in all; what is read once there are so many is read again."""
# A whole id, or the root folder of a commit by its whole id. A branch names another object tomorrow.
_LASTING = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})(?:\^\{tree\})?")


class Known:
    """The objects by what names them. ``shallow``: whether the clone was when it was opened, where somebody asked."""

    __slots__ = ("_bytes", "_room", "shallow")

    def __init__(self) -> None:
        self.shallow: bool | None = None
        self._bytes: dict[str, bytes] = {}
        self._room = MOST

    def among(self, names: Iterable[str]) -> dict[str, bytes]:
        return {name: self._bytes[name] for name in names if name in self._bytes}

    def learn(self, found: Mapping[str, bytes]) -> None:
        for name, data in found.items():
            if len(data) <= min(LARGEST, self._room) and name not in self._bytes and _LASTING.fullmatch(name):
                self._bytes[name] = data
                self._room -= len(data)
