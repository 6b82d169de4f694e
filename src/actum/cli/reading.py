"""What a read looks at: the trunk now, a revision, or the trunk as it held on a date."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from actum import moments, revisions, state
from actum.catalogue.holdings import Holdings, open_holdings
from actum.cli import output
from actum.cli.context import Context
from actum.errors import NotFoundError, UserError, of_the_disk
from actum.index.index import Index
from actum.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """The records a read is about. ``moment``: the business time asked about, None for now."""

    store: Store
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
        return View(revisions.open_trunk(repo), None)
    commit = repo.resolve(at)
    if commit is not None:
        return View(Store(repo, commit, revisions.evidence_tips(repo)), None)
    try:
        moment = moments.end_of(at)
    except UserError as error:
        shallow = "; this clone is shallow and may lack it" if repo.is_shallow() else ""
        raise NotFoundError(f"--at {at} is neither a revision nor a date{shallow}", hint="git log --oneline") from error
    return View(revisions.open_trunk(repo), moment)


@dataclass(frozen=True)
class Reading:
    """A read of the catalogue: malformed records are left out of lists and named in a warning."""

    view: View
    holdings: Holdings

    def envelope(self, schema: str, data: Any, *, next_: Sequence[str] = ()) -> None:
        """Print the answer for programs."""
        output.envelope(schema, data, clock=self.view.clock(), warnings=self.remarks(), next_=next_)

    def notes(self, *, next_: Sequence[str] = ()) -> None:
        """Say, after the answer for people, what must be known to read it rightly."""
        output.clock_line(self.view.clock())
        output.warn_of_all(self._warnings())
        output.next_steps(next_)

    def remarks(self) -> list[str]:
        """Return what must be known to read the answer rightly; complete only after the reading."""
        clock = ["clock: simulated"] if self.view.clock() == "simulated" else []
        return [*clock, *self._warnings()]

    def _warnings(self) -> list[str]:
        return [*self.view.warnings(), *self.holdings.warnings()]


class Readings:
    """Reads of one repository, under no name, or of several by name. ``unread``: what kept others from being read."""

    def __init__(self) -> None:
        self.by_name: dict[str, Reading] = {}
        self.unread: list[str] = []

    def attempt(self, name: str, part: Callable[[], T]) -> T | None:
        """Do a part of the read; of several repositories one that cannot be read is left out, and noted.

        Raises:
            UserError: There is one only.
        """
        try:
            return part()
        except (UserError, OSError) as error:
            said = error if isinstance(error, UserError) else of_the_disk(error)
            if not name or said is None:
                raise
            self.unread.append(f"{name}: {said}")
            return None

    def envelope(self, schema: str, data: Any, *, next_: Sequence[str] = ()) -> None:
        """Print the answer for programs: see :meth:`Reading.envelope`."""
        if "" in self.by_name:
            self.by_name[""].envelope(schema, data, next_=next_)
        else:
            output.envelope(schema, data, clock=self._clock(), warnings=self._remarks(), next_=next_)

    def notes(self, *, next_: Sequence[str] = ()) -> None:
        """Say what must be known to read the answer rightly: see :meth:`Reading.notes`."""
        if "" in self.by_name:
            self.by_name[""].notes(next_=next_)
        else:
            output.warn_of_all(self._remarks())
            output.next_steps(next_)

    def _clock(self) -> str:
        """Return the clock that all of them go by; "" where they differ."""
        clocks = {reading.view.clock() for reading in self.by_name.values()}
        return clocks.pop() if len(clocks) == 1 else ""

    def _remarks(self) -> list[str]:
        said = (f"{name}: {remark}" for name, reading in self.by_name.items() for remark in reading.remarks())
        return [*said, *self.unread]


def open_catalogue(context: Context, at: str | None) -> Reading:
    """Open the catalogue as ``--at`` names it; without it, the trunk and what the checkout adds to it.

    Raises:
        NotFoundError: It is neither a revision nor a date.
    """
    repo = context.repo()
    index = Index(repo)
    click.get_current_context().call_on_close(index.close)
    if at is not None:
        view = open_view(context, at)
        view = replace(view, store=view.store.indexed(index))
        return Reading(view, open_holdings(view.store, now=context.now(), moment=view.moment))
    unclosed = _close_killed(repo.root)
    head = replace(revisions.open_head(repo), approvals=revisions.approval_tips(repo)).indexed(index).tolerant()
    view = View(revisions.open_trunk(head.repo, head), None)
    holdings = open_holdings(view.store, now=context.now(), checkout=head.commit)
    for folder, problem in unclosed.items():
        holdings.note(folder, problem)
    return Reading(view, holdings)


def _close_killed(root: Path) -> dict[str, UserError]:
    """Put killed runs of scripts on record, and return why one cannot be; most of the time there are none."""
    if not state.has_scripts(root):
        return {}
    from actum.runlog import closing

    return closing.close_killed(root, os.environ)[1]


def open_catalogues(context: Context, at: str | None, folders: Sequence[Path]) -> Readings:
    """Open the catalogue of each folder's repository, of each once; without folders, of the one that we are in.

    Raises:
        UserError: None of them can be read.
    """
    readings = Readings()
    if not folders:
        readings.by_name[""] = open_catalogue(context, at)
    found: dict[Path, tuple[str, Path, Reading]] = {}
    for folder in folders:
        there = replace(context, folder=Path(os.path.abspath(context.folder / folder)))
        if (opened := readings.attempt(str(folder), partial(_named, there, at))) is not None:
            name, reading = opened
            found.setdefault(reading.holdings.truth.repo.root, (name, folder, reading))
    names = Counter(name for name, _, _ in found.values())
    for name, folder, reading in found.values():
        readings.by_name[name if names[name] == 1 else f"{name} ({folder})"] = reading
    if folders and not found:
        raise UserError("\n".join(readings.unread))
    return readings


def _named(context: Context, at: str | None) -> tuple[str, Reading]:
    reading = open_catalogue(context, at)
    return reading.view.store.settings().project.name, reading
