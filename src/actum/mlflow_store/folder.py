"""An ``mlruns`` folder: one folder a run, one file a param, a tag or a metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from actum import files
from actum.errors import InvalidRecordError
from actum.mlflow_store import fields
from actum.mlflow_store.confined import Confined
from actum.mlflow_store.values import Point, StoredModel, StoredRun, StoredVersion, Trouble

META, TRASH, MODELS = "meta.yaml", ".trash", "models"
_OF_EXPERIMENT = frozenset({META, "tags", "traces", "models", "datasets", "assessments"})
_LARGEST_VALUE = 1 << 20
_LONGEST_LINE = 4096
_DEEPEST = 40


class Folder:
    """The store in one folder. Nothing is written to it."""

    def __init__(self, root: Path) -> None:
        self._root, self._inside = root, Confined(root)
        self.troubles: list[Trouble] = []
        self._strangers: Counter[str] = Counter()
        self._experiments: dict[str, str] = {}
        self._metas: dict[Path, Mapping[str, Any]] | None = None

    def starts(self) -> Mapping[str, int | None]:
        return {folder.name: _start(meta) for folder, meta in self._runs().items()}

    def runs(self) -> Iterator[tuple[StoredRun, Iterator[Point]]]:
        for folder, meta in self._runs().items():
            try:
                run = self._run(folder, meta)
            except InvalidRecordError as error:
                self.troubles.append(Trouble(self._inside.shown(folder), str(error), "run"))
                continue
            yield run, self._points(folder / "metrics")

    def models(self) -> Iterator[StoredModel]:
        for folder in self._folders(self._root / MODELS):
            meta = self._meta(folder)
            try:
                if meta is not None:
                    yield self._model(folder, meta)
            except InvalidRecordError as error:
                self.troubles.append(Trouble(self._inside.shown(folder), str(error), "registered model"))

    def strangers(self) -> Mapping[str, int]:
        self._runs()
        return self._strangers

    def close(self) -> None:
        """Let the files go: none is held."""

    def _runs(self) -> dict[Path, Mapping[str, Any]]:
        if self._metas is None:
            self._metas = dict(self._found())
        return self._metas

    def _found(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        for experiment in (*self._folders(self._root), *self._folders(self._root / TRASH)):
            if experiment.name in (TRASH, MODELS):
                continue
            self._name(experiment)
            yield from self._of_experiment(experiment)
        self._strangers["foreign file"] += len([name for name in self._listed(self._root)[1] if name != META])

    def _name(self, experiment: Path) -> None:
        meta = self._meta(experiment)
        try:
            if meta is not None:
                self._experiments[experiment.name] = fields.text(meta, "name")
        except InvalidRecordError as error:
            self.troubles.append(Trouble(self._inside.shown(experiment), str(error), "experiment"))

    def _of_experiment(self, experiment: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        folders, others = self._listed(experiment)
        self._strangers["foreign file"] += len(set(others) - _OF_EXPERIMENT)
        for place in (experiment / name for name in folders):
            if place.name in _OF_EXPERIMENT:
                self._count_apart(place)
            elif (meta := self._meta(place)) is not None:
                yield place, meta

    def _count_apart(self, place: Path) -> None:
        words = {"tags": "tag of an experiment", "traces": "trace", "models": "logged model", "datasets": "data set"}
        if word := words.get(place.name):
            self._strangers[word] += sum(map(len, self._listed(place)))

    def _meta(self, folder: Path) -> Mapping[str, Any] | None:
        where = self._inside.shown(folder / META)
        try:
            return files.read_yaml(self._inside.read(folder / META, _LARGEST_VALUE + 1), where=where)
        except FileNotFoundError:
            self.troubles.append(Trouble(where, "is not there"))
        except InvalidRecordError as error:
            self._tell(where, error)
        return None

    def _run(self, folder: Path, meta: Mapping[str, Any]) -> StoredRun:
        tags, address = self._texts(folder / "tags"), fields.text(meta, "artifact_uri")
        trashed = (self._root / TRASH) in folder.parents
        return StoredRun(
            uuid=fields.name({"its folder": folder.name}, "its folder"),
            experiment=self._experiments.get(folder.parent.name),
            name=fields.text(meta, "run_name") or tags.get("mlflow.runName", ""),
            user=fields.text(meta, "user_id"),
            status=fields.status(meta, "status"),
            started_ms=fields.moment(meta, "start_time"),
            ended_ms=fields.moment(meta, "end_time"),
            deleted=trashed or meta.get("lifecycle_stage") == "deleted",
            params=self._texts(folder / "params"),
            tags=tags,
            # A store that was moved has them beside the run still, whatever it says.
            artifacts=(folder / "artifacts", *local_path(address)),
            address=address,
        )

    def _points(self, folder: Path) -> Iterator[Point]:
        """Yield the lines of all metrics, each in the order in which they were logged: they may be many millions."""
        for place in self._tree(folder):
            try:
                with self._inside.open(place) as stream:
                    yield from self._of_metric(place.relative_to(folder).as_posix(), self._inside.shown(place), stream)
            except InvalidRecordError as error:
                self._tell(self._inside.shown(place), error)

    def _of_metric(self, metric: str, where: str, stream: BinaryIO) -> Iterator[Point]:
        lines = iter(lambda: stream.readline(_LONGEST_LINE), b"")
        for number, line in enumerate(lines, 1):
            if len(line) == _LONGEST_LINE:
                why = f"has {_LONGEST_LINE:,} bytes or more: it and what follows is left"
                self.troubles.append(Trouble(f"{where}:{number}", why))
                return
            try:
                point = _point(metric, line)
            except InvalidRecordError as error:
                if line.strip():
                    self.troubles.append(Trouble(f"{where}:{number}", str(error)))
                continue
            if line.endswith(b"\n"):
                yield point
            else:
                self.troubles.append(Trouble(f"{where}:{number}", "is cut off"))

    def _texts(self, folder: Path) -> dict[str, str]:
        """Return what the files of a folder say, by their names; one that cannot be read is told."""
        found = {}
        for place in self._tree(folder):
            try:
                found[place.relative_to(folder).as_posix()] = self._value(place)
            except InvalidRecordError as error:
                self._tell(self._inside.shown(place), error)
        return found

    def _value(self, place: Path) -> str:
        data = self._inside.read(place, _LARGEST_VALUE + 1)
        if len(data) > _LARGEST_VALUE:
            why = f"has more than {_LARGEST_VALUE:,} bytes: cut off"
            self.troubles.append(Trouble(self._inside.shown(place), why))
        text = data[:_LARGEST_VALUE].decode(errors="replace")
        return text.removesuffix("\n")

    def _tree(self, folder: Path) -> list[Path]:
        """Return what is no folder below a folder, sorted; a name with a slash lies deeper."""
        found, ahead = [], [folder]
        while ahead:
            place = ahead.pop()
            folders, others = self._listed(place)
            found += [place / name for name in others]
            if folders and len(place.relative_to(folder).parts) == _DEEPEST:
                self.troubles.append(Trouble(self._inside.shown(place), f"holds folders more than {_DEEPEST} deep"))
            else:
                ahead += [place / name for name in folders]
        return sorted(found)

    def _model(self, folder: Path, meta: Mapping[str, Any]) -> StoredModel:
        name = fields.text(meta, "name") or folder.name
        places = [place for place in self._folders(folder) if place.name.startswith("version-")]
        versions = [version for place in places if (version := self._version(place)) is not None]
        return StoredModel(
            name=name,
            description=fields.text(meta, "description"),
            versions=tuple(sorted(versions, key=lambda version: version.number)),
            aliases=dict(self._aliases(folder / "aliases")),
            tags=self._texts(folder / "tags"),
        )

    def _aliases(self, folder: Path) -> Iterator[tuple[str, int]]:
        told = self._texts(folder)
        for alias in told:
            try:
                yield alias, fields.number_of_version(told, alias)
            except InvalidRecordError as error:
                self.troubles.append(Trouble(self._inside.shown(folder / alias), str(error), "alias"))

    def _version(self, folder: Path) -> StoredVersion | None:
        meta = self._meta(folder)
        if meta is None:
            return None
        try:
            number = fields.number_of_version({"its folder": folder.name.removeprefix("version-")}, "its folder")
            return fields.version(meta, number, "creation_timestamp", self._texts(folder / "tags"))
        except InvalidRecordError as error:
            self.troubles.append(Trouble(self._inside.shown(folder), str(error), "version"))
            return None

    def _folders(self, folder: Path) -> list[Path]:
        return [folder / name for name in self._listed(folder)[0]]

    def _listed(self, folder: Path) -> tuple[list[str], list[str]]:
        """Return the names of the folders in a folder, and of all else; of one that is not there, none."""
        try:
            return self._inside.names(folder)
        except FileNotFoundError:
            return [], []
        except InvalidRecordError as error:
            self._tell(self._inside.shown(folder), error)
            return [], []

    def _tell(self, where: str, error: InvalidRecordError) -> None:
        self.troubles.append(Trouble(where, str(error).removeprefix(f"{where}: ").removeprefix(where)))


def local_path(uri: str) -> tuple[Path, ...]:
    """Return the folder that an address of MLflow's names, where it is one on a disk."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ()  # half an address of a host
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return (Path(unquote(parts.path)),)
    return (Path(uri),) if uri.startswith("/") else ()


def _point(metric: str, line: bytes) -> Point:
    words = line.split()
    try:
        step = int(words[2]) if len(words) > 2 else 0  # before 1.0 there were no steps
        at_ms, value = int(words[0]), float(words[1])
    except (IndexError, ValueError) as error:
        raise InvalidRecordError("is no TIME VALUE STEP") from error
    return fields.point(metric, step, at_ms, value)


def _start(meta: Mapping[str, Any]) -> int | None:
    try:
        return fields.moment(meta, "start_time")
    except InvalidRecordError:
        return None  # told of the run itself
