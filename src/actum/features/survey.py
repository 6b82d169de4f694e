"""The job of ``actum features check``: what sources say of views, and which features have the same values.

The request is ``{"root": FOLDER, "views": [...], "processed": FOLDER or null}``; the answer is described in
``actum.vetting.data``, which reads it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from actum.definitions.definitions import DefinitionError
from actum.errors import UserError
from actum.features.alike import Values, alike, fingerprints
from actum.features.answering import definitions_in, run
from actum.features.opening import opened
from actum.features.shelf import Shelf
from actum.records.view import FeatureView


def survey(request: Mapping[str, Any]) -> dict[str, Any]:
    """Try every view on its source, and compare the values of those that can be computed."""
    told, sound = [], []
    with opened("duckdb") as engine, tempfile.TemporaryDirectory(prefix="actum-survey-") as scratch:
        root, processed = Path(request["root"]), request["processed"]
        shelf = Shelf(root=root, engine=engine, scratch=Path(scratch), views=root / processed if processed else None)
        for _, view in sorted(definitions_in(request).views.items()):
            try:
                sound.append(Values.of(view, shelf))
                problems = []
            except UserError as error:
                problems = list(_problems(shelf, view, error))
            told.append({"view": view.view, "problems": problems})
        return {
            "views": told,
            "values": fingerprints(sound, engine),
            "alike": alike(sound, engine),
            "logs": {"computed": shelf.computed, "read": shelf.read},
        }


def _problems(shelf: Shelf, view: FeatureView, error: UserError) -> Iterator[dict[str, Any]]:
    """Yield all that keeps a view from being computed, each once: where one feature is at fault, others may be too."""
    said = []
    for one in (_told(error, 0), *_of_each(shelf, view)):
        if one not in said:
            said.append(one)
            yield one


def _of_each(shelf: Shelf, view: FeatureView) -> Iterator[dict[str, Any]]:
    for index, feature in enumerate(view.features if len(view.features) > 1 else ()):
        try:
            Values.of(replace(view, features=(feature,)), shelf)
        except UserError as error:
            yield _told(error, index)


def _told(error: UserError, index: int) -> dict[str, Any]:
    """Say what is refused, and where. *index*: where the one feature of the view that was tried stands in the whole."""
    if not isinstance(error, DefinitionError):
        return {"at": ["source"], "problem": str(error), "hint": error.hint}
    at = list(error.at)
    if index and at[0] == "features":
        at[1] = index
    return {"at": at, "problem": error.problem, "hint": error.hint}


if __name__ == "__main__":
    sys.exit(run(survey))
