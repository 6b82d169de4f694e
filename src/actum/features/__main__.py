"""``python -m actum.features build features/sets/NAME.yaml OUT.parquet``: a stage of a pipeline."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from actum.errors import UserError, of_the_disk
from actum.features.engines import EngineName
from actum.features.training import write_training_set


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; refusals are one line on stderr and exit status 1."""
    asked = _parser().parse_args(arguments)
    begun = time.monotonic()
    try:
        rows, features = write_training_set(
            asked.set, asked.out, engine=asked.engine, memory=asked.memory, threads=asked.threads
        )
    except (UserError, OSError) as error:
        refused = error if isinstance(error, UserError) else of_the_disk(error)
        if refused is None:
            raise
        print(f"error: {refused}" + (f"  ({refused.hint})" if refused.hint else ""), file=sys.stderr)
        return 1
    print(f"{rows:,} rows, {features:,} features, {time.monotonic() - begun:.1f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m actum.features", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build the training set that a set of features describes")
    build.add_argument("set", type=Path, help="features/sets/NAME.yaml")
    build.add_argument("out", type=Path, help="the Parquet file to write")
    build.add_argument("--engine", choices=get_args(EngineName), default="duckdb")
    build.add_argument("--memory", default="1500MB", help="what DuckDB may hold before it spills (%(default)s)")
    build.add_argument("--threads", type=int, help="as many as there are processors")
    return parser


if __name__ == "__main__":
    sys.exit(main())
