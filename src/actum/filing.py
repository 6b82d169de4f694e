"""From a record's bytes to its value and back, by the path that it lies at; the only place that knows both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from actum import files, layout
from actum.errors import InvalidRecordError
from actum.records.card import ModelCard
from actum.records.codec import FieldError, decode, encode
from actum.records.event import Event
from actum.records.feature_set import FeatureSet
from actum.records.policy import Policy
from actum.records.run import Run
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion
from actum.records.view import FeatureView

RECORDS: Mapping[str, type[Any]] = {
    "settings": Settings,
    "model": ModelCard,
    "model-version": ModelVersion,
    "stage": StagePointer,
    "event": Event,
    "run": Run,
    "policy": Policy,
    "feature-view": FeatureView,
    "feature-set": FeatureSet,
}


def cards_in_work_tree(root: Path) -> tuple[ModelCard, ...]:
    """Return the cards that lie in a work tree, committed or not; what cannot be read is for ``doctor`` to say."""
    found = []
    for place in sorted(root.glob(layout.card("*"))):
        with suppress(InvalidRecordError, OSError):
            found.append(read_record(place.relative_to(root).as_posix(), place.read_bytes()))
    return tuple(found)


def listed_types(data: bytes) -> tuple[str, ...]:
    """Return the types that the text of a reviewed list names."""
    lines = (line.partition("#")[0].strip() for line in data.decode(errors="replace").splitlines())
    return tuple(line for line in lines if line)


def read_record(path: str, data: bytes) -> Any:
    """Decode a record by its path.

    Raises:
        InvalidRecordError: It is malformed, or its path says something other than it does itself.
    """
    kind = layout.kind_of(path)
    if kind is None:
        raise InvalidRecordError(f"{path}: is no record that actum knows")
    raw = files.read_json(data, where=path) if kind == "run" else files.read_yaml(data, where=path)
    try:
        record = decode(RECORDS[kind], raw, strict=kind in layout.WRITTEN_BY_PEOPLE)
        _agree(path, record)
        _understand(record)
    except FieldError as error:
        line = files.line_of(data, error.at) if kind != "run" else None
        place = f"{path}:{line}" if line else path
        raise InvalidRecordError(f"{place}: {error}", hint=error.hint) from error
    return record


def write_record(record: Any, *, path: str) -> bytes:
    """Return the canonical bytes of a record: JSON for runs, YAML for the rest."""
    kind = layout.kind_of(path)
    return files.write_json(encode(record)) if kind == "run" else files.write_yaml(encode(record), nulls="written")


def _agree(path: str, record: Any) -> None:
    """A record that was copied or renamed must not pass for another."""
    names = layout.names_in(path)
    match record:
        case ModelCard():
            told: tuple[str, ...] = (record.model,)
        case ModelVersion():
            told = (record.model, record.version)
        case StagePointer():
            told = (record.model, record.stage)
        case Event():
            told = (record.model, record.id, record.kind)
        case Run():
            told = (record.id,)
        case Policy():
            told = (record.policy,)
        case FeatureView():
            told = (record.view,)
        case FeatureSet():
            told = (record.set,)
        case _:
            told = ()
    if told != names:
        raise FieldError(f"says it is {' '.join(told)}, but lies where {' '.join(names)} belongs")


def _understand(record: Any) -> None:
    """What cannot be computed is as malformed as what cannot be read."""
    if not isinstance(record, (FeatureView, FeatureSet)):
        return
    from actum.definitions.definitions import DefinitionError  # a grammar that no other record needs
    from actum.definitions.soundness import require_sound, require_sound_set

    try:
        if isinstance(record, FeatureView):
            require_sound(record)
        else:
            require_sound_set(record)
    except DefinitionError as error:
        raise FieldError(error.problem, error.at, hint=error.hint) from error
