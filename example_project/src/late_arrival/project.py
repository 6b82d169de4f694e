"""Where the stages find their parameters, and how tables reach the disk (the same rows give the same bytes)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ROWS_PER_GROUP = 65_536
UTC_MICROSECONDS = pa.timestamp("us", tz="UTC")


def read_params(path: Path = Path("params.yaml")) -> dict[str, Any]:
    """Read params.yaml."""
    params: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return params


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write Parquet in the order of rows given; text as string, times as UTC microseconds, no pandas metadata."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    fields = [pa.field(field.name, _plain(field.type)) for field in arrow.schema]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(arrow.cast(pa.schema(fields)), path, compression="zstd", row_group_size=ROWS_PER_GROUP)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return UTC_MICROSECONDS
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind
