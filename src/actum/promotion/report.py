"""What a check says, as Markdown for the page of a pull request."""

from __future__ import annotations

from actum.promotion.check import Checked
from actum.promotion.findings import Objection
from actum.quantities import plural


def summary(checked: Checked) -> str:
    """Return the one line that says what was checked and how it came out."""
    what = "all records" if checked.whole else plural(checked.records, "changed record")
    moves = f", {plural(checked.moves, 'promotion')}" if checked.moves else ""
    counts = f"{len(checked.blocks)} block, {len(checked.warnings)} warn"
    return f"{what}{moves} of {checked.head[:10]} against {checked.base}: {counts}"


def markdown(checked: Checked) -> str:
    """Return the report: the verdict first, then one row a finding."""
    verdict = "refused" if checked.blocks else "clean"
    lines = [f"### actum check: {verdict}", "", summary(checked)]
    if checked.objections:
        lines += ["", "| | file | finding |", "|---|---|---|", *(_row(one) for one in checked.objections)]
    return "\n".join(lines) + "\n"


def _row(one: Objection) -> str:
    hint = f"<br>{_code(one.hint)}" if one.hint else ""
    return f"| {one.weight} | {_code(one.path)} | {_text(one.message)}{hint} |"


def _code(text: str) -> str:
    """Keep a foreign file name from ending the code span or the cell."""
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def _text(text: str) -> str:
    """Keep a foreign value from becoming markup, a link or a mention."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return "".join(f"\\{char}" if char in "|[]*_`!" else char for char in plain)
