"""What a read looks at: the trunk now, a revision, or the trunk as it held on a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actum import moments, store
from actum.catalogue.holdings import Holdings, open_holdings
from actum.cli import output
from actum.cli.context import Context
from actum.errors import NotFoundError, UserError


@dataclass(frozen=True)
class View:
    """The records a read is about. ``moment``: the business time asked about, None for now."""

    store: store.Store
    moment: datetime | None

    def warnings(self) -> list[str]:
        """Say what must be known to read the answer rightly."""
        if self.store.repo.is_shallow():
            return ["this clone is shallow: what lies before its edge is unknown (git fetch --unshallow)"]
        return []

    def clock(self) -> str:
        return self.store.settings().clock


def open_view(context: Context, at: str | None) -> View:
    """Open what ``--at`` names; without it, the trunk.

    Raises:
        NotFoundError: It is neither a revision nor a date.
    """
    repo = context.repo()
    if at is None:
        return View(store.open_trunk(repo), None)
    commit = repo.resolve(at)
    if commit is not None:
        return View(store.Store(repo, commit, store.evidence_tips(repo)), None)
    try:
        moment = moments.end_of(at)
    except UserError as error:
        shallow = "; this clone is shallow and may lack it" if repo.is_shallow() else ""
        raise NotFoundError(f"--at {at} is neither a revision nor a date{shallow}", hint="git log --oneline") from error
    return View(store.open_trunk(repo), moment)


@dataclass(frozen=True)
class Reading:
    """A read of the catalogue: malformed records are left out of lists and named in a warning."""

    view: View
    holdings: Holdings

    def envelope(self, schema: str, data: Any, *, next_: Sequence[str] = ()) -> None:
        """Print the answer for programs."""
        clock = self.view.clock()
        said = ["clock: simulated"] if clock == "simulated" else []
        output.envelope(schema, data, clock=clock, warnings=[*said, *self._warnings()], next_=next_)

    def notes(self, *, next_: Sequence[str] = ()) -> None:
        """Say, after the answer for people, what must be known to read it rightly."""
        output.clock_line(self.view.clock())
        for warning in self._warnings():
            output.warn(warning)
        output.next_steps(next_)

    def _warnings(self) -> list[str]:
        return [*self.view.warnings(), *self.holdings.warnings()]


def open_catalogue(context: Context, at: str | None) -> Reading:
    """Open the catalogue as ``--at`` names it; without it, the trunk and what the checkout adds to it.

    Raises:
        NotFoundError: It is neither a revision nor a date.
    """
    if at is not None:
        view = open_view(context, at)
        return Reading(view, open_holdings(view.store, now=context.now(), moment=view.moment))
    head = store.open_head(context.repo()).tolerant()
    view = View(store.open_trunk(head.repo, head), None)
    return Reading(view, open_holdings(view.store, now=context.now(), checkout=head.commit))
