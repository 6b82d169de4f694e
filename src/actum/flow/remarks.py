"""What is wrong with a pipeline although it runs: reads that nobody declared, results that nobody uses, no seed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

from actum import layout
from actum.dvc.definitions import PIPELINE
from actum.dvc.pipeline import Pipeline
from actum.errors import InvalidRecordError
from actum.flow.page import PipelinePage, folders_of, models_of, read_both, told_to
from actum.records.card import ModelCard
from actum.store import Store

KINDS = {
    "stage-undeclared": "while a stage ran a file was opened that dvc.yaml does not name for it",
    "output-unused": "a pipeline makes a file that no stage, card, metric, plot, artifact or feature reads",
    "stage-unseeded": "a stage makes a model and is given no seed",
}
_TEMPLATE = re.compile(r"\$\{[^}]*\}")
_SEED = re.compile(r"seed|random_?state", re.IGNORECASE)
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowRemark:
    """One thing to mend. ``kind``: a key of :data:`KINDS`; ``path``: the dvc.yaml; ``hint``: how."""

    kind: str
    path: str
    stage: str
    message: str
    hint: str


def page_remarks(page: PipelinePage) -> Iterator[FlowRemark]:
    """Yield what the runs behind a pipeline's present result opened, and dvc.yaml does not name."""
    for stage in page.stages:
        declared = (*stage.reads, *(out.path for out in stage.makes))
        found = [path for path in stage.undeclared if not any(layout.meet(path, one) for one in declared)]
        if found:
            listed = ", ".join(found[:_MOST_NAMED]) + (", ..." if len(found) > _MOST_NAMED else "")
            yield FlowRemark(
                kind="stage-undeclared",
                path=page.where,
                stage=stage.name,
                message=f"opened while stage {stage.name} ran, and not among its deps: {listed} (run/{stage.run})",
                hint=f"add it to the deps of {stage.name} in {page.where}, or to its params, then actum run",
            )


def described_remarks(store: Store, folder: str) -> Iterator[FlowRemark]:
    """Yield what is wrong with a pipeline by its text alone.

    Raises:
        InvalidRecordError: dvc.yaml or dvc.lock does not have DVC's form.
    """
    where = layout.in_pipeline(folder, PIPELINE)
    described, lock = read_both(store, folder)
    used = tuple(_used(store, folder, described))
    models = {*models_of(store, folder), *(one.path for one in described.artifacts.values() if one.type == "model")}
    for stage in described.stages:
        for out in stage.outs:
            if out.kind == "out" and not any(_uses(one, out.path) for one in used):
                yield FlowRemark(
                    kind="output-unused",
                    path=where,
                    stage=stage.name,
                    message=f"stage {stage.name} makes {out.path}, which nobody reads",
                    hint=f"take it out of {where}, or name it where it is read",
                )
        told = told_to(stage, lock)
        is_known = "*" not in told and (stage.name in lock.stages or not stage.params)
        made = [out.path for out in stage.outs if out.path in models]
        if made and is_known and not any(_SEED.search(name) for name in told):
            yield FlowRemark(
                kind="stage-unseeded",
                path=where,
                stage=stage.name,
                message=f"stage {stage.name} makes {made[0]}, and none of its params is a seed or a random_state",
                hint="give it one, even where nothing is drawn: then it is on record that nothing is",
            )


def _uses(one: str, path: str) -> bool:
    """Whether what is read is an output, or can be: of a template nobody knows before its first run."""
    return layout.meet(one, path) or fnmatch(path, one) or fnmatch(one, _TEMPLATE.sub("*", path))


def _used(store: Store, folder: str, described: Pipeline) -> Iterator[str]:
    """Yield the paths that somebody reads: stages of any pipeline, and what records and dvc.yaml name."""
    yield from (dep for stage in described.stages for dep in stage.deps)
    yield from (*described.metrics, *described.plots, *(one.path for one in described.artifacts.values()))
    for other in folders_of(store):
        yield from _deps(store, other) if other != folder else ()
    quiet = store.tolerant()
    yield from (view.source.path for view in quiet.views() if view.source and view.source.path)
    yield from (taken.labels.path for taken in quiet.feature_sets())
    for card in _cards(quiet):
        yield from _named_by(card)
        seals = (event.seal for event in quiet.events(card.model, "seal"))
        yield from (seal.input for seal in seals if seal and seal.input)


def _deps(store: Store, folder: str) -> Iterator[str]:
    try:
        described, _ = read_both(store, folder)
    except InvalidRecordError:
        return  # it is remarked on where it is itself looked at
    yield from (dep for stage in described.stages for dep in stage.deps)


def _cards(store: Store) -> Iterable[ModelCard]:
    return (card for card in store.outcomes(store.listed("model")).values() if isinstance(card, ModelCard))


def _named_by(card: ModelCard) -> Iterator[str]:
    yield layout.in_pipeline(card.pipeline, card.artifact)
    if card.outcome:
        yield card.outcome.table
    if card.holdout:
        yield layout.in_pipeline(card.pipeline, card.holdout.features)
    # What is pinned beside the card was once copied from an output of that name.
    pinned = [path for path in (card.probe, card.holdout.path if card.holdout else None) if path]
    yield from (f"*{posixpath.basename(path)}" for path in pinned)
