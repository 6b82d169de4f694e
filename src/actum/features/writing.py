"""How tables reach the disk: the same rows give the same bytes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ROWS_PER_GROUP = 65_536


def write_table(batches: Iterable[Any], schema: Any, path: Path) -> None:
    """Write record batches as Parquet, whole or not at all; groups of rows do not depend on how they were batched."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    text = [field.name for field in schema if pa.types.is_string(field.type)]  # numbers hardly repeat
    temporary = path.with_name(f".actum-{secrets.token_hex(8)}.tmp")
    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=text or False) as writer:
            waiting: list[Any] = []
            count = 0
            for batch in batches:
                waiting.append(batch)
                count += batch.num_rows
                while count >= _ROWS_PER_GROUP:
                    table = pa.Table.from_batches(waiting, schema)
                    writer.write_table(table.slice(0, _ROWS_PER_GROUP), row_group_size=_ROWS_PER_GROUP)
                    rest = table.slice(_ROWS_PER_GROUP)
                    waiting, count = rest.to_batches(), rest.num_rows
            if waiting or not count:
                writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=_ROWS_PER_GROUP)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
