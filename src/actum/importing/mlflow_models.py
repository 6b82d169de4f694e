"""The registered models of an MLflow store. MLflow's version 3 is 3.0.0 here; an alias is a stage.

Since when a version has an alias or a stage, and by whose hand, MLflow does not keep: it stands there from the import
on, by who imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from actum import layout
from actum.errors import UserError
from actum.importing.cards import put_card
from actum.importing.desk import Desk
from actum.importing.mlflow_runs import SYSTEM, moment
from actum.importing.moves import Moves
from actum.mlflow_store.values import StoredModel, StoredVersion
from actum.names import RESERVED, is_name
from actum.quantities import is_number
from actum.records.event import Event
from actum.records.forms import Person
from actum.records.imported import ImportedVersion
from actum.records.run import Origin, Run
from actum.records.stage import StagePointer
from actum.runlog.values import cleaned, name_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """The models of one store on their way.

    Attributes:
        runs: MLflow's id -> where the run's record is here.
        troubles: What of the store could not be read so far: then nobody can tell what is gone there.
    """

    desk: Desk
    now: datetime
    by: Person
    runs: Mapping[str, str]
    troubles: Sequence[object] = ()

    def take(self, model: StoredModel) -> None:
        """Put its card, its versions, and what stands where."""
        ledger = self.desk.ledger
        if not is_name(model.name) or model.name in RESERVED:
            ledger.leave("registered model", "its name is none that a model may have here", model.name)
            return
        ledger.leave("tag of a registered model", "has no home here", model.name, count=len(model.tags))
        taken = {version.number for version in model.versions if self._take_version(model.name, version)}
        owner = self.by.email or self.by.name
        purpose = cleaned(model.description)
        put_card(self.desk, model.name, system="MLflow", owner=owner, artifact=f"models/{model.name}", purpose=purpose)
        self._stages(model, taken)

    def _take_version(self, model: str, stored: StoredVersion) -> bool:
        try:
            return self._version(model, stored)
        except UserError as error:
            self.desk.ledger.leave("version", str(error), f"{model} {stored.number}")
            return False

    def _version(self, model: str, stored: StoredVersion) -> bool:
        """Put a version, and say whether it is on record now."""
        number = number_of(stored.number)
        if self.desk.read(layout.version(model, number)) is not None:
            self.desk.ledger.leave("version", "is registered here under the same number", f"{model} {number}")
            return False
        run = self._run(stored)
        tags = {name_of(key): cleaned(value) for key, value in sorted(stored.tags.items())}
        version = ImportedVersion(
            schema="imported-version/1",
            model=model,
            version=number,
            origin=Origin(system=SYSTEM, id=f"{model}/{stored.number}"),
            recorded_at=self.now,
            registered_at=None if stored.created_ms is None else moment(stored.created_ms),
            registered_by=Person(name=cleaned(stored.user), email="") if stored.user else None,
            run=run.id if run else None,
            artifact=next(iter(run.artifacts), None) if run else None,
            tags=tags | ({"mlflow.source": cleaned(stored.source)} if stored.source else {}),
            notes=cleaned(stored.description) or None,
            metrics={name: float(value) for name, value in run.metrics.items() if is_number(value)} if run else {},
        )
        self.desk.add_once("version", layout.imported(model, number), version)
        return True

    def _run(self, stored: StoredVersion) -> Run | None:
        path = self.runs.get(stored.run or "")
        found = self.desk.read(path) if path else None
        if stored.run and found is None and not self.desk.dry_run:
            self.desk.ledger.leave("run of a version", "was not taken over", stored.run)
        return found if isinstance(found, Run) else None

    def _stages(self, model: StoredModel, taken: set[int]) -> None:
        moves = Moves(desk=self.desk, model=model.name, now=self.now, digests={})
        wanted = dict(self._wanted(model, taken))
        for stage, (number, origin) in wanted.items():
            held, event = self._held(model.name, stage)
            if held is not None and held.version == number:
                self.desk.ledger.known["stage"] += 1
                continue
            moves.follow(stage, event, empty=held is None)
            moves.stands(origin, stage, number, self.now, self.by)
        for stage, event, origin, version in self._taken_away(model):
            moves.follow(stage, event)
            moves.empties(origin, stage, version, self.now, self.by)
        moves.point()

    def _taken_away(self, model: StoredModel) -> Iterator[tuple[str, Event, Origin, str]]:
        """Yield the stages that were taken over once, and that neither an alias nor a stage over there has now."""
        if self.troubles:
            return
        there = {*model.aliases, *(version.stage for version in model.versions)}
        for path in self.desk.beside(layout.stage(model.name, "any")):
            if layout.kind_of(path) != "stage" or (stage := layout.names_in(path)[1]) in there:
                continue
            _, event = self._held(model.name, stage)
            promotion = event.promotion if event else None
            if event and promotion and promotion.origin and promotion.origin.system == SYSTEM:
                yield stage, event, promotion.origin, promotion.version

    def _held(self, model: str, stage: str) -> tuple[StagePointer | None, Event | None]:
        pointer = self.desk.read(layout.stage(model, stage))
        if not isinstance(pointer, StagePointer):
            return None, self._last_promotion(model, stage)
        event = self.desk.read(layout.event(model, pointer.event, "promotion"))
        return pointer, event if isinstance(event, Event) else None

    def _last_promotion(self, model: str, stage: str) -> Event | None:
        """Return who stood last at a stage that is empty now; most have never been taken."""
        for path in reversed(self.desk.beside(layout.event(model, "any", "promotion"))):
            found = self.desk.read(path) if layout.kind_of(path) == "event" else None
            if isinstance(found, Event) and found.promotion and found.promotion.stage == stage:
                return found
        return None

    def _wanted(self, model: StoredModel, taken: set[int]) -> Iterator[tuple[str, tuple[str, Origin]]]:
        """Yield what stands where, by aliases, and by stages that no alias has the name of."""
        leave, named = self.desk.ledger.leave, {}
        for alias, number in sorted(model.aliases.items()):
            if not is_name(alias):
                leave("alias", "its name is none that a stage may have here", f"{model.name}@{alias}")
            elif number not in taken:
                leave("alias", "its version is not on record here", f"{model.name}@{alias}")
            else:
                named[alias] = (number_of(number), Origin(system=SYSTEM, id=f"{model.name}@{alias}"))
        for version in sorted(model.versions, key=lambda one: one.number, reverse=True):
            stage = version.stage
            if stage == "None" or version.number not in taken:
                continue
            if stage == "Archived" or stage in named:
                why = "has no home here" if stage == "Archived" else "another version or an alias stands there already"
                leave(f"stage {stage} of a version", why, f"{model.name} {version.number}")
            else:
                named[stage] = (number_of(version.number), Origin(system=SYSTEM, id=f"{model.name}/{stage}"))
        yield from named.items()


def number_of(number: int) -> str:
    return f"{number}.0.0"
