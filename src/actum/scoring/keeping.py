"""Where a segment goes: into the DVC cache, to the remote, and its seal into git, in one commit."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from actum import files, layout, state
from actum.decisions.sealing import Written
from actum.digests import FileDigests
from actum.dvc import delivery
from actum.dvc.cache import cache_of
from actum.dvc.config import Config, read_config
from actum.dvc.objects import Needed
from actum.dvc.tracked import SUFFIX, write_tracked
from actum.evidence import add_evidence
from actum.filing import read_record, write_record
from actum.git import writing
from actum.git.repository import Git
from actum.progress import Teller
from actum.quantities import plural
from actum.records.event import Event, Seal, Supplied
from actum.records.settings import Clock
from actum.scoring.order import Decider, Table

GITIGNORE = "decisions/.gitignore"
IGNORED = b"*.parquet\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A segment that is in the cache. ``remote``: where it was pushed to and read back, "" for nowhere."""

    digests: FileDigests
    remote: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeper:
    """One segment on its way."""

    repo: Git
    config: Config
    environ: Mapping[str, str]
    model: str
    segment: str

    @property
    def path(self) -> str:
        return layout.segment(self.model, self.segment)

    @contextmanager
    def place(self) -> Iterator[Path]:
        """Yield where the segment is to be written: apart, so that what was not sealed is nowhere afterwards."""
        with state.held(self.repo.root, "segment") as folder:
            yield folder / f"{self.segment}.parquet"

    def keep(self, written: Path, *, local: bool, tell: Teller) -> Kept:
        """Put the segment into the cache, and into the remote unless *local*; read it back there.

        Raises:
            ToolFailedError: The remote did not take it, or gave back other bytes.
        """
        found = cache_of(self.config).put_file(written)
        if local or not self.config.default_remote:
            return Kept(digests=found)
        tell("pushing the segment and reading it back")
        return Kept(digests=found, remote=", ".join(self._push(found, tell).remotes))

    def deliver(self, seal: Seal, *, local: bool, tell: Teller) -> str:
        """Bring a segment that is sealed already to the remote, unless *local*; return where it was lacking.

        Raises:
            ToolFailedError: The remote did not take it, or gave back other bytes.
        """
        if local or not self.config.default_remote:
            return ""
        pushed = self._push(FileDigests(md5=seal.md5, sha256=seal.sha256, size=seal.size), tell)
        return ", ".join(pushed.remotes) if pushed.sent else ""

    def _push(self, found: FileDigests, tell: Teller) -> delivery.Pushed:
        needed = Needed(path=self.path, md5=found.md5, size=found.size, sha256=found.sha256)
        return delivery.push_verified([needed], self.config, self.environ, tell)

    def event(
        self,
        kept: Kept,
        *,
        by: Decider,
        written: Written,
        table: Table,
        batch_rows: int,
        event_id: str,
        at: datetime,
        as_of: datetime,
        clock: Clock,
        previous: Event | None,
        outcomes: Mapping[str, int],
        supplied: Supplied | None,
    ) -> Event:
        """Return the seal."""
        seal = Seal(
            segment=self.segment,
            path=self.path,
            md5=kept.digests.md5,
            sha256=kept.digests.sha256,
            size=kept.digests.size,
            rows=written.rows,
            batch_rows=batch_rows,
            merkle_root=written.root,
            version=by.version.version,
            artifact=by.version.artifact.sha256,
            first_moment=written.first,
            last_moment=written.last,
            as_of=as_of,
            card=by.card_blob,
            outcomes=dict(outcomes),
            trusted_types=by.trusted_blob,
            stage=by.standing.stage if by.standing else None,
            stage_event=by.standing.event.id if by.standing else None,
            input=table.listed,
            input_sha256=table.sha256,
            previous=previous.id if previous else None,
            supplied=supplied,
        )
        return Event(
            schema="event/1",
            id=event_id,
            kind="seal",
            model=self.model,
            recorded_at=at,
            effective_at=as_of,
            clock=clock,
            by=self.repo.identity(),
            seal=seal,
        )

    def commit(self, event: Event, written: Path) -> tuple[str, str]:
        """Commit the seal and return the commit and its branch: that of the checkout, or that of evidence.

        On a branch the segment then lies in the work tree, as after ``dvc add``. A detached HEAD's stays as it is.
        """
        assert event.seal is not None
        seal, record = event.seal, layout.event(event.model, event.id, event.kind)
        tracked = write_tracked(Path(seal.path).name, seal.md5, seal.size)
        changes = {seal.path + SUFFIX: tracked, record: write_record(event, path=record)}
        branch = self.repo.branch()
        if branch is None:
            return add_evidence(self.repo, changes, _message(event)), layout.EVIDENCE_BRANCH
        _ignore_segments(self.repo)
        for path, data in changes.items():  # the event last: once it is there, a later call can finish
            files.replace(files.inside(self.repo.root, path), data)
        os.replace(written, files.inside(self.repo.root, seal.path))
        return writing.commit_work_tree(self.repo, [*changes, GITIGNORE], _message(event)), branch


def _ignore_segments(repo: Git) -> None:
    """Keep git away from segments, before the first one is there."""
    ignore = files.inside(repo.root, GITIGNORE)
    said = ignore.read_bytes() if ignore.exists() else b""
    if IGNORED not in said:
        files.replace(ignore, said + IGNORED)


def finish_left_over(repo: Git, model: str, environ: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Commit a seal that a killed call had written whole but not committed yet; the cache has its segment."""
    head = repo.tree(repo.head(), "registry", "decisions")
    for place in sorted((repo.root / "registry" / model / "events").glob("*-seal.yaml")):
        record = place.relative_to(repo.root).as_posix()
        if record in head or repo.branch() is None:
            continue
        event = read_record(record, place.read_bytes())
        tracked = event.seal.path + SUFFIX
        if (repo.root / tracked).is_file():
            tell(f"finishing a seal that was interrupted: event/{event.id}")
            segment = files.inside(repo.root, event.seal.path)
            if not segment.exists():
                shutil.copyfile(cache_of(read_config(repo.root, environ)).path(event.seal.md5), segment)
            writing.commit_work_tree(repo, [record, tracked, GITIGNORE], _message(event))


def _message(event: Event) -> str:
    assert event.seal is not None
    seal = event.seal
    return f"Seal {plural(seal.rows, 'decision')} of {event.model} {seal.version}\n\nSegment: {seal.segment}"
