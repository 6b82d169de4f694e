"""Is an approval of whom it says it is? Told beside it, by the keys that the truth lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actum.approvals.verifying import trust_of, verified
from actum.catalogue.holdings import Holdings, event_path
from actum.errors import UserError
from actum.records.event import Event


def standing_of(holdings: Holdings, approvals: Iterable[Event]) -> Iterator[tuple[Event, str]]:
    """Yield each approval with ``verified``, why it is not, or ``unsigned`` for a review that somebody took over.

    What waits for its promotion needs a key that is valid today too; of what is settled it must have been so then.
    """
    trust = None
    for event in approvals:
        waits = holdings.truth.is_waiting(event_path(event))
        try:
            trust = trust or trust_of(holdings.truth)
            why_not = verified(event, trust, now=holdings.now if waits else None).why_not
        except UserError as error:
            why_not = str(error)  # no ssh-keygen, no settings: a read goes on without
        good = "unsigned" if event.approval and event.approval.review else "verified"
        yield event, f"not verified: {why_not}" if why_not else good
