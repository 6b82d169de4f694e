"""Two charts of runs: a metric over time, and the params that differ beside it, as parallel axes (Vega-Lite)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from actum.errors import UserError
from actum.quantities import is_number, plural

MOST_RUNS = 1_000
_MOST_AXES = 10
_MANY_TIMES = 100
"""A param whose largest value is so many times its smallest has an axis of logarithms."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name: nobody fetches it
_WIDTH, _HEIGHT = 720, 260
Columns = Mapping[str, Sequence[Any]]


def metric_of(columns: Columns, named: Sequence[str]) -> str:
    """Return the metric to draw: the first that was named, else the first that has numbers.

    Raises:
        UserError: No run has a metric.
    """
    candidates = [
        *(name for name in named if name in columns),
        *(name for name in columns if name.startswith("metrics.")),
    ]
    for name in candidates:
        if name.startswith("metrics.") and any(map(_is_finite, columns[name])):
            return name
    raise UserError("there is nothing to draw: no run has a metric that is a number", hint="actum ls runs")


def chart_of(columns: Columns, metric: str) -> dict[str, Any]:
    """Return the specification of both charts, data included."""
    rows = [row for row, value in enumerate(columns[metric]) if _is_finite(value)]
    left_out = len(columns[metric]) - len(rows)
    axes = _axes(columns, rows)
    drawn, hidden = axes[:_MOST_AXES], [name for name, _ in axes[_MOST_AXES:]]
    without = f"; {left_out:,} have none" if left_out else ""
    charts = [_over_time(columns, rows, metric, [name for name, _ in drawn])]
    if drawn:
        charts.append(_parallel(columns, rows, metric, drawn, hidden))
    return {
        "$schema": _SCHEMA,
        "title": {"text": f"{metric} of {plural(len(rows), 'run')}{without}", "anchor": "start"},
        "vconcat": charts,
        "config": {"view": {"stroke": None}, "axis": {"grid": False}},
    }


def _over_time(columns: Columns, rows: Sequence[int], metric: str, params: Sequence[str]) -> dict[str, Any]:
    # Fields of our own: in a name Vega takes dots and brackets for a path.
    told = {f"t{at}": name for at, name in enumerate(("id", "name", "by", "started_at", *params)) if name in columns}
    values = [
        {"at": columns["started_at"][row], "value": columns[metric][row]}
        | {field: _text(columns[name][row]) for field, name in told.items()}
        for row in rows
    ]
    tooltip = [{"field": field, "title": name, "type": "nominal"} for field, name in told.items()]
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "size": 40},
        "encoding": {
            "x": {"field": "at", "type": "temporal", "scale": {"type": "utc"}, "title": "started (UTC)"},
            "y": {"field": "value", "type": "quantitative", "title": metric, "scale": {"zero": False}},
            "color": _color(metric),
            "tooltip": [{"field": "value", "title": metric, "type": "quantitative"}, *tooltip],
        },
    }


def _parallel(
    columns: Columns, rows: Sequence[int], metric: str, axes: Sequence[tuple[str, bool]], hidden: Sequence[str]
) -> dict[str, Any]:
    """One line a run, over one axis a param; where a run has no value its line is broken."""
    lines: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for name, logarithmic in [*axes, (metric, False)]:
        title = f"{name} (log)" if logarithmic else name
        places, marks = _places([columns[name][row] for row in rows], logarithmic)
        lines += [
            {"axis": title, "at": at, "run": columns["id"][row], "value": columns[metric][row]}
            for row, at in zip(rows, places, strict=True)
        ]
        ends += [{"axis": title, "at": at, "says": says} for says, at in marks]
    order = list(dict.fromkeys(line["axis"] for line in lines))
    x = {"field": "axis", "type": "nominal", "sort": order, "title": None, "axis": {"labelAngle": -20, "domain": False}}
    y = {"field": "at", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}}
    line = {"x": x, "y": y, "color": _color(metric), "detail": {"field": "run", "type": "nominal"}}
    left = f"{plural(len(hidden), 'param')} more differ: {', '.join(hidden[:4])}" if hidden else ""
    left += ", ..." if len(hidden) > 4 else ""
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "title": {"text": "params that differ", "subtitle": left, "anchor": "start"},
        "layer": [
            {"data": {"values": [{"axis": name} for name in order]}, "mark": {"type": "rule", "color": "#ccc"}}
            | {"encoding": {"x": x}},
            {"data": {"values": lines}, "mark": {"type": "line", "opacity": 0.5}, "encoding": line},
            {"data": {"values": ends}, "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 10}}
            | {"encoding": {"x": x, "y": y, "text": {"field": "says", "type": "nominal"}}},
        ],
    }


def _color(metric: str) -> dict[str, Any]:
    return {"field": "value", "type": "quantitative", "title": metric, "scale": {"scheme": "viridis", "zero": False}}


def _axes(columns: Columns, rows: Sequence[int]) -> list[tuple[str, bool]]:
    """Return the params that differ, and whether each has an axis of logarithms."""
    found = []
    for name in columns:
        if name.startswith("params."):
            values = [columns[name][row] for row in rows]
            if len(set(map(_text, values))) > 1:
                found.append((name, _is_wide(values)))
    return found


def _is_wide(values: Sequence[Any]) -> bool:
    present = [value for value in values if value is not None]
    return all(_is_finite(value) and value > 0 for value in present) and max(present) >= _MANY_TIMES * min(present)


def _places(values: Sequence[Any], logarithmic: bool) -> tuple[list[float | None], list[tuple[str, float]]]:
    """Return where values stand between 0 and 1, and the marks of the axis: the ends of numbers, each text."""
    present = [value for value in values if value is not None]
    if all(map(_is_finite, present)):
        # Halves: between two numbers may lie more than a number holds.
        scaled = [None if value is None else math.log(value) if logarithmic else value / 2 for value in values]
        known = [value for value in scaled if value is not None]
        low, high = min(known), max(known)
        width = (high - low) or 1.0
        marks = dict.fromkeys([(f"{min(present):.4g}", 0.0), (f"{max(present):.4g}", 1.0)] if high > low else [])
        return [None if value is None else (value - low) / width for value in scaled], list(marks)
    texts = sorted({_text(value) for value in present})
    at = {text: place / max(len(texts) - 1, 1) for place, text in enumerate(texts)}
    shown = texts if len(texts) <= 12 else [texts[0], texts[-1]]
    return [None if value is None else at[_text(value)] for value in values], [(text[:24], at[text]) for text in shown]


def _is_finite(value: object) -> bool:
    return is_number(value) and math.isfinite(value)  # type: ignore[arg-type]


def _text(value: object) -> str:
    return "" if value is None else str(value)
