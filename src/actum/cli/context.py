"""What the process gives a command: folder, clock, ids, environment. They enter here, once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from actum.git.repository import Git
from actum.names import Ids

COUNT = click.IntRange(0, 1_000_000_000)
"""How many of a list; 0 for all."""


@dataclass(frozen=True)
class Context:
    """One command's surroundings."""

    folder: Path
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    ids: Ids

    @classmethod
    def of_process(cls, folder: Path) -> Context:
        return cls(
            folder=Path(os.path.abspath(folder)),
            environ=os.environ,
            now=lambda: datetime.now(UTC),
            ids=Ids(lambda: time.time_ns() // 1_000_000, os.urandom),
        )

    def repo(self) -> Git:
        """Return the repository that we are in.

        Raises:
            NotFoundError: We are in none.
        """
        return Git.find(self.folder)


def at_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--at REV|DATE`` for every read."""
    help_text = "As REV has it, or as it held on DATE."
    return click.option("--at", metavar="REV|DATE", default=None, help=help_text)(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--json`` for every read and every result."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def pickle_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--allow-pickle`` for every command that loads a model."""
    help_text = "Load a pickle or joblib file too, if its digest is that on record: it can run any code."
    return click.option("--allow-pickle", is_flag=True, help=help_text)(function)


def dry_run_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--dry-run`` for every write."""
    return click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")(function)
