"""The use case of ``features check``: what is wrong with the features of the work tree, committed or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actum import layout
from actum.errors import ToolFailedError, UserError
from actum.git.repository import Git
from actum.git.staging import EMPTY_TREE, known_or_new, staged_tree
from actum.progress import Teller, silent
from actum.store import Store
from actum.vetting.data import data_remarks, survey
from actum.vetting.processed import processed_views
from actum.vocabulary.remark import Remark
from actum.vocabulary.remarks import remarks, with_lines
from actum.vocabulary.uses import readable_cards
from actum.workshop import open_workshop

_PLACE = re.compile(r"(\d+)(?::\d+)?: ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One remark. ``line``: in the file at its path, None where it is about the whole."""

    remark: Remark
    line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Vetted:
    """What was looked at and what was found, blocks first."""

    views: int
    features: int
    sets: int
    findings: tuple[Finding, ...]

    @property
    def blocks(self) -> int:
        return sum(1 for one in self.findings if one.remark.weight == "block")


def vet(repo: Git, environ: Mapping[str, str], tell: Teller = silent, *, data: bool = False) -> Vetted:
    """Look over the views, sets and cards of the work tree; versions and stages are those of HEAD.

    Args:
        data: Ask the sources too, as they lie in the work tree, in the locked environment.

    Raises:
        UserError: A merge is not finished.
        ToolFailedError: The environment cannot be made, or the worker died in it.
    """
    tell.now("comparing definitions")
    store = _as_in_work_tree(repo, environ)
    said = list(remarks(store))
    if data:
        said += _asked(store, environ, tell)
    found = [Finding(remark=one, line=line) for one, line in with_lines(store, said)]
    found += _unread(store)
    order = {"block": 0, "warn": 1}
    return Vetted(
        views=len(store.views()),
        features=len(store.definitions.every),
        sets=len(store.feature_sets()),
        findings=tuple(
            sorted(
                found, key=lambda one: (order[one.remark.weight], one.remark.path, one.line or 0, one.remark.message)
            )
        ),
    )


def _as_in_work_tree(repo: Git, environ: Mapping[str, str]) -> Store:
    head = Store(repo, repo.resolve("HEAD") or EMPTY_TREE).tolerant()
    found = known_or_new(repo, [layout.FEATURES, *map(layout.card, head.models())])
    return head.beside(staged_tree(repo, environ, filter(layout.kind_of, found))).tolerant()


def _asked(store: Store, environ: Mapping[str, str], tell: Teller) -> list[Remark]:
    """Return what the sources say; that they could not be asked is a finding, for then nobody knows."""
    definitions, root = store.definitions, store.repo.root
    if not any(view.source for view in definitions.views.values()):
        return []
    try:
        settings = store.settings().environment
        workshop = open_workshop(root, store.read(settings.lock), settings, environ=environ, tell=tell)
        tell.now("asking the sources")
        processed = processed_views(root, dict.fromkeys(card.pipeline for card in readable_cards(store)))
        return list(data_remarks(definitions, survey(workshop, definitions, processed)))
    except ToolFailedError:
        raise
    except UserError as error:
        message = f"the sources could not be asked: {error}"
        hint = error.hint or "actum features check --no-data"
        return [
            Remark(kind="feature-unsurveyed", weight="block", path=layout.FEATURES, at=(), message=message, hint=hint)
        ]


def _unread(store: Store) -> Iterator[Finding]:
    for path, error in (store.skipped or {}).items():
        if layout.kind_of(path) in ("feature-view", "feature-set", "model"):
            told = str(error).removeprefix(f"{path}:").strip()
            place = _PLACE.match(told)
            message = told[place.end() :] if place else told
            remark = Remark(kind="record-invalid", weight="block", path=path, at=(), message=message, hint=error.hint)
            yield Finding(remark=remark, line=int(place[1]) if place else None)
