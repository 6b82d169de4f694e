"""How tables reach the disk: the same rows give the same bytes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ROWS_PER_GROUP = 65_536


def write_table(reader: Any, path: Path) -> int:
    """Write what a reader of record batches yields as Parquet, whole or not at all; return how many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    text = [field.name for field in reader.schema if pa.types.is_string(field.type)]  # numbers hardly repeat
    temporary = path.with_name(f".actum-{secrets.token_hex(8)}.tmp")
    rows = 0
    try:
        with pq.ParquetWriter(temporary, reader.schema, compression="zstd", use_dictionary=text or False) as writer:
            for table in _groups(reader):
                writer.write_table(table, row_group_size=_ROWS_PER_GROUP)
                rows += table.num_rows
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _groups(reader: Any) -> Iterator[Any]:
    """Yield tables of one number of rows, however they were batched, and at least one."""
    import pyarrow as pa

    waiting = pa.Table.from_batches([], reader.schema)
    for batch in reader:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
        while waiting.num_rows >= _ROWS_PER_GROUP:
            yield waiting.slice(0, _ROWS_PER_GROUP)
            waiting = waiting.slice(_ROWS_PER_GROUP)
    yield waiting
