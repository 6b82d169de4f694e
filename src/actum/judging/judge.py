"""The use case: champion and challenger answer for the holdout, each in its own environment, and are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actum import digests, layout, state
from actum.dvc.config import Config
from actum.dvc.objects import Needed
from actum.environment.wing import build_wing, wing_digest
from actum.errors import InvalidRecordError, UserError
from actum.judging.keeping import remember, remembered
from actum.judging.material import Contender, contender, fetched, holdout_of, holdout_rule, require_leave
from actum.progress import Teller
from actum.records.card import Holdout, ModelCard
from actum.records.codec import FieldError, decode, encode
from actum.records.judgement import Judged
from actum.records.version import ModelVersion
from actum.store import Store
from actum.workshop import Workshop, open_version_workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How the intervals are drawn. The seed is nobody's to choose: a lucky one could be looked for."""

    draws: int = 1000
    seed: int = 1
    confidence: float = 0.95


def judge(
    base: Store,
    candidate: ModelVersion,
    champion: ModelVersion | None,
    *,
    config: Config,
    environ: Mapping[str, str],
    tell: Teller,
    allow_pickle: bool = False,
    terms: Terms = Terms(),
) -> Judged:
    """Judge a version beside the one that stands, by what the base says: card, holdout, rule, trusted types.

    Args:
        champion: What stands at the stage, None for nothing: then there are figures, and no differences.
        config: Cache and remotes as the base has them: a revision that is judged must not say where bytes come from.
        allow_pickle: Leave to load a model that may run code when it is loaded. Its bytes are its version's even so.

    Raises:
        NotComparableError: A version belongs to another platform than this machine's.
        NotFoundError: Holdout, features, lock or bytes are not to be had; the message names which.
        InvalidRecordError: Bytes or records are not what others say of them.
        UserError: Card, holdout or features do not allow it: labels, keys, moments, columns, types of a model file;
            or nobody gave leave to load one.
        ToolFailedError: DVC, uv or a worker failed.
    """
    card = base.card(candidate.model)
    holdout = holdout_rule(card)
    rows = holdout_of(base, card, holdout)
    sides = [contender(base, card, holdout, version) for version in (champion, candidate) if version is not None]
    require_leave(sides, allow_pickle=allow_pickle)
    asked = _Asked(base=base, card=card, holdout=holdout, rows=rows, allow_pickle=allow_pickle, terms=terms)
    question = digests.of_value(asked.question(sides))
    known = remembered(base.repo, question)
    if known is not None and asked.is_about(known, sides):
        return known
    judged = _Court(asked=asked, sides=sides, config=config, environ=environ, tell=tell).judge()
    remember(base.repo, question, judged)
    return judged


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """All that decides the answer, but for who is judged."""

    base: Store
    card: ModelCard
    holdout: Holdout
    rows: Needed
    allow_pickle: bool
    terms: Terms

    def question(self, sides: Sequence[Contender]) -> dict[str, Any]:
        """Return what is asked, without a path of this machine: equal questions have equal answers."""
        return {
            "wing": wing_digest(build_wing()),
            "holdout": self.rows.md5,
            **self.columns(),
            **self.judging(),
            "trusted": list(self.base.trusted_types()),
            "sides": [
                {
                    "artifact": side.version.artifact.sha256,
                    "features": side.features.md5,
                    "inputs": self.inputs(side),
                    "leave": self.leave(side),
                    "lock": side.version.environment.lock_sha256,
                    "python": side.version.environment.python,
                    "exactness": side.version.environment.exactness,
                }
                for side in sides
            ],
        }

    def columns(self) -> dict[str, Any]:
        return {"key": self.card.key, "moment": self.card.moment or None, "slices": list(self.card.slices)}

    def leave(self, side: Contender) -> bool:
        """Whether a model may run code when it is loaded: one that says it is a skops file never may."""
        return self.allow_pickle and side.version.artifact.needs_leave

    def inputs(self, side: Contender) -> list[dict[str, str]]:
        return [{"name": item.name, "type": item.type} for item in side.inputs]

    def judging(self) -> dict[str, Any]:
        return {
            "label": self.holdout.label,
            "task": self.holdout.task,
            "rule": encode(self.card.decision) if self.card.decision else None,
            **encode(self.terms),
        }

    def is_about(self, judged: Judged, sides: Sequence[Contender]) -> bool:
        told = [digest for digest in (judged.champion, judged.challenger) if digest]
        return judged.holdout == self.rows.md5 and told == [side.version.artifact.sha256 for side in sides]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Files:
    """Where the verified bytes of one side lie."""

    model: Path
    features: Path


