"""What the sources themselves say of the definitions: columns, types, and features whose values are the same.

The worker ``actum.features.survey`` answers in the locked environment, for it alone has the engine. Request::

    {"root": FOLDER, "views": [feature-view/1, ...], "processed": FOLDER or null}

Response, where ``at`` is a field of the view and ``values`` tells of each feature that has more than one value::

    {"views": [{"view": NAME, "problems": [{"at": [...], "problem": TEXT, "hint": TEXT}]}],
     "values": {NAME: {"rows": N, "fingerprint": TEXT}},
     "alike": [{"a": NAME, "b": NAME, "correlation": R}],
     "logs": {"computed": N, "read": N}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actum import layout
from actum.definitions.definitions import DefinitionError, Definitions
from actum.records.codec import encode
from actum.vocabulary.remark import Remark, of_variable
from actum.workshop import Workshop

JOB = "features.survey"


def survey(workshop: Workshop, definitions: Definitions, processed: str | None) -> dict[str, Any]:
    """Have the sources looked at, as they lie in the work tree.

    Args:
        processed: The folder of processed views: where its logs fit, they are compared.

    Raises:
        UserError: The locked environment lacks what features are built with.
        ToolFailedError: The worker died.
    """
    views = [encode(view) for _, view in sorted(definitions.views.items()) if view.source]
    return workshop.ask(JOB, {"root": str(workshop.root), "views": views, "processed": processed})


def data_remarks(definitions: Definitions, told: Mapping[str, Any]) -> Iterator[Remark]:
    """Yield what the worker found, for the fields that it is about."""
    for view in told["views"]:
        for one in view["problems"]:
            yield Remark(
                kind="feature-source",
                weight="block",
                path=layout.view(view["view"]),
                at=tuple(one["at"]),
                message=one["problem"],
                hint=one["hint"],
            )
    yield from _equal(definitions, told["values"])
    for pair in told["alike"]:
        variable = definitions.variable(pair["b"])
        message = f"{pair['b']} goes with {definitions.variable(pair['a']).id} (r = {pair['correlation']:.4f})"
        yield of_variable(variable, "feature-alike", "warn", f"{message}: is it the same in another unit?")


def _equal(definitions: Definitions, values: Mapping[str, Mapping[str, Any]]) -> Iterator[Remark]:
    """Equal digests are told by the definitions themselves; here it is other definitions with the same values."""
    alike: dict[tuple[int, str], list[str]] = {}
    for name, one in sorted(values.items()):
        alike.setdefault((one["rows"], one["fingerprint"]), []).append(name)
    for (rows, _), names in alike.items():
        first, *others = names
        for name in others:
            if _digest(definitions, name) != _digest(definitions, first):
                variable, other = definitions.variable(name), definitions.variable(first).id
                message = f"{name} has the values of {other} in all {rows:,} rows: is it another variable?"
                yield of_variable(variable, "feature-alike", "warn", message)


def _digest(definitions: Definitions, name: str) -> str | None:
    try:
        return definitions.digest(name)
    except DefinitionError:
        return None
