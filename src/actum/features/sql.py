"""From Ibis to the text of a query. The only place that calls Ibis' compiler."""

from __future__ import annotations

from collections.abc import Mapping

from actum.features.values import Relation


def sql_of(relation: Relation, dialect: str) -> str:
    """Return a relation as a query.

    Each step stays a query of its own: fused, a column that is used twice would be written, and grow, twice.
    """
    import ibis

    if dialect == "pyspark":
        ibis.pyspark  # noqa: B018  its compiler asks for settings that only its backend brings
    fused = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        return str(ibis.to_sql(relation, dialect=dialect, pretty=False))
    finally:
        ibis.options.sql.fuse_selects = fused


def relation(name: str, schema: Mapping[str, str]) -> Relation:
    """Return a table that the engine has under this name."""
    import ibis

    return ibis.table(dict(schema), name=name)


def quoted(name: str, mark: str = '"') -> str:
    return mark + name.replace(mark, mark * 2) + mark
