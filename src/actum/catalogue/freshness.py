"""How fresh a feature is in the online store of this checkout, if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from actum import layout
from actum.catalogue.holdings import Holdings
from actum.errors import UserError

if TYPE_CHECKING:
    from actum.definitions.definitions import Variable


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A feature as it was published: known until when, at what time, and whether with the meaning that it has here."""

    until: datetime
    at: datetime
    same: bool


def stored(holdings: Holdings, variable: Variable, digest: str) -> Stored | None:
    """Return how a feature stands in the store; None, with a warning, where that cannot be read."""
    from actum.online.sqlite import SqliteStore  # loads sqlite3, which no other read needs

    path = holdings.truth.repo.root / layout.ONLINE_STORE
    if not path.exists():
        return None
    try:
        view = SqliteStore(path).meta().get(variable.view.view)
    except UserError as error:
        holdings.note(layout.ONLINE_STORE, error)
        return None
    if view is None or variable.name not in view.digests:
        return None
    return Stored(until=view.until, at=view.at, same=view.digests[variable.name] == digest)
