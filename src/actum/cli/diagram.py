"""A graph as Mermaid, which forges draw; no foreign name in it can end its label or begin another line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import click

Shape = Literal["thing", "work", "data"]
_AROUND: Mapping[Shape, tuple[str, str]] = {"thing": ("[", "]"), "work": ("([", "])"), "data": ("[(", ")]")}
_MARKUP = frozenset('"<>`#;&[]{}|\\')
_LONGEST = 60


def print_diagram(nodes: Mapping[str, tuple[str, Shape]], arrows: Iterable[tuple[str, str]]) -> None:
    """Print a flow chart. ``nodes``: key -> label and shape."""
    ids = {key: f"n{number}" for number, key in enumerate(nodes)}
    click.echo("flowchart LR")
    for key, (label, shape) in nodes.items():
        left, right = _AROUND[shape]
        click.echo(f'  {ids[key]}{left}"{_plain(label)}"{right}')
    for source, target in dict.fromkeys(arrows):
        click.echo(f"  {ids[source]} --> {ids[target]}")


def _plain(label: str) -> str:
    shown = "".join(char if char.isprintable() and char not in _MARKUP else " " for char in label)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
