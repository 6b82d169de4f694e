"""``python -m actum.features build features/sets/NAME.yaml OUT.parquet``: a stage of a pipeline."""

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
from actum.features.training import write_training_set


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; refusals are one line on stderr and exit status 1."""
    asked = vars(_parser().parse_args(arguments))
    begun, out = time.monotonic(), asked.pop("out")
    try:
        found = write_training_set(asked.pop("set"), out, **asked, say=_say)
    except (UserError, OSError) as error:
        refused = error if isinstance(error, UserError) else of_the_disk(error)
        if refused is None:
            raise
        _say("")
        print(f"error: {refused}" + (f" ({refused.hint})" if refused.hint else ""), file=sys.stderr)
        return 1
    _say("")
    print(_summary(found, time.monotonic() - begun))
    return 0


def _summary(found: Built, seconds: float) -> str:
    """Say what was done; of logs, where they were needed."""
    told = f"{found.table.num_rows:,} rows, {found.features:,} features, {seconds:.1f} s"
    if found.computed or found.reused:
        told += f"; {found.computed} log{'' if found.computed == 1 else 's'} computed, {found.reused} from the cache"
    return told


def _say(text: str) -> None:
    """Tell on one line of a terminal what is being done; nobody else is told."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m actum.features", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build the training set that a set of features describes")
    build.add_argument("set", type=Path, help="features/sets/NAME.yaml")
    build.add_argument("out", type=Path, help="the Parquet file to write")
    build.add_argument("--engine", choices=get_args(EngineName), default="duckdb")
    build.add_argument("--memory", default="1500MB", help="what DuckDB may hold before it spills (%(default)s)")
    build.add_argument("--threads", type=int, help="as many as there are processors, without it")
    build.add_argument("--cache", type=Path, help="a folder in which the logs of views stay (ACTUM_FEATURES_CACHE)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
