"""The whole page: head, folds, a hidden marker, and never more than a forge takes."""

from __future__ import annotations

from actum.review.head import head
from actum.review.markup import text
from actum.review.material import Material
from actum.review.sections import sections

LARGEST = 65_000
"""GitHub takes 65,535 characters in one comment; whoever posts the page adds a line of its own."""
DROPPED_FIRST = (
    "lineage",
    "code",
    "calibration",
    "card",
    "consumers",
    "slices",
    "changes",
    "features",
    "approvals",
    "digests",
    "checks",
)
"""What goes first when the page is too long; the head never does."""


def page(of: Material, *, largest: int = LARGEST) -> str:
    """Return the Markdown of one promotion, at most *largest* characters long.

    Sections go in the order of ``DROPPED_FIRST`` until it fits, and the page says which.
    """
    top = [marker(of.model, of.stage), *head(of)]
    kept = dict(sections(of))
    gone: list[str] = []
    for name in (None, *DROPPED_FIRST):
        if name is not None and kept.pop(name, None) is not None:
            gone.append(name)
        whole = "\n".join([*top, *(line for lines in kept.values() for line in lines), *_note(gone, of)]) + "\n"
        if len(whole) <= largest:
            return whole
    return whole[: largest - 2] + "…\n"


def marker(model: str, stage: str) -> str:
    """Return the hidden line by which a bot finds the comment that it wrote before."""
    return f"<!-- actum:promotion model={model} stage={stage} -->"


def _note(gone: list[str], of: Material) -> list[str]:
    if not gone:
        return []
    return [
        "",
        f"Left out to fit the page: {', '.join(gone)}. All of it: `actum check --report FILE`, on {text(of.model)}.",
    ]
