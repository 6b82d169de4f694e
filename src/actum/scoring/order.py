"""What is to be scored, by what, under which promotion: settled before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from actum import digests, layout, registry
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.names import Reference
from actum.records.card import DecisionRule, ModelCard
from actum.records.version import ModelVersion
from actum.store import Store

_COLUMN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What was asked for.

    Attributes:
        since, until: Only rows from the one to before the other.
        store: An online store to look inputs up in that the table lacks; without one they are built.
        max_age: Of what the store knows, at a row's moment; ``allow_changed``: sources may differ from the commit.
    """

    reference: Reference
    table: Path
    as_of: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    store: Path | None = None
    max_age: timedelta | None = None
    allow_changed: bool = False
    local: bool = False
    allow_pickle: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Decider:
    """Who decides: a version, by the card's rule; under the promotion that held, unless a version was named."""

    version: ModelVersion
    card: ModelCard
    rule: DecisionRule
    card_blob: str
    trusted: tuple[str, ...]
    trusted_blob: str | None
    standing: registry.Standing | None = None

    @property
    def name(self) -> str:
        return f"{self.version.model}@v{self.version.version}"

    @property
    def keep(self) -> tuple[str, ...]:
        """The columns that are kept beside the inputs, because the card's words for people name them."""
        texts = (self.card.subject, *(item.words for item in self.card.inputs))
        return tuple(dict.fromkeys(name for text in texts for name in _COLUMN.findall(text)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The rows as a file. ``listed``: its path in the repository, None for a file from elsewhere."""

    path: Path
    sha256: str
    listed: str | None


def decider(trunk: Store, reference: Reference, as_of: datetime) -> Decider:
    """Return who decides at a business time; a bare model means its last stage.

    Raises:
        NotFoundError: There is no such model or version, or nothing stood there then.
        UserError: The card does not say how to decide.
    """
    card = trunk.card(reference.owner)
    if reference.kind == "model":
        reference = Reference("stage", reference.owner, _last_stage(trunk))
    version = registry.resolve(trunk, reference, as_of)
    registry.require_made(trunk, version)
    standing = registry.standing(trunk, card.model, reference.name, as_of) if reference.kind == "stage" else None
    if standing and standing.promotion.artifact != version.artifact.sha256:
        raise InvalidRecordError(
            f"event/{standing.event.id} promotes {digests.short(standing.promotion.artifact)}, {version.model}"
            f"@v{version.version} is {digests.short(version.artifact.sha256)}",
            hint="actum fsck",
        )
    trusted = trunk.tree.get(layout.TRUSTED_TYPES)
    return Decider(
        version=version,
        card=card,
        rule=_rule(card),
        card_blob=trunk.tree[layout.card(card.model)].blob,
        trusted=trunk.trusted_types(),
        trusted_blob=trusted.blob if trusted else None,
        standing=standing,
    )


def table(root: Path, path: Path) -> Table:
    """Return the input with its digest.

    Raises:
        NotFoundError: There is no such file.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} is not there", hint="dvc pull")
    whole, home = path.resolve(), root.resolve()
    listed = whole.relative_to(home).as_posix() if whole.is_relative_to(home) else None
    return Table(path=whole, sha256=digests.of_file(whole).sha256, listed=listed)


def request(
    order: Order, by: Decider, rows: Table, model: Path, out: Path, supplied: tuple[Path, Sequence[str]] | None
) -> Mapping[str, Any]:
    """Return what the score worker is asked. ``supplied``: a table of inputs for the same rows, and which."""
    asked: dict[str, Any] = {
        "model": str(model),
        "sha256": by.version.artifact.sha256,
        "trusted": list(by.trusted),
        "allow_pickle": order.allow_pickle,
        "inputs": [{"name": item.name, "type": item.type} for item in by.card.inputs],
        "table": str(rows.path),
        "key": by.card.key,
        "moment": by.card.moment,
        "keep": list(by.keep),
        "out": str(out),
    }
    if supplied:
        asked |= {"supplied": str(supplied[0]), "supplied_inputs": list(supplied[1])}
    bounds = {name: getattr(order, name) for name in ("since", "until")}
    return asked | {name: bound.isoformat() for name, bound in bounds.items() if bound is not None}


def _last_stage(trunk: Store) -> str:
    stages = trunk.settings().stages
    if not stages:
        raise UserError(f"{layout.SETTINGS}: stages: names none", hint="actum score MODEL@v1.0.0 INPUT")
    return stages[-1]


def _rule(card: ModelCard) -> DecisionRule:
    absent = [name for name in ("inputs", "key", "moment", "decision") if not getattr(card, name)]
    if absent or card.decision is None:
        raise UserError(
            f"{layout.card(card.model)}: cannot decide without {', '.join(absent)}",
            hint=f"write it into {layout.card(card.model)} and commit",
        )
    return card.decision
