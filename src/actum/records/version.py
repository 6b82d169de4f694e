"""``registry/<model>/versions/<semver>.yaml``: one trained model under one version, never edited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from actum.records.forms import Commit, FileFact, Md5, Name, Person, RepoPath, Semver, Sha256, Ulid

PICKLES = frozenset({"joblib", "pickle", "bytes/joblib", "bytes/pickle", "bytes/pkl"})
"""Formats of files that can run any code when they are loaded; ``bytes/`` where nobody loaded them yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file in git by content: what finds the version again when its commits are gone."""

    path: RepoPath
    blob: Commit


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """The model file. ``state``: digest of the fitted state; absent for a library we have no loader for."""

    path: RepoPath
    md5: Md5
    sha256: Sha256
    size: int
    format: str
    state: Sha256 | None = None

    @property
    def needs_leave(self) -> bool:
        """Whether to load it may be to run code: of a skops file every type was reviewed, of any other nothing."""
        return not self.format.startswith(("canonical-skops/", "skops"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """The pinned rows of the card's probe, and the digest of what the model answers on them."""

    path: RepoPath
    md5: Md5
    rows: int
    predictions: Sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionEnvironment:
    """What the model was trained in. ``wing``: our code that ran inside; ``wheels``: the wheelhouse, if kept."""

    python: str
    platform: str
    lock: RepoPath
    lock_sha256: Sha256
    wing: FileFact
    exactness: Literal["strict", "relaxed"] = "strict"
    wheels: Md5 | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pins:
    """A feature set as the code commit had it.

    Attributes:
        digests: What each feature meant, by name: those of the set in its order, then those that give keys.
        keys: Entity or request value -> what gave it.
    """

    set: Name
    digests: dict[str, Sha256]
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelVersion:
    """One version of one model.

    Attributes:
        run: The run that trained it. ``code_commit`` is what that run ran, ``result_commit`` what came of it.
        content: Blob ids of dvc.yaml, dvc.lock, params, lock and tracked code at ``result_commit``.
        data: The source data under DVC.
        metrics: As that run measured them, by name.
        features: What it was trained with; absent where the card named no set.
    """

    schema: Literal["model-version/1"]
    model: Name
    version: Semver
    registered_at: datetime
    registered_by: Person
    run: Ulid
    code_commit: Commit
    result_commit: Commit
    pipeline: RepoPath
    artifact: Artifact
    environment: VersionEnvironment
    probe: Probe | None = None
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    plots: tuple[RepoPath, ...] = ()
    data: tuple[FileFact, ...] = ()
    content: tuple[Blob, ...] = ()
    features: Pins | None = None
