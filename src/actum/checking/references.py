"""Does what a card or a policy names exist? A gate of a policy that is not there asks nothing of anybody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from actum import files, layout
from actum.checking.findings import Objection, block
from actum.dvc.definitions import LOCK, PIPELINE
from actum.dvc.lockfile import read_lock
from actum.dvc.pipeline import read_pipeline
from actum.dvc.tracked import SUFFIX
from actum.errors import UserError
from actum.planning.scope import Scope
from actum.quantities import plural
from actum.records.card import ModelCard
from actum.records.codec import field_path
from actum.records.settings import Settings
from actum.store import Store

_TEMPLATE = re.compile(r"\$\{[^}]*\}")


class Lost(NamedTuple):
    """A field that names what is not there."""

    at: tuple[str | int, ...]
    message: str
    hint: str = ""


def reference_objections(scope: Scope) -> Iterator[Objection]:
    """Yield what is named and not there: of a card or policy that changed all, of others what was there before."""
    for path in (*scope.head.paths("model"), *scope.head.paths("policy")):
        found = _lost(scope.head, path)
        if found and not scope.whole and path not in scope.changed:
            known = _lost(scope.before, path)
            found = [one for one in found if one not in known]
        yield from _told(scope.head, path, found)
    for model, records in sorted(_without_card(scope).items()):
        path = layout.card(model)
        hint = f"git checkout {scope.before.commit[:10]} -- '{path}'" if path in scope.before.tree else ""
        yield block("reference-lost", path, f"is not there, and {plural(records, 'record')} of {model} are", hint)


def _without_card(scope: Scope) -> Counter[str]:
    """Count what is on record of models of which nobody says any more what they are for."""
    kinds = ("model-version", "imported-version", "stage", "event")
    models = (layout.names_in(path)[0] for kind in kinds for path in scope.head.paths(kind))
    return Counter(
        model
        for model in models
        if (scope.whole or layout.card(model) in scope.changed) and layout.card(model) not in scope.head.tree
    )


def _told(store: Store, path: str, found: list[Lost]) -> Iterator[Objection]:
    lines = files.Lines(store.read(path) or b"") if found else None
    for one in found:
        line = lines.of(one.at) if lines else None
        yield block("reference-lost", path, f"{field_path(one.at)}: {one.message}", one.hint, line=line)


def _lost(store: Store, path: str) -> list[Lost]:
    """Return what one record names in vain; of a malformed one, which is said elsewhere, nothing."""
    try:
        settings = store.settings()
        if layout.kind_of(path) == "model":
            return list(_of_card(store, store.card(*layout.names_in(path)), settings))
        return list(_of_policy(store, layout.names_in(path)[0], settings))
    except UserError:
        return []


def _of_policy(store: Store, name: str, settings: Settings) -> Iterator[Lost]:
    policy = store.policy(name)
    for index, gate in enumerate(policy.thresholds if policy else ()):
        for unknown in (stage for stage in gate.stages if stage not in settings.stages):
            stages = ", ".join(settings.stages)
            yield Lost(("thresholds", index, "stages"), f"{unknown} is none of {stages} ({layout.SETTINGS})")


def _of_card(store: Store, card: ModelCard, settings: Settings) -> Iterator[Lost]:
    if card.policy is not None and layout.policy(card.policy) not in store.tree:
        yield Lost(("policy",), f"{layout.policy(card.policy)} is not there")
    known = {application.name for application in settings.applications}
    for index, name in enumerate(card.applications):
        if name not in known:
            yield Lost(("applications", index), f"{name} is not described in {layout.SETTINGS}")
    if card.probe is not None:
        path = layout.beside_card(card.model, card.probe)
        if path + SUFFIX not in store.tree:
            yield Lost(("probe",), f"{path}{SUFFIX} is not there", f"dvc add {path} && git add {path}{SUFFIX}")
    yield from _of_pipeline(store, card)


def _of_pipeline(store: Store, card: ModelCard) -> Iterator[Lost]:
    where = layout.in_pipeline(card.pipeline, PIPELINE)
    if where not in store.tree:
        yield Lost(("pipeline",), f"{where} is not there", "dvc stage add --help")
        return
    try:
        made = _made(store, card.pipeline)
    except UserError as error:
        yield Lost(("pipeline",), str(error), error.hint)
        return
    artifact = layout.in_pipeline(card.pipeline, card.artifact)
    if not _fits(artifact, made):
        yield Lost(("artifact",), f"{artifact} is no output of {where}")
    if card.outcome is not None:
        names = (card.outcome.table, layout.in_pipeline(card.pipeline, card.outcome.table))
        if not any(name + SUFFIX in store.tree or _fits(name, made) for name in names):
            hint = f"dvc add {card.outcome.table}"
            yield Lost(("outcome", "table"), f"{card.outcome.table} is no output of {where}, nor under DVC", hint)


def _made(store: Store, folder: str) -> set[str]:
    """Return the outputs of a pipeline as it declares them, and as its lock has them."""
    described = read_pipeline(store.read, layout.in_pipeline(folder, PIPELINE))
    lock = layout.in_pipeline(folder, LOCK)
    stages = read_lock(store.read, lock).stages if lock in store.tree else {}
    declared = {out.path for stage in described.stages for out in stage.outs}
    return declared | {out.path for stage in stages.values() for out in stage.outs}


def _fits(path: str, made: set[str]) -> bool:
    """Whether an output has that path; where it is a template that no run has filled in yet, whether it could."""
    patterns = (".+".join(re.escape(part) for part in _TEMPLATE.split(out)) for out in made if "${" in out)
    return path in made or any(re.fullmatch(pattern, path) for pattern in patterns)
