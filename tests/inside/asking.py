"""What the tests of the wing share: where it lies, the inputs of the model they ask, and the shape of asking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actum.inside.envelope import Job

SOURCE = Path(__file__).parents[2] / "src"
INPUTS = [
    {"name": "delay", "type": "float"},
    {"name": "humidity", "type": "float"},
    {"name": "hour", "type": "int"},
    {"name": "carrier", "type": "string"},
    {"name": "is_holiday", "type": "bool"},
]

Ask = Callable[[Job, dict[str, Any]], dict[str, Any]]
Worker = Callable[[str, dict[str, Any]], dict[str, Any]]
