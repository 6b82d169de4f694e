"""What becomes another when a version takes the place of the one that stands: in meaning, and in files of code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from posixpath import basename
from typing import Literal

from actum import layout
from actum.catalogue.differences import Differences, compare
from actum.catalogue.holdings import open_holdings
from actum.errors import UserError
from actum.names import Reference
from actum.planning.lenient import run_of
from actum.records.version import ModelVersion
from actum.store import Store

Affects = Literal["training", "serving", "other"]
_ORDER: tuple[Affects, ...] = ("training", "serving", "other")
_SERVING = ("features/", layout.TRUSTED_TYPES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """From champion to candidate. ``differences``: None where they cannot be told; ``code``: by what a file affects."""

    differences: Differences | None
    code: Mapping[str, Affects] = field(default_factory=dict)


def changes_of(base: Store, champion: ModelVersion, candidate: ModelVersion, *, now: datetime) -> Changes:
    """Compare two versions of the base as a reviewer wants to see them."""
    sides = (Reference("version", one.model, one.version) for one in (champion, candidate))
    try:
        differences = compare(open_holdings(base, now=now), *sides)
    except UserError:
        differences = None
    params = bool(differences and differences.params)
    code = {path: affects for path, affects in _code(base, champion, candidate) if not (params and _is_params(path))}
    return Changes(differences=differences, code=dict(sorted(code.items(), key=lambda item: _ORDER.index(item[1]))))


def _code(base: Store, champion: ModelVersion, candidate: ModelVersion) -> Iterator[tuple[str, Affects]]:
    """Yield the files of git that differ between the two versions' results, and what each affects.

    Left out are records, what the pipeline makes, and locks: their packages say more.
    """
    repo = base.repo
    commits = [repo.resolve(one.result_commit) for one in (champion, candidate)]
    if commits[0] is None or commits[1] is None:
        return
    run = run_of(base, candidate.run)
    made, read = (set(run.made()), set(run.read())) if run else (set[str](), set[str]())
    trained = read | {blob.path for blob in candidate.content}
    locks = {one.environment.lock for one in (champion, candidate)}
    for path in sorted(repo.changed(commits[0], commits[1])):
        if not (_is_record(path) or path in locks or any(layout.meet(path, out) for out in made)):
            yield path, _affects(path, trained)


def _affects(path: str, trained: set[str]) -> Affects:
    if path in trained:
        return "training"
    return "serving" if path.startswith(_SERVING) or layout.kind_of(path) == "model" else "other"


def _is_params(path: str) -> bool:
    return basename(path) == "params.yaml"


def _is_record(path: str) -> bool:
    kinds = ("model-version", "stage", "event", "run")
    return layout.kind_of(path) in kinds or path.endswith((".dvc", "dvc.lock", ".gitignore"))
