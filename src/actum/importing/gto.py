"""The use case of ``import gto``: cards, versions, moves and pointers out of GTO's tags. No tag is written or moved."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from datetime import UTC, datetime

from actum import digests, layout
from actum.dvc.dialect import Reader
from actum.dvc.lockfile import Entry, read_lock
from actum.dvc.pipeline import Artifact, read_pipeline
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.git.repository import Git
from actum.importing.cards import put_card
from actum.importing.desk import Desk, open_desk
from actum.importing.gto_tags import History, Sign, read_signs
from actum.importing.ledger import Imported
from actum.importing.moves import Moves
from actum.names import RESERVED, Version, is_name
from actum.progress import Teller, counted
from actum.records.forms import FileFact, path_problem
from actum.records.imported import ImportedVersion
from actum.records.run import Origin
from actum.store import Store

SYSTEM = "gto"


def import_gto(repo: Git, *, environ: Mapping[str, str], now: datetime, dry_run: bool, tell: Teller) -> Imported:
    """Take over what GTO's tags tell of; what is here already stays as it is.

    Raises:
        NotFoundError: There is no actum.yaml here.
    """
    desk = open_desk(repo, environ, dry_run=dry_run)
    tell.now("reading the tags")
    by_artifact: dict[tuple[str, str], list[Sign]] = {}
    for sign in read_signs(repo, desk.ledger):
        by_artifact.setdefault((sign.folder, sign.artifact), []).append(sign)
    taken: dict[str, str] = {}
    stages: set[str] = set()
    for folder, artifact in counted(tell, sorted(by_artifact), "taking over artifacts", "artifacts"):
        signs = by_artifact[folder, artifact]
        if why_not := _unfit(artifact, taken):
            desk.ledger.leave("artifact", why_not, artifact if folder == "." else f"{folder}:{artifact}")
            continue
        taken[artifact] = folder
        stages |= _Artifact(desk, folder, artifact, now).take(signs)
    unknown = sorted(stages - set(desk.settings.stages))
    notes = (
        (f"{layout.SETTINGS} does not name the stages {', '.join(unknown)}: nothing is promoted to them",)
        if unknown
        else ()
    )
    return desk.ledger.close(SYSTEM, desk.paths(), notes)


def _unfit(artifact: str, taken: Mapping[str, str]) -> str:
    if not is_name(artifact) or artifact in RESERVED:
        return "its name is none that a model may have here"
    if artifact in taken:
        return f"another folder has one of its name: {taken[artifact]}"
    return ""


class _Artifact:
    """One artifact of GTO's that becomes a model."""

    def __init__(self, desk: Desk, folder: str, name: str, now: datetime) -> None:
        self._desk, self._folder, self._name, self._now = desk, folder, name, now
        self._moves = Moves(desk=desk, model=name, now=now, digests={})
        self._path: str | None = None
        self._desc = ""

    def take(self, signs: list[Sign]) -> set[str]:
        """Put its card, versions and moves; return the stages that it names."""
        history, stages = History(self._desk.ledger), set[str]()
        for sign in signs:
            try:
                stages |= self._tag(sign, history)
            except UserError as error:
                self._desk.ledger.leave("tag", str(error), sign.tag)
        try:
            self._card(signs)
        except UserError as error:
            self._desk.ledger.leave("card", str(error), self._name)
        self._moves.point()
        return stages

    def _tag(self, sign: Sign, history: History) -> set[str]:
        """Put what one tag says; return the stages that it fills."""
        if sign.stage is not None and not is_name(sign.stage):
            raise InvalidRecordError("its stage has a name that no stage may have here")
        if sign.version is not None and not _is_version(sign.version):
            raise InvalidRecordError("its version has a number that no version may have here")
        at, origin, filled = datetime.fromtimestamp(sign.at, UTC), Origin(system=SYSTEM, id=sign.tag), set()
        for turn in history.take(sign):
            if turn.kind == "registered" and turn.version:
                self._version(sign, turn.version, at, origin)
            elif turn.kind == "stands" and turn.stage and turn.version:
                filled.add(turn.stage)
                self._moves.stands(origin, turn.stage, turn.version, at, sign.by, back=turn.back)
            elif turn.kind == "empty" and turn.stage:
                self._moves.empties(origin, turn.stage, turn.version, at, sign.by)
            else:
                self._moves.withdraws(origin, turn.version, at, sign.by, lifted=turn.kind == "restored")
        return filled

    def _version(self, sign: Sign, number: str, at: datetime, origin: Origin) -> None:
        fact = self._artifact_at(sign)
        self._moves.digests[number] = fact.sha256 if fact else None
        if self._desk.read(layout.version(self._name, number)) is not None:
            self._desk.ledger.leave("version", "is registered here under the same number", sign.tag)
            return
        version = ImportedVersion(
            schema="imported-version/1",
            model=self._name,
            version=number,
            origin=origin,
            recorded_at=self._now,
            registered_at=at,
            registered_by=sign.by,
            commit=sign.commit,
            artifact=fact,
        )
        self._desk.add_once("version", layout.imported(self._name, number), version)

    def _artifact_at(self, sign: Sign) -> FileFact | None:
        """Return the artifact's file as the tagged commit has it: in dvc.lock, in a .dvc file, or in git."""
        then = Store(self._desk.repo, sign.commit)
        try:
            named = self._named(then.read)
            if named is None:
                self._desk.ledger.leave("artifact of a version", "dvc.yaml of its commit does not name it", sign.tag)
                return None
            if problem := path_problem(named.path):
                raise InvalidRecordError(f"its path {problem}")
            fact = fact_at(then, self._folder, named.path)
            self._path, self._desc = named.path, named.desc or ""
        except UserError as error:
            self._desk.ledger.leave("artifact of a version", str(error), sign.tag)
            return None
        if fact is None:
            why = "neither dvc.lock, nor a .dvc file, nor git has it at its commit"
            self._desk.ledger.leave("artifact of a version", why, f"{sign.tag} {named.path}")
        return fact

    def _named(self, reader: Reader) -> Artifact | None:
        where = layout.in_pipeline(self._folder, "dvc.yaml")
        return read_pipeline(reader, where).artifacts.get(self._name) if reader(where) else None

    def _card(self, signs: list[Sign]) -> None:
        if self._path is None:
            self._desk.ledger.leave("path of an artifact", "is on no record: the card says models/NAME", self._name)
        artifact = self._path or layout.in_pipeline(self._folder, f"models/{self._name}")
        inside = artifact if self._folder == "." else posixpath.relpath(artifact, self._folder)
        owner = signs[-1].by.email or signs[-1].by.name
        put_card(
            self._desk, self._name, system="GTO", owner=owner, artifact=inside, title=self._desc, pipeline=self._folder
        )


def fact_at(then: Store, folder: str, path: str) -> FileFact | None:
    """Return what a revision says of a file: what a stage made it, what a .dvc file has of it, or its bytes in git."""
    entry = _locked(then, folder, path) or _tracked(then, path)
    if entry is not None and entry.md5:
        return FileFact(path=path, md5=entry.md5, size=entry.size)
    data = then.read(path)
    if data is None:
        return None
    return FileFact(path=path, md5=digests.md5_of_bytes(data), sha256=digests.of_bytes(data), size=len(data))


def _locked(then: Store, folder: str, path: str) -> Entry | None:
    try:
        lock = read_lock(then.read, layout.in_pipeline(folder, "dvc.lock"))
    except NotFoundError:
        return None
    outs = (out for stage in lock.stages.values() for out in stage.outs)
    return next((out for out in outs if out.path == path), None)


def _tracked(then: Store, path: str) -> Entry | None:
    data = then.read(path + SUFFIX)
    if data is None:
        return None
    return next((out for out in read_tracked(data, path + SUFFIX).outs if out.path == path), None)


def _is_version(text: str) -> bool:
    try:
        return str(Version.parse(text)) == text
    except ValueError:
        return False