@dataclass(frozen=True, kw_only=True)
class _Court:
    """One judgement under way. ``sides``: the champion first, where there is one."""

    asked: _Asked
    sides: Sequence[Contender]
    config: Config
    environ: Mapping[str, str]
    tell: Teller

    def judge(self) -> Judged:
        holdout = self._fetched(self.asked.rows)
        # All bytes before the first environment: what is missing or corrupt is said at once.
        files = [
            _Files(model=self._fetched(side.artifact), features=self._fetched(side.features)) for side in self.sides
        ]
        with state.held(self.asked.base.repo.root, "judge") as folder:
            shops: list[Workshop] = []
            answers: list[dict[str, str]] = []
            slices: list[dict[str, Any]] = []
            lacking: Sequence[str] = self.asked.card.slices
            for side, there in zip(self.sides, files, strict=True):
                out = Path(folder, f"{len(answers)}.npz")
                shops.append(self._workshop(side))
                told = self._ask(shops[-1], side, self._request(side, there, holdout, lacking, out))
                slices += [{**one, "answers": str(out), "row": row} for row, one in enumerate(told["slices"])]
                answers.append(
                    {"artifact": side.artifact.sha256, "answers": str(out), "predictions": told["predictions"]}
                )
                lacking = told["absent"]
            self._refuse_lacking(lacking)
            self.tell(f"judging {' beside '.join(side.name for side in reversed(self.sides))}")
            # The first is the champion: what compares the two is an environment that was trusted before.
            return self._compare(shops[0], holdout, answers, slices)

    def _fetched(self, needed: Needed) -> Path:
        return fetched(needed, self.config, self.environ)

    def _workshop(self, side: Contender) -> Workshop:
        return open_version_workshop(
            self.asked.base.repo,
            side.version,
            environ=self.environ,
            tell=self.tell,
            code="today's",
            config=self.config,
        )

    def _request(
        self, side: Contender, files: _Files, holdout: Path, slices: Sequence[str], out: Path
    ) -> dict[str, Any]:
        return {
            "model": str(files.model),
            "sha256": side.artifact.sha256,
            "inputs": self.asked.inputs(side),
            "features": str(files.features),
            "holdout": str(holdout),
            "out": str(out),
            "trusted": list(self.asked.base.trusted_types()),
            "allow_pickle": self.asked.leave(side),
            **self.asked.columns(),
            "slices": list(slices),
        }

    def _ask(self, shop: Workshop, side: Contender, request: dict[str, Any]) -> dict[str, Any]:
        """Have a version answer, from its registered bytes and the features that its own pipeline made."""
        self.tell(f"{side.name} answers for the holdout")
        try:
            return shop.ask("answers", request)
        except UserError as error:
            places = {"model": side.artifact, "features": side.features, "holdout": self.asked.rows}
            known = {request[name]: needed.path for name, needed in places.items()}
            raise _named(error, known, prefix=f"{side.name}: ") from error

    def _refuse_lacking(self, lacking: Sequence[str]) -> None:
        if lacking:
            path = layout.card(self.asked.card.model)
            whose = " and ".join(side.name for side in self.sides)
            told = f"{path}: slices: names {', '.join(lacking)}, a column of neither the holdout nor the features"
            raise UserError(f"{told} of {whose}", hint=f"edit {path}")

    def _compare(
        self, shop: Workshop, holdout: Path, answers: Sequence[dict[str, str]], slices: Sequence[dict[str, Any]]
    ) -> Judged:
        request = {
            "holdout": str(holdout),
            "holdout_md5": self.asked.rows.md5,
            "moment": self.asked.card.moment or None,
            "champion": answers[0] if len(answers) > 1 else None,
            "challenger": answers[-1],
            "slices": list(slices),
            **self.asked.judging(),
        }
        try:
            answer = shop.ask("judge", request)
        except UserError as error:
            raise _named(error, {str(holdout): self.asked.rows.path}) from error
        try:
            return decode(Judged, answer)
        except FieldError as error:
            raise InvalidRecordError(f"the worker judge answers with no judgement: {error}") from error


def _named(error: UserError, known: Mapping[str, str], *, prefix: str = "") -> UserError:
    """Say the same with the paths that people know: a worker sees objects of the cache."""
    told = str(error)
    for place, path in known.items():
        told = told.replace(place, path)
    return type(error)(prefix + told, hint=error.hint)
