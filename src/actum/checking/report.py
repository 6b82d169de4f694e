"""What a check says, as Markdown for the page of a pull request."""

from __future__ import annotations

from actum.checking.check import Checked
from actum.checking.findings import Objection
from actum.quantities import plural
from actum.review.markup import code, text


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
    hint = f"<br>{code(one.hint)}" if one.hint else ""
    return f"| {one.weight} | {code(one.path)} | {text(one.text)}{hint} |"
