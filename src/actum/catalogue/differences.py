"""What differs between two versions or runs, in terms of meaning; what is equal is only named."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from actum.catalogue.feature_changes import FeatureChange, of_definitions, of_pins
from actum.catalogue.holdings import Holdings
from actum.catalogue.sides import Side, lock_of, side
from actum.environment.lock import parse_lock
from actum.errors import InvalidRecordError
from actum.names import Reference
from actum.quantities import is_number
from actum.records.forms import FileFact

How = Literal["added", "removed", "changed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One value that differs. ``a`` and ``b``: absent where that side has none; ``difference``: b - a of numbers."""

    name: str
    how: How
    a: Any = None
    b: Any = None
    difference: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileChange:
    """A file under DVC that differs by md5."""

    path: str
    how: How
    a: FileFact | None = None
    b: FileFact | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """Whether the two models are the same in one respect: ``bytes``, ``state`` or ``predictions``."""

    of: Literal["bytes", "state", "predictions"]
    equal: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Differences:
    """All that differs from *a* to *b*.

    Attributes:
        features: From what two versions pin; with a run, from what was defined at the two commits.
        sets: The feature sets that versions name; none, and no feature is known.
        packages: From the two locks, where this clone has both.
        code: Blob ids. Left out is what another section tells better: locks, and params.yaml where params differ.
        model: Likenesses that can be told: a run knows only its bytes, an unknown library no state.
        outs: What two runs made; of versions ``model`` tells it.
        unknown: What could not be compared, and why. ``undecided``: the sections that may differ for all that.
        commits: Where git has the files of the two sides.
    """

    a: str
    b: str
    params: tuple[Change, ...] = ()
    metrics: tuple[Change, ...] = ()
    features: tuple[FeatureChange, ...] = ()
    sets: tuple[str, ...] = ()
    data: tuple[FileChange, ...] = ()
    environment: tuple[Change, ...] = ()
    packages: tuple[Change, ...] = ()
    code: tuple[Change, ...] = ()
    outs: tuple[FileChange, ...] = ()
    model: tuple[Likeness, ...] = ()
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()

    def sections(self) -> dict[str, tuple[Any, ...]]:
        """Return the changes by what they are about, in the order in which people ask."""
        names = ("params", "metrics", "features", "data", "environment", "packages", "code", "outs")
        return {name.replace("_", " "): getattr(self, name) for name in names}

    def is_none(self) -> bool:
        """Whether nothing differs, of what could be compared."""
        return not any(self.sections().values()) and all(likeness.equal for likeness in self.model)

    def equal(self) -> bool | None:
        """Whether the two are equal; None where nothing is known to differ and not all is known."""
        return False if not self.is_none() else None if self.unknown else True


def compare(holdings: Holdings, one: Reference, other: Reference) -> Differences:
    """Compare two versions, stages or runs.

    Raises:
        NotFoundError: One of them is not there.
        UsageError: One of them is neither a version nor a run.
    """
    a, b = side(holdings, one), side(holdings, other)
    params = changes(a.params, b.params)
    packages, unknown = _packages(holdings, a, b)
    lost = [f"{x.id}: {_why_blind(x)}, so its code cannot be compared" for x in (a, b) if _blind(x)]
    dirty = [f"{x.id}: changes that no commit holds were run, they cannot be compared" for x in (a, b) if x.open_ended]
    return Differences(
        a=a.id,
        b=b.id,
        params=params,
        metrics=changes(a.metrics, b.metrics),
        features=_features(a, b),
        sets=tuple(dict.fromkeys(one.features.set for one in (a, b) if one.features)),
        data=_files(a.data, b.data) if not lost else (),
        environment=changes(_environment(a), _environment(b)),
        packages=packages,
        code=_code_changes(a, b, params) if not lost else (),
        outs=_files(a.outs, b.outs) if a.outs and b.outs else (),
        model=_likenesses(a, b),
        unknown=(*unknown, *lost, *dirty),
        undecided=(*(("data", "code") if lost or dirty else ()), *(("environment",) if unknown else ())),
        commits=(a.commit, b.commit) if a.commit and b.commit else (),
    )


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the entries that differ, in the order of *a*, then of *b*."""
    found = []
    for name in dict.fromkeys((*a, *b)):
        if name in a and name in b and _equal(a[name], b[name]):
            continue
        difference = b[name] - a[name] if is_number(a.get(name)) and is_number(b.get(name)) else None
        found.append(Change(name=name, how=_how(name, a, b), a=a.get(name), b=b.get(name), difference=difference))
    return tuple(found)


def _equal(one: Any, other: Any) -> bool:
    """1 and true are equal to Python, not to a parameter."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _how(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> How:
    if name not in a:
        return "added"
    return "removed" if name not in b else "changed"


