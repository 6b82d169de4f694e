"""What a version is judged from: the holdout as the base pins it, and artifact and features as their records do.

Nothing here looks at a work tree, and no byte is used that is not what its record names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from actum import layout, pipeline
from actum.dvc.cache import cache_of
from actum.dvc.config import Config
from actum.dvc.objects import Needed, objects_of
from actum.dvc.tracked import SUFFIX, read_tracked
from actum.environment import machine
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.needs import bring, leave_lacking
from actum.records.card import Holdout, Input, ModelCard
from actum.records.forms import FileFact
from actum.records.version import ModelVersion
from actum.registry import require_made
from actum.store import Store


class NotComparableError(UserError):
    """This machine is not one on which a version's answers can be had."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One version that is to answer: its bytes, its features, and what it wants to be given."""

    version: ModelVersion
    artifact: Needed
    features: Needed
    inputs: tuple[Input, ...]

    @property
    def name(self) -> str:
        return f"{self.version.model}@v{self.version.version}"


def holdout_rule(card: ModelCard) -> Holdout:
    """Return what the card says of its holdout.

    Raises:
        UserError: It names none, or neither key nor inputs.
    """
    path = layout.card(card.model)
    absent = [name for name in ("holdout", "key", "inputs") if not getattr(card, name)]
    if card.holdout is None or absent:
        raise UserError(
            f"{path}: cannot be judged without {', '.join(absent)}", hint=f"write it into {path} and commit"
        )
    return card.holdout


def holdout_of(base: Store, card: ModelCard, holdout: Holdout) -> Needed:
    """Return the holdout's object as the base pins it.

    Raises:
        NotFoundError: It is not under DVC there.
    """
    path = layout.beside_card(card.model, holdout.path)
    data = base.read(path + SUFFIX)
    if data is None:
        told = "is in git, must be under DVC" if path in base.tree else f"is not under DVC: there is no {path}{SUFFIX}"
        how = f"git rm --cached {path} && " if path in base.tree else ""
        raise NotFoundError(f"{path}: {told}", hint=f"{how}dvc add {path} && git add {path}{SUFFIX} && git commit")
    for out in read_tracked(data, path + SUFFIX).outs:
        if out.path == path and out.md5 and not out.is_dir:
            return Needed(path=path, md5=out.md5, size=out.size, legacy=out.legacy, remote=out.remote)
    raise InvalidRecordError(f"{path}{SUFFIX}: names no md5 of one file {path}", hint=f"dvc add {path}")


def contender(base: Store, card: ModelCard, holdout: Holdout, version: ModelVersion) -> Contender:
    """Return a version as it can be asked.

    Raises:
        NotComparableError: Its environment belongs to another platform.
        NotFoundError: The features are no output of its pipeline.
        InvalidRecordError: Version, run and dvc.lock do not say the same.
    """
    needs, here = version.environment.platform, machine.platform_name()
    name = f"{version.model}@v{version.version}"
    if needs != here:
        raise NotComparableError(f"{name} is not comparable here, needs {needs}", hint=f"judge on {needs}")
    require_made(base, version)
    artifact = version.artifact
    return Contender(
        version=version,
        artifact=Needed(path=artifact.path, md5=artifact.md5, size=artifact.size, sha256=artifact.sha256),
        features=_features(base, holdout, version, name),
        inputs=_inputs(base, card, version),
    )


def require_leave(sides: Iterable[Contender], *, allow_pickle: bool) -> None:
    """Refuse models that may run code when they are loaded, before anything is fetched or made.

    Raises:
        UserError: Nobody gave leave to load them.
    """
    problems = ((side, leave_lacking(side.version, allow_pickle=allow_pickle)) for side in sides)
    if lacking := "; ".join(f"{side.name}: {problem}" for side, problem in problems if problem):
        raise UserError(lacking, hint="run the same command with --allow-pickle")


def fetched(needed: Needed, config: Config, environ: Mapping[str, str]) -> Path:
    """Return where an object lies in the cache, once its bytes are known to be the ones that were named.

    Raises:
        InvalidRecordError: They are others.
    """
    path = bring(needed, config, environ)
    if cache_of(config).verify(needed.md5, size=needed.size).state != "ok":
        raise InvalidRecordError(f"{needed.path}: the cache holds other bytes than its record names", hint="actum fsck")
    return path


def _features(base: Store, holdout: Holdout, version: ModelVersion, name: str) -> Needed:
    path = layout.in_pipeline(version.pipeline, holdout.features)
    lock = pipeline.lock_path(version.pipeline)
    made = {one.path: one for one in objects_of(_pinned(base, version), [lock]) if one.kind == "output"}
    found, fact = made.get(path), _recorded(base, version, path)
    if found is None or found.is_dir:
        outputs = ", ".join(one for one, needed in sorted(made.items()) if not needed.is_dir) or "none"
        raise NotFoundError(
            f"{path} is no table that the pipeline of {name} made (under DVC: {outputs})",
            hint=f"actum show {name}",
        )
    if fact is not None and fact.md5 != found.md5:
        told = f"{name}: dvc.lock and run/{version.run} disagree on {path}"
        raise InvalidRecordError(told, hint="actum fsck")
    return replace(found, sha256=fact.sha256 or "") if fact else found


def _recorded(base: Store, version: ModelVersion, path: str) -> FileFact | None:
    """Return what the run that the version names says of one of its outputs, where that run is on record."""
    run = base.run(version.run)
    if run is None and base.repo.resolve(version.result_commit):
        run = Store(base.repo, version.result_commit).run(version.run)
    return run.made().get(path) if run else None


def _pinned(base: Store, version: ModelVersion) -> Callable[[str], bytes | None]:
    """Return what reads a version's files: by the blob that it pins, so that a squash takes nothing away."""
    held = {blob.path: blob.blob for blob in version.content}

    def read(path: str) -> bytes | None:
        by_content = base.repo.blobs([held[path]]).get(held[path]) if path in held else None
        return base.repo.read(version.result_commit, path) if by_content is None else by_content

    return read


def _inputs(base: Store, card: ModelCard, version: ModelVersion) -> tuple[Input, ...]:
    """Return the inputs as the card named them when the version was trained, if that commit is here.

    A challenger may have gained or lost some, and the base has one card for both.
    """
    if base.repo.resolve(version.result_commit) is None:
        return card.inputs
    try:
        then = Store(base.repo, version.result_commit).card(version.model)
    except UserError:  # there was no such card yet, or it is not one that is read today
        return card.inputs
    return then.inputs or card.inputs
