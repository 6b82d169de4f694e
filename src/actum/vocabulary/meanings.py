"""What is wrong between definitions that are each sound: two names for one thing, one for two, and circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actum import digests, layout
from actum.definitions.definitions import CircleError, DefinitionError, Definitions, Variable
from actum.definitions.evaluating import Place, TypesError, compiled
from actum.records.view import Dtype
from actum.vocabulary.remark import Remark, of_variable


def meaning_remarks(definitions: Definitions) -> Iterator[Remark]:
    """Yield what is wrong between the views of a revision."""
    known: dict[int, str] = {}
    said: set[object] = set()
    for number, variable in enumerate(definitions.every):
        try:
            known[number] = definitions.digest_of(variable)
        except DefinitionError as error:
            mark = frozenset(error.members) if isinstance(error, CircleError) else (error.view, error.at)
            if mark not in said:
                said.add(mark)
                yield _broken(error)
    yield from _twice(definitions, known)
    yield from _same(definitions, known)
    for number in known:
        yield from _types(definitions, definitions.every[number])
    yield from _requests(definitions)


def _broken(error: DefinitionError) -> Remark:
    kind = "feature-circle" if isinstance(error, CircleError) else "feature-lost"
    path = layout.view(error.view)
    return Remark(kind=kind, weight="block", path=path, at=error.at, message=error.problem, hint=error.hint)


def _twice(definitions: Definitions, known: Mapping[int, str]) -> Iterator[Remark]:
    """A name that two views define; a view by itself cannot."""
    first: dict[str, int] = {}
    for number, variable in enumerate(definitions.every):
        one = first.setdefault(variable.name, number)
        if one != number:
            where = layout.view(definitions.every[one].view.view)
            same = known.get(one) == known.get(number) is not None
            means = "means the same" if same else "means something else"
            yield of_variable(
                variable, "feature-twice", "block", f"{variable.name} is in {where} too, and {means} there"
            )


def _same(definitions: Definitions, known: Mapping[int, str]) -> Iterator[Remark]:
    """One variable under several names, told once, of the last one."""
    alike: dict[str, dict[str, Variable]] = {}
    for number, digest in known.items():
        variable = definitions.every[number]
        alike.setdefault(digest, {}).setdefault(variable.name, variable)
    for digest, found in alike.items():
        *others, last = found.values()
        if others:
            ids = ", ".join(one.id for one in others)
            message = f"{last.name} is {ids} under another name (digest {digests.short(digest)})"
            yield of_variable(last, "feature-same", "block", message)


def _types(definitions: Definitions, variable: Variable) -> Iterator[Remark]:
    """What is computed from other features has types that are known without any data."""
    if variable.view.source is not None or variable.of is None:
        return
    types = definitions.requests_of(variable)
    types |= {name: definitions.variable(name).type for name in definitions.needs(variable)}
    try:
        compiled(variable.of, {name: Place(name, kind) for name, kind in types.items()}, variable.type)
    except TypesError as error:
        path, at = layout.view(variable.view.view), ("features", variable.place, "of")
        message = f"{variable.name}: {error}"
        yield Remark(kind="feature-type", weight="block", path=path, at=at, message=message)


def _requests(definitions: Definitions) -> Iterator[Remark]:
    """A value of requests has one type, and a name that no feature has."""
    types: dict[str, tuple[str, Dtype]] = {}
    for view in (definitions.views[name] for name in sorted(definitions.views)):
        for index, value in enumerate(view.request):
            path, at = layout.view(view.view), ("request", index)
            other, kind = types.setdefault(value.name, (path, value.type))
            if kind != value.type:
                message = f"{value.name} is {value.type}, in {other} it is {kind}"
                yield Remark(kind="feature-request", weight="block", path=path, at=at, message=message)
            if value.name in definitions.variables:
                message = f"{value.name} is the name of {definitions.variables[value.name].id} too"
                yield Remark(kind="feature-request", weight="block", path=path, at=at, message=message)
