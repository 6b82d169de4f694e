"""What the columns of a file are to us, whatever they are to Parquet: the kinds, and how two files' are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from actum.definitions.expression import Dtype

Kind = Literal["int", "float", "decimal", "string", "bool", "utc", "local", "date", "nothing"]
DTYPES: dict[Kind, Dtype | None] = {
    "int": "int",
    "float": "float",
    "decimal": "float",
    "string": "string",
    "bool": "bool",
    "utc": "timestamp",
    "local": "timestamp",
    "date": "timestamp",
    "nothing": None,
}
WORDS: dict[Kind, str] = {
    "utc": "time with a time zone",
    "local": "time without a time zone",
    "date": "date without a time zone",
    "nothing": "column without any value",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a source or of labels.

    Attributes:
        kind: None for what no feature can be made of, such as a list.
        nano: Times are counted in nanoseconds, of which only whole microseconds are taken.
        arrow: The type in the file.
    """

    name: str
    kind: Kind | None
    arrow: Any
    nano: bool = False

    @property
    def type(self) -> Dtype | None:
        return DTYPES[self.kind] if self.kind else None

    @property
    def words(self) -> str:
        return WORDS.get(self.kind, f"column of {self.kind}") if self.kind else f"column of {self.arrow}"

    @property
    def zoned(self) -> bool:
        """Whether times say themselves when they are."""
        return self.kind not in ("local", "date")


def column_of(name: str, arrow: Any) -> Column:
    """Say what a column of an Arrow type is."""
    import pyarrow as pa

    kind = arrow.value_type if pa.types.is_dictionary(arrow) else arrow
    nano = pa.types.is_timestamp(kind) and kind.unit == "ns"
    return Column(name=name, kind=_kind(kind), arrow=arrow, nano=nano)


def _kind(arrow: Any) -> Kind | None:
    from pyarrow import types

    if types.is_timestamp(arrow):
        return "utc" if arrow.tz else "local"
    tests: tuple[tuple[Kind, tuple[Any, ...]], ...] = (
        ("bool", (types.is_boolean,)),
        ("int", (types.is_integer,)),
        ("float", (types.is_float32, types.is_float64)),
        ("decimal", (types.is_decimal,)),
        ("string", (types.is_string, types.is_large_string, types.is_string_view)),
        ("date", (types.is_date,)),
        ("nothing", (types.is_null,)),
    )
    return next((kind for kind, checks in tests if any(check(arrow) for check in checks)), None)
