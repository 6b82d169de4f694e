"""Stages of a pipeline: a training set, or the processed views that several sets take their features from.

python -m actum.features build features/sets/NAME.yaml OUT.parquet [--views FOLDER]
python -m actum.features process FOLDER [VIEW ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from actum.errors import UserError, of_the_disk
from actum.features.building import Built
from actum.features.engines import EngineName
from actum.features.processing import Processed, process
from actum.features.training import write_training_set


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; refusals are one line on stderr and exit status 1."""
    asked = vars(parser().parse_args(arguments))
    begun, command, out = time.monotonic(), asked.pop("command"), asked.pop("out")
    try:
        if command == "build":
            told = _built(write_training_set(asked.pop("set"), out, **asked, say=_say))
        else:
            told = _processed(process(out, asked.pop("view"), **asked, say=_say))
    except (UserError, OSError) as error:
        refused = error if isinstance(error, UserError) else of_the_disk(error)
        if refused is None:
            raise
        _say("")
        print(f"error: {refused}" + (f" ({refused.hint})" if refused.hint else ""), file=sys.stderr)
        return 1
    _say("")
    first, *others = told
    print("\n".join([f"{first}, {time.monotonic() - begun:.1f} s", *others]))
    return 0


def _built(found: Built) -> list[str]:
    """Say what was done; of logs, where they were needed."""
    counts = [(found.table.num_rows, "row"), (found.features, "feature")]
    told = ", ".join(_counted(*each) for each in counts)
    if found.computed or found.read:
        told += f"; {_counted(found.computed, 'log')} computed, {found.read:,} read"
    return [told, *(f"computed here, for {one}" for one in found.lacking)]


def _processed(found: Processed) -> list[str]:
    told = f"{_counted(found.views, 'view')}; {_counted(len(found.computed), 'log')} computed, {len(found.kept):,} kept"
    if found.removed:
        told += f", {_counted(found.removed, 'file')} removed"
    return [told, *(f"computed {name}" for name in found.computed)]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _say(text: str) -> None:
    """Tell on one line of a terminal what is being done; nobody else is told."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    whole = argparse.ArgumentParser(prog="python -m actum.features", description=__doc__.partition("\n")[0])
    commands = whole.add_subparsers(required=True, metavar="COMMAND", dest="command")
    build = commands.add_parser("build", help="build the training set that a set of features describes")
    build.add_argument("set", type=Path, help="features/sets/NAME.yaml")
    build.add_argument("out", type=Path, help="the Parquet file to write")
    build.add_argument("--views", type=Path, help="a folder of processed views to read from")
    views = commands.add_parser("process", help="bring the logs of views into a folder, for all sets")
    views.add_argument("out", type=Path, help="the folder")
    views.add_argument("view", nargs="*", help="views; those that the sets make use of, without")
    for command in (build, views):
        command.add_argument("--engine", choices=get_args(EngineName), default="duckdb")
        command.add_argument("--memory", default="1500MB", help="what DuckDB may hold before it spills (%(default)s)")
        command.add_argument("--threads", type=int, help="as many as there are processors, without it")
    return whole


if __name__ == "__main__":
    sys.exit(main())
