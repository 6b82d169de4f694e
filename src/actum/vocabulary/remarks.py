"""All that is to be said about the features of one revision by their definitions alone: no data is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actum import files, layout
from actum.store import Store
from actum.vocabulary.care import care_remarks
from actum.vocabulary.meanings import meaning_remarks
from actum.vocabulary.remark import Remark
from actum.vocabulary.sets import set_remarks


def remarks(store: Store) -> Iterator[Remark]:
    """Yield what is wrong with features, or is for people to look at. Malformed records are somebody else's to tell.

    Args:
        store: A tolerant one, so that one bad record does not hide the rest.
    """
    found = (
        *meaning_remarks(store.definitions),
        *set_remarks(store.definitions, store.feature_sets()),
        *care_remarks(store),
    )
    # What seems to be nowhere may be in a view that cannot be read.
    unread = any(layout.kind_of(path) == "feature-view" for path in store.skipped or ())
    yield from (one for one in found if not (unread and one.kind == "feature-lost"))


def with_lines(store: Store, found: Iterable[Remark]) -> Iterator[tuple[Remark, int | None]]:
    """Yield remarks with the line that each is about, None where the file has none."""
    lines: dict[str, files.Lines] = {}
    for one in found:
        if one.path not in lines:
            lines[one.path] = files.Lines(store.read(one.path) or b"")
        yield one, lines[one.path].of(one.at)
