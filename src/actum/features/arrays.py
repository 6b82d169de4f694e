"""Whole numbers between Arrow and NumPy by their bytes: Arrow's own ways import pandas, which costs more."""

from __future__ import annotations

from typing import Any


def numbers(values: Any) -> Any:
    """Return an Arrow array of whole numbers, none of them missing, as NumPy has it."""
    import numpy as np

    return np.from_dlpack(values)


def whole_numbers(values: Any, present: Any = None) -> Any:
    """Return NumPy's 64-bit numbers as Arrow has them, missing where not *present*."""
    import numpy as np
    import pyarrow as pa

    bits = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.Array.from_buffers(pa.int64(), len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def endless(values: Any) -> int:
    """Return how many numbers are infinite."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.sum(pc.is_inf(values)).as_py() or 0 if pa.types.is_floating(values.type) else 0
