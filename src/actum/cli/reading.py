"""What a read looks at: the trunk now, a revision, or the trunk as it held on a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actum import moments, store
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
        return View(store.Store(repo, commit, store.evidence_commit(repo)), None)
    try:
        moment = moments.end_of(at)
    except UserError as error:
        shallow = "; this clone is shallow and may lack it" if repo.is_shallow() else ""
        raise NotFoundError(f"--at {at} is neither a revision nor a date{shallow}", hint="git log --oneline") from error
    return View(store.open_trunk(repo), moment)
