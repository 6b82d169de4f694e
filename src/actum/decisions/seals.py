"""Which seals a model has, and which segment can hold a decision."""

from __future__ import annotations

from actum import layout
from actum.errors import InvalidRecordError
from actum.records.event import Event, Seal
from actum.store import Store


def seals(model: str, *stores: Store) -> tuple[Event, ...]:
    """Return the seals of a model that any of the stores has, in the order of their segments."""
    found = {event.id: event for store in stores for event in store.events(model) if event.seal}
    return tuple(sorted(found.values(), key=lambda event: (body(event).segment, event.id)))


def body(event: Event) -> Seal:
    assert event.seal is not None
    return event.seal


def candidates(known: tuple[Event, ...], prefix: str) -> tuple[Event, ...]:
    """Return the seals whose segments can hold a decision that begins with *prefix*, the likeliest first.

    A segment's decisions have ids between its own and the next one's.
    """
    low, high = prefix.ljust(26, "0"), prefix.ljust(26, "Z")
    before = [event for event in known if body(event).segment <= low]
    within = [event for event in known if low < body(event).segment <= high]
    nearest = [event for event in before if body(event).segment == body(before[-1]).segment] if before else []
    return (*nearest, *within)


def edited(store: Store, event: Event) -> str:
    """Say what git knows against a seal's file: that it is not as it was first committed; "" for nothing."""
    path = layout.event(event.model, event.id, event.kind)
    entry = store.tree.get(path)
    if entry is None:
        raise InvalidRecordError(f"{path}: is not in {store.commit[:10]}")
    for tip in (store.commit, *store.evidence):
        first = store.repo.introduced(tip, path)
        if first:
            was = store.repo.tree(first, path).get(path)
            return "" if was == entry else f"{path} was edited after it was recorded ({first[:10]})"
    return f"no commit here brought {path}"
