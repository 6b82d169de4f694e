"""What both kinds of MLflow store hold, in one form; times in milliseconds since 1970, as MLflow keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol


class Point(NamedTuple):
    """One logged value of one metric."""

    metric: str
    step: int
    at_ms: int
    value: float


class Trouble(NamedTuple):
    """What cannot be read, and why. The rest of the store is."""

    where: str
    why: str
    what: str = "file that cannot be read"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRun:
    """One run, without its points. ``status``: MLflow's word; ``artifacts``: where its folder may be on this disk."""

    uuid: str
    experiment: str | None
    name: str
    user: str
    status: str
    started_ms: int | None
    ended_ms: int | None
    deleted: bool
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Path, ...] = ()
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """One registered version. ``stage``: MLflow's word, "None" for none; ``source``: where its files were."""

    number: int
    created_ms: int | None
    user: str
    description: str
    stage: str
    source: str
    run: str | None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredModel:
    """One registered model. ``aliases``: alias -> number of a version."""

    name: str
    description: str
    versions: tuple[StoredVersion, ...]
    aliases: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class MlflowStore(Protocol):
    """One store, open. What was met and cannot be read is in ``troubles``, complete only after the reading."""

    troubles: list[Trouble]

    def starts(self) -> Mapping[str, int | None]:
        """Return when each run started, by its id, deleted ones included."""

    def runs(self) -> Iterator[tuple[StoredRun, Iterator[Point]]]:
        """Yield each run with its points, metric by metric; a run's points are to be taken before the next run."""

    def models(self) -> Iterator[StoredModel]:
        """Yield the registered models, by name."""

    def strangers(self) -> Mapping[str, int]:
        """Return how many there are of each thing that this reading has no word for."""

    def close(self) -> None:
        """Let the files go."""
