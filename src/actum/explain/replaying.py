"""Score a decision's whole batch again, in the version's own environment, from the registered bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actum.decisions import proving
from actum.dvc.objects import Needed
from actum.errors import InvalidRecordError, ToolFailedError, UserError
from actum.explain.locating import Located, Places
from actum.explain.said import Check, Reason, reasons
from actum.filing import listed_types
from actum.needs import bring, leave_lacking
from actum.progress import Teller
from actum.records.card import ModelCard
from actum.records.decision import Decision
from actum.records.version import ModelVersion
from actum.workshop import Workshop, open_version_workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """What came of it. ``unexplained``: why the score could not be taken apart; ``base``: the ordinary case."""

    check: Check
    score: float | None = None
    reasons: tuple[Reason, ...] = ()
    base: float | None = None
    link: str | None = None
    unexplained: str = ""


def replay(
    located: Located,
    card: ModelCard,
    version: ModelVersion | None,
    places: Places,
    *,
    allow_pickle: bool,
    tell: Teller,
) -> Replay:
    """Replay one decision; what keeps it from being replayed is an answer, not an error."""
    decision = located.decision
    name = f"{decision.model}@v{decision.version}"
    if version is None:
        said = f"not possible: {name} is not on record"
        return Replay(check=Check(state="absent", said=said, hint=f"actum ls versions {decision.model}"))
    if version.artifact.sha256 != decision.artifact:
        return Replay(check=Check(state="failed", said=f"not possible: {name} has another artifact on record"))
    if problem := leave_lacking(version, allow_pickle=allow_pickle):
        hint = f"actum why {decision.model}/{decision.id} --allow-pickle"
        return Replay(check=Check(state="absent", said=f"not without leave: {problem}", hint=hint))
    try:
        answer = _ask(located, card, version, places, allow_pickle=allow_pickle, tell=tell)
    except InvalidRecordError as error:
        return Replay(check=Check(state="failed", said=f"not possible: {error}", hint=error.hint))
    except UserError as error:  # platform, interpreter, bytes or lock that are not to be had: its words say which
        return Replay(check=Check(state="absent", said=f"not possible here: {error}", hint=error.hint))
    return Replay(
        check=_compared(decision, answer["score"]),
        score=answer["score"],
        reasons=reasons(card, decision, answer["contributions"] or ()),
        base=answer["base"],
        link=answer["link"],
        unexplained=answer["contribution_problem"] or "",
    )


def _ask(
    located: Located, card: ModelCard, version: ModelVersion, places: Places, *, allow_pickle: bool, tell: Teller
) -> dict[str, Any]:
    repo, decision, artifact = places.stores[0].repo, located.decision, version.artifact
    needed = Needed(path=artifact.path, md5=artifact.md5, size=artifact.size, sha256=artifact.sha256)
    model = bring(needed, places.config, places.environ, tell)
    workshop = open_version_workshop(repo, version, environ=places.environ, tell=tell)
    together = proving.batch(located.path, decision.batch)
    listed = located.segment.seal.trusted_types
    trusted = repo.blobs([listed]).get(listed, b"") if listed else b""
    request = {
        "model": str(model),
        "sha256": artifact.sha256,
        "trusted": list(listed_types(trusted)),
        "allow_pickle": allow_pickle,
        "inputs": [{"name": item.name, "type": item.type} for item in card.inputs],
        "rows": [dict(one.inputs) for one in together],
        "index": [one.id for one in together].index(decision.id),
    }
    tell.now(f"scoring its batch of {len(together):,} again")
    return _answer(workshop, request)


def _answer(workshop: Workshop, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return workshop.ask("replay", request)
    except ToolFailedError:
        raise
    except UserError as error:  # everything was there, and the model did not take what the record says
        raise InvalidRecordError(str(error), hint=error.hint) from error


def _compared(decision: Decision, score: float) -> Check:
    if score.hex() == decision.score.hex():
        return Check(state="ok", said=f"{score!r}   equal, to the bit")
    return Check(
        state="failed", said=f"{score!r}   DIFFERS from the record's {decision.score!r} by {score - decision.score:.3g}"
    )