def _files(a: Mapping[str, FileFact], b: Mapping[str, FileFact]) -> tuple[FileChange, ...]:
    differing = [path for path in dict.fromkeys((*a, *b)) if _md5(a.get(path)) != _md5(b.get(path))]
    return tuple(FileChange(path=path, how=_how(path, a, b), a=a.get(path), b=b.get(path)) for path in differing)


def _md5(fact: FileFact | None) -> str:
    return fact.md5 if fact else ""


def _environment(one: Side) -> dict[str, str]:
    environment = one.environment
    if environment is None:
        return {"python": one.interpreter.python, "platform": one.interpreter.platform} if one.interpreter else {}
    return {
        "python": environment.python,
        "platform": environment.platform,
        "exactness": environment.exactness,
        environment.lock: environment.lock_sha256,
        "actum inside": environment.wing.sha256 or environment.wing.md5,
    }


def _packages(holdings: Holdings, a: Side, b: Side) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return how the locks differ, and which of them cannot be read."""
    if _same_packages(a, b):
        return (), ()
    locks, unknown = [], []
    for one in (a, b):
        try:
            locks.append(_packages_of(holdings, one))
        except InvalidRecordError as error:
            unknown.append(f"{one.id}: {error}")
    return (changes(*locks) if len(locks) == 2 else ()), tuple(unknown)


def _same_packages(a: Side, b: Side) -> bool:
    """Whether both come from one lock."""
    if a.environment is None or b.environment is None:
        return False
    return a.environment.lock_sha256 == b.environment.lock_sha256


def _packages_of(holdings: Holdings, one: Side) -> dict[str, str]:
    if one.environment is None:
        if one.interpreter is None or not one.interpreter.packages:
            raise InvalidRecordError("its packages are on no record, so they cannot be compared")
        return one.interpreter.packages
    return _pinned(lock_of(holdings, one), one.environment.lock)


def _pinned(data: bytes | None, where: str) -> dict[str, str]:
    """Return versions by package; one that a lock holds twice, by marker, has both."""
    if data is None:
        raise InvalidRecordError(f"{where} is not in this clone, so its packages cannot be compared")
    versions: dict[str, list[str]] = {}
    for pinned in parse_lock(data.decode(errors="replace"), where=where):
        versions.setdefault(pinned.name, []).append(pinned.version)
    return {name: ", ".join(dict.fromkeys(found)) for name, found in sorted(versions.items())}


def _code_changes(a: Side, b: Side, params: tuple[Change, ...]) -> tuple[Change, ...]:
    """Compare code; a script declares none, so beside a pipeline it is asked for what that declares."""
    one, other = _code(a, params), _code(b, params)
    if a.pipeline is None and b.pipeline is not None:
        one = {path: blob for path, blob in one.items() if path in other}
    elif b.pipeline is None and a.pipeline is not None:
        other = {path: blob for path, blob in other.items() if path in one}
    return changes(one, other)


def _code(one: Side, params: tuple[Change, ...]) -> dict[str, str]:
    told = {"dvc.lock"} | ({"params.yaml"} if params else set())
    lock = one.environment.lock if one.environment else None
    code = {path: blob for path, blob in one.code.items() if path != lock}
    return {path: blob for path, blob in code.items() if posixpath.basename(path) not in told}


def _blind(one: Side) -> bool:
    """A run's code is known only by its commit; a version names its own."""
    return one.commit is None and one.artifact is None


def _why_blind(one: Side) -> str:
    return "its commit is not in this clone" if one.has_commit else "it names no commit"


def _features(a: Side, b: Side) -> tuple[FeatureChange, ...]:
    """Of two versions what they pin; a run pins nothing, and what counts is what was defined when it ran."""
    if a.artifact and b.artifact:
        return of_pins(a.features, b.features, a.definitions, b.definitions)
    if a.definitions is None or b.definitions is None or a.commit == b.commit:
        return ()
    return tuple(change for change in of_definitions(a.definitions, b.definitions) if change.how != "words")


def _likenesses(a: Side, b: Side) -> tuple[Likeness, ...]:
    one, other = _model_file(a, b), _model_file(b, a)
    found = [Likeness(of="bytes", equal=_same_bytes(one, other))] if one and other else []
    if a.artifact and b.artifact and a.artifact.state and b.artifact.state:
        found.append(Likeness(of="state", equal=a.artifact.state == b.artifact.state))
    if a.probe and b.probe and a.probe.md5 == b.probe.md5:
        found.append(Likeness(of="predictions", equal=a.probe.predictions == b.probe.predictions))
    return tuple(found)


def _same_bytes(one: FileFact, other: FileFact) -> bool:
    return one.sha256 == other.sha256 if one.sha256 and other.sha256 else one.md5 == other.md5


def _model_file(one: Side, other: Side) -> FileFact | None:
    """Return a version's model file, or what a run made at the place where the other side's version has its own."""
    if one.artifact:
        return FileFact(path=one.artifact.path, md5=one.artifact.md5, sha256=one.artifact.sha256)
    return one.outs.get(other.artifact.path) if other.artifact else None
