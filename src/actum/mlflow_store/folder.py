"""An ``mlruns`` folder: one folder a run, one file a param, a tag or a metric."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from actum import files
from actum.errors import InvalidRecordError
from actum.mlflow_store.values import Point, StoredModel, StoredRun, StoredVersion, Trouble

META, TRASH, MODELS = "meta.yaml", ".trash", "models"
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_OF_EXPERIMENT = frozenset({META, "tags", "traces", "models", "datasets", "assessments"})
_LARGEST_VALUE = 1 << 20


class Folder:
    """The store in one folder. Nothing is written to it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.troubles: list[Trouble] = []
        self._strangers: Counter[str] = Counter()
        self._experiments: dict[str, str | None] = {}
        self._metas: dict[Path, Mapping[str, Any]] | None = None

    def starts(self) -> Mapping[str, int | None]:
        return {folder.name: _whole(meta.get("start_time")) for folder, meta in self._runs().items()}

    def runs(self) -> Iterator[tuple[StoredRun, Iterator[Point]]]:
        for folder, meta in self._runs().items():
            yield self._run(folder, meta), self._points(folder / "metrics")

    def models(self) -> Iterator[StoredModel]:
        for folder in _folders(self._root / MODELS):
            meta = self._meta(folder)
            if meta is not None:
                yield self._model(folder, meta)

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
        for experiment in (*_folders(self._root), *_folders(self._root / TRASH)):
            if experiment.name in (TRASH, MODELS):
                continue
            meta = self._meta(experiment)
            self._experiments[experiment.name] = _text(meta.get("name")) if meta else None
            yield from self._of_experiment(experiment)
        strange = [one for one in _listed(self._root) if not one.is_dir(follow_symlinks=False)]
        self._strangers["foreign file"] += len([one for one in strange if one.name != META])

    def _of_experiment(self, experiment: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        for entry in _listed(experiment):
            place = Path(entry.path)
            if entry.name in _OF_EXPERIMENT:
                self._count_apart(place)
            elif not entry.is_dir(follow_symlinks=False):
                self._strangers["foreign file"] += 1
            elif (meta := self._meta(place)) is not None:
                yield place, meta

    def _count_apart(self, place: Path) -> None:
        words = {"tags": "tag of an experiment", "traces": "trace", "models": "logged model", "datasets": "data set"}
        if word := words.get(place.name):
            self._strangers[word] += len(list(_listed(place)))

    def _meta(self, folder: Path) -> Mapping[str, Any] | None:
        where = self._shown(folder / META)
        try:
            return files.read_yaml((folder / META).read_bytes(), where=where)
        except FileNotFoundError:
            self.troubles.append(Trouble(where, "is not there"))
        except InvalidRecordError as error:
            self.troubles.append(Trouble(where, str(error).removeprefix(f"{where}: ").removeprefix(where)))
        except OSError as error:
            self.troubles.append(Trouble(where, error.strerror or str(error)))
        return None

    def _run(self, folder: Path, meta: Mapping[str, Any]) -> StoredRun:
        tags = self._texts(folder / "tags")
        trashed = (self._root / TRASH) in folder.parents
        status = meta.get("status")
        return StoredRun(
            uuid=folder.name,
            experiment=self._experiments.get(folder.parent.name),
            name=_text(meta.get("run_name")) or tags.get("mlflow.runName", ""),
            user=_text(meta.get("user_id")),
            status=_STATUS.get(status, _text(status)) if isinstance(status, int) else _text(status),
            started_ms=_whole(meta.get("start_time")),
            ended_ms=_whole(meta.get("end_time")),
            deleted=trashed or meta.get("lifecycle_stage") == "deleted",
            params=self._texts(folder / "params"),
            tags=tags,
            # A store that was moved has them beside the run still, whatever it says.
            artifacts=(folder / "artifacts", *local_path(_text(meta.get("artifact_uri")))),
            address=_text(meta.get("artifact_uri")),
        )

    def _points(self, folder: Path) -> Iterator[Point]:
        """Yield the lines of all metrics, each in the order in which they were logged: they may be many millions."""
        for place in self._tree(folder):
            metric = place.relative_to(folder).as_posix()
            with place.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    point = _point(metric, line)
                    if point is not None and line.endswith(b"\n"):
                        yield point
                    elif line.strip():
                        why = "is no TIME VALUE STEP" if point is None else "is cut off"
                        self.troubles.append(Trouble(f"{self._shown(place)}:{number}", why))

    def _texts(self, folder: Path) -> dict[str, str]:
        """Return what the files of a folder say, by their names."""
        return {place.relative_to(folder).as_posix(): self._value(place) for place in self._tree(folder)}

    def _value(self, place: Path) -> str:
        with place.open("rb") as stream:
            data = stream.read(_LARGEST_VALUE)
            if stream.read(1):
                self.troubles.append(Trouble(self._shown(place), f"has more than {_LARGEST_VALUE:,} bytes: cut off"))
        text = data.decode(errors="replace")
        return text.removesuffix("\n")

    def _tree(self, folder: Path) -> list[Path]:
        """Return the files below a folder, sorted; a name with a slash lies deeper, and no link is followed."""
        found = []
        for place, inner, names in os.walk(folder):
            inner.sort()
            for path in (Path(place, name) for name in names):
                if path.is_symlink() or not path.is_file():
                    self.troubles.append(Trouble(self._shown(path), "is no regular file"))
                else:
                    found.append(path)
        return sorted(found)

    def _model(self, folder: Path, meta: Mapping[str, Any]) -> StoredModel:
        aliases = self._texts(folder / "aliases")
        versions = []
        for place in _folders(folder):
            number = place.name.removeprefix("version-")
            if number == place.name or not number.isdigit():
                continue  # tags and aliases
            told = self._meta(place)
            if told is not None:
                versions.append(self._version(place, int(number), told))
        return StoredModel(
            name=_text(meta.get("name")) or folder.name,
            description=_text(meta.get("description")),
            versions=tuple(sorted(versions, key=lambda version: version.number)),
            aliases={alias: int(number) for alias, number in aliases.items() if number.isdigit()},
            tags=self._texts(folder / "tags"),
        )

    def _version(self, folder: Path, number: int, meta: Mapping[str, Any]) -> StoredVersion:
        return StoredVersion(
            number=number,
            created_ms=_whole(meta.get("creation_timestamp")),
            user=_text(meta.get("user_id")),
            description=_text(meta.get("description")),
            stage=_text(meta.get("current_stage")) or "None",
            source=_text(meta.get("source")),
            run=_text(meta.get("run_id")) or None,
            tags=self._texts(folder / "tags"),
        )

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def local_path(uri: str) -> tuple[Path, ...]:
    """Return the folder that an address of MLflow's names, where it is one on a disk."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return (Path(unquote(parts.path)),)
    return (Path(uri),) if uri.startswith("/") else ()


def _point(metric: str, line: bytes) -> Point | None:
    words = line.split()
    try:
        step = int(words[2]) if len(words) > 2 else 0  # before 1.0 there were no steps
        return Point(metric, step, int(words[0]), float(words[1]))
    except (IndexError, ValueError):
        return None


def _folders(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in _listed(folder) if entry.is_dir(follow_symlinks=False)]


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
