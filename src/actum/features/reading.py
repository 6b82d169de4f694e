"""Views and sets as they lie in the work tree; an error says in which line of which file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from actum import files
from actum.definitions.definitions import DefinitionError, Definitions, variables_of
from actum.errors import InvalidRecordError, NotFoundError
from actum.records.codec import FieldError, decode
from actum.records.feature_set import FeatureSet
from actum.records.view import FeatureView

VIEWS, SETS = "features", "features/sets"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A set, the views that define its features, and the root that all paths in them begin at."""

    root: Path
    set: FeatureSet
    definitions: Definitions


def read_wanted(path: Path) -> Wanted:
    """Read a set and every view beside it.

    Raises:
        NotFoundError: There is no such set.
        InvalidRecordError: The set or a view is malformed.
    """
    at = path.absolute()
    if at.suffix != ".yaml" or at.parts[-3:-1] != ("features", "sets"):
        raise NotFoundError(f"{path}: is no set of features", hint=f"name a file such as {SETS}/churn.yaml")
    if not at.is_file():
        raise NotFoundError(f"{path}: is not there", hint=f"ls {at.parent}")
    root = at.parents[2]
    wanted: FeatureSet = _record(root, at, FeatureSet)
    _agree(f"{SETS}/{at.name}", "set", wanted.set, at.stem)
    return Wanted(root=root, set=wanted, definitions=read_views(root))


def read_views(root: Path) -> Definitions:
    """Read every view of a work tree.

    Raises:
        InvalidRecordError: A view is malformed.
    """
    views = []
    for path in sorted((root / VIEWS).glob("*.yaml")):
        view: FeatureView = _record(root, path, FeatureView)
        _agree(f"{VIEWS}/{path.name}", "view", view.view, path.stem)
        views.append(view)
    return Definitions.of(views)


def read_sets(root: Path) -> list[FeatureSet]:
    """Read every set of a work tree.

    Raises:
        InvalidRecordError: A set is malformed.
    """
    sets = []
    for path in sorted((root / SETS).glob("*.yaml")):
        found: FeatureSet = _record(root, path, FeatureSet)
        _agree(f"{SETS}/{path.name}", "set", found.set, path.stem)
        sets.append(found)
    return sets


def refuse_two_meanings(definitions: Definitions, names: tuple[str, ...]) -> None:
    """A name that two features have would be whichever is found first.

    Raises:
        DefinitionError: One of *names* is defined more than once.
    """
    first: dict[str, str] = {}
    for view in definitions.views.values():
        for variable in variables_of(view):
            if variable.name not in names:
                continue
            if variable.name in first:
                problem = f"{variable.name} is defined in features/{first[variable.name]}.yaml too"
                raise DefinitionError(
                    view.view, ("features", variable.place, "name"), problem, hint="give one of the two another name"
                )
            first[variable.name] = view.view


def located(root: Path, error: DefinitionError) -> InvalidRecordError:
    """Return the error with the line at which the view says it."""
    path = root / VIEWS / f"{error.view}.yaml"
    line = files.line_of(path.read_bytes(), error.at) if path.is_file() else None
    if line is None:
        return error
    text = str(error).removeprefix(f"{VIEWS}/{error.view}.yaml")
    return InvalidRecordError(f"{VIEWS}/{error.view}.yaml:{line}{text}", hint=error.hint)


def _record(root: Path, path: Path, kind: type[T]) -> T:
    where, data = path.relative_to(root).as_posix(), path.read_bytes()
    raw: Any = files.read_yaml(data, where=where)
    try:
        return decode(kind, raw, strict=True)
    except FieldError as error:
        line = files.line_of(data, error.at)
        raise InvalidRecordError(
            f"{where}:{line}: {error}" if line else f"{where}: {error}", hint=error.hint
        ) from error


def _agree(where: str, field: str, told: str, name: str) -> None:
    """A file that was copied or renamed must not pass for another."""
    if told != name:
        raise InvalidRecordError(f"{where}: {field}: is {told!r}, but the file is called {name}.yaml")
