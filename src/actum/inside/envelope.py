"""What tool and worker say to each other: a request file in, a response file out, refusals included.

    python -P -m actum.inside.<job> REQUEST.json RESPONSE.json

``{"ok": true, ...}`` and exit 0, or ``{"ok": false, "error": ..., "hint": ...}`` and exit 1. A bug of ours writes no
response: its traceback goes to stderr and the exit status is Python's own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum.inside.digests import write_atomically
from actum.inside.errors import ModelError

USAGE = 2
_ADD_PACKAGE = (
    "write its package into requirements.in, actum lock, git commit, actum run: a version keeps the environment that"
    " it was trained in"
)


@dataclass(frozen=True, slots=True)
class Request:
    """The fields of a request, read one by one with an error that says which was wrong and how."""

    fields: Mapping[str, Any]
    place: str = "request"

    def text(self, key: str) -> str:
        """Return a required string."""
        return str(self._required(key, str, "a string"))

    def optional_text(self, key: str) -> str | None:
        """Return a string, or None where it is absent or null."""
        return None if self.fields.get(key) is None else self.text(key)

    def whole(self, key: str, *, default: int | None = None, least: int = 0) -> int:
        """Return an integer of at least ``least``."""
        if default is not None and key not in self.fields:
            return default
        number = self._required(key, int, "an integer")
        if isinstance(number, bool) or number < least:
            raise ModelError(f"{self.place}.{key}: an integer of at least {least} was wanted, found {number!r}")
        return int(number)

    def optional_number(self, key: str) -> float | None:
        """Return a number, or None where it is absent or null."""
        value = self.fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ModelError(f"{self.place}.{key}: a number was wanted, found {value!r}")
        return float(value)

    def flag(self, key: str) -> bool:
        """Return a boolean; absent is false."""
        return bool(self._required(key, bool, "true or false")) if key in self.fields else False

    def items(self, key: str) -> list[Any]:
        """Return a required list."""
        return list(self._required(key, list, "a list"))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; absent or null is empty."""
        found = self.items(key) if self.fields.get(key) is not None else []
        for index, item in enumerate(found):
            if not isinstance(item, str):
                raise ModelError(f"{self.place}.{key}[{index}]: a string was wanted, found {item!r}")
        return tuple(found)

    def part(self, key: str) -> Request:
        """Return a required object as a request of its own."""
        return Request(self._required(key, dict, "an object"), place=f"{self.place}.{key}")

    def _required(self, key: str, kind: type, wanted: str) -> Any:
        if key not in self.fields:
            raise ModelError(f"{self.place}.{key}: is required")
        value = self.fields[key]
        if not isinstance(value, kind):
            raise ModelError(f"{self.place}.{key}: {wanted} was wanted, found {value!r}")
        return value


Job = Callable[[Request], dict[str, Any]]


def run(job: Job, arguments: Sequence[str] | None = None) -> int:
    """Answer the request file named first with the response file named second; return the exit status."""
    names = sys.argv[1:] if arguments is None else list(arguments)
    if len(names) != 2:
        print("usage: python -P -m actum.inside.<job> REQUEST.json RESPONSE.json", file=sys.stderr)
        return USAGE
    request_file, response_file = Path(names[0]), Path(names[1])
    try:
        answer = {"ok": True, **job(_read(request_file))}
    except ModelError as error:
        answer = {"ok": False, "error": str(error), "hint": error.hint}
    except ModuleNotFoundError as error:
        answer = {"ok": False, "error": f"the locked environment has no module {error.name}", "hint": _ADD_PACKAGE}
    write_atomically(response_file, (json.dumps(answer, ensure_ascii=False, allow_nan=False) + "\n").encode())
    return 0 if answer["ok"] else 1


def _read(path: Path) -> Request:
    try:
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read as a request: {error}") from error
    if not isinstance(fields, dict):
        raise ModelError(f"{path}: a request is an object")
    return Request(fields)
