"""Markdown that foreign text cannot break: tables, folds, code spans, bars of eight heights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_BARS = "▁▂▃▄▅▆▇█"
_ESCAPED = {char: f"\\{char}" for char in "\\`*_[]#|~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}


def text(value: object) -> str:
    """Keep a foreign value from becoming markup, a link, a mention or another line."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())
    escaped = "".join(_ESCAPED.get(char, char) for char in plain)
    # A forge links whatever looks like an address, and #12 or GH-12 to its own pages.
    return escaped.replace("://", ":&#8203;//").replace("www.", "www&#46;").replace("GH-", "GH&#45;")


def brief(value: object, most: int = 60) -> str:
    """The same, cut: nothing foreign may push what decides off the screen."""
    plain = str(value)
    return text(plain if len(plain) <= most else plain[: most - 1] + "…")


def code(value: object) -> str:
    """Return a code span; a foreign name ends neither it nor the cell that it stands in.

    Between backticks nothing can be escaped: what holds one, or a bar, is written as HTML.
    """
    plain = "".join(char if char.isprintable() else "?" for char in str(value)) or " "
    return f"<code>{text(plain)}</code>" if set(plain) & set("`|") else f"`{plain}`"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Return the lines of a table whose cells are Markdown already; *right*: columns of figures."""
    figures = set(right)
    rule = ["---:" if column in figures else "---" for column in range(len(head))]
    return [_row(head), _row(rule), *(_row(row) for row in rows)]


def fold(title: str, lines: Sequence[str]) -> list[str]:
    """Return the lines behind a title that opens on a click."""
    return ["", f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]


def bars(counts: Sequence[float]) -> str:
    """Return one character a figure, the largest as high as the line; nothing for nothing."""
    top = max(counts, default=0)
    if top <= 0:
        return ""
    return "".join(_BARS[min(7, int(8 * count / top))] if count else " " for count in counts)


def signed(value: float, *, share: bool = False) -> str:
    """Write a difference with its sign; a share in percentage points."""
    return f"{100 * value:+.1f} pp" if share else f"{value:+.4f}".replace("+0.0000", "0").replace("-0.0000", "0")


def figure(value: float | None, *, share: bool = False) -> str:
    if value is None:
        return ""
    return f"{100 * value:.1f} %" if share else f"{value:.4f}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
