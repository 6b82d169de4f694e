"""From an id to the record: its seal, the bytes of its segment, and everything that speaks against them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actum import digests, layout
from actum.decisions import proving
from actum.decisions.seals import body, candidates, edited, seals
from actum.dvc import delivery
from actum.dvc.cache import cache_of
from actum.dvc.config import Config
from actum.dvc.objects import Needed
from actum.errors import InvalidRecordError, NotFoundError, RefusedError, ToolFailedError, UsageError, UserError
from actum.quantities import plural
from actum.records.decision import Decision
from actum.records.event import Event, Seal
from actum.store import Store

_PREFIX = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{5,25}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A sealed segment's bytes. ``path``: None where they are nowhere; ``problems``: each a contradiction."""

    event: Event
    path: Path | None
    sha256: str = ""
    problems: tuple[str, ...] = ()

    @property
    def seal(self) -> Seal:
        return body(self.event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """A decision in its segment, and the proof that it leads to a root; None where that cannot be told."""

    decision: Decision
    segment: Segment
    path: Path
    proof: proving.Proof | None
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where records and bytes are looked for. ``stores``: in this order."""

    stores: tuple[Store, ...]
    config: Config
    environ: Mapping[str, str]


def parse(text: str) -> tuple[str, str]:
    """Read ``MODEL/ULID``, of which six characters are enough.

    Raises:
        UsageError: It is neither.
    """
    model, slash, rest = text.partition("/")
    if not slash or not model or not _PREFIX.fullmatch(rest.upper()):
        hint = "actum why MODEL/ULID (at least 6 characters of it), or actum why MODEL --key KEY"
        raise UsageError(f"{text!r} is no decision", hint=hint)
    return model, rest.upper()


def locate(model: str, prefix: str, places: Places) -> Located:
    """Return the decision whose id begins with *prefix*.

    Raises:
        NotFoundError: There is none.
        UserError: There are several.
        RefusedError: The segment that would hold it is lost, or is not what was sealed and does not hold it.
    """
    places.stores[0].card(model)
    known = seals(model, *places.stores)
    if not known:
        raise NotFoundError(f"no decisions of {model} are sealed", hint=f"actum score {model} INPUT")
    segments = [_segment(event, places) for event in candidates(known, prefix)]
    found = {one: segment for segment in reversed(segments) for one in _ids(segment, prefix)}
    if len(found) > 1:
        listed = "".join(f"\n  {model}/{one}" for one in sorted(found)[:3])
        raise UserError(f"{model}/{prefix} fits several decisions:{listed}", hint="write more of its characters")
    if not found:
        raise _not_found(model, prefix, segments)
    ((decision_id, segment),) = found.items()
    return _located(decision_id, segment, [one for one in known if one.id != segment.event.id])


def by_key(model: str, key: str, places: Places) -> str:
    """Return the id of the decision about *key*, the business's own name for a row, such as an application number.

    Raises:
        NotFoundError: There is none in the segments that can be had.
        UserError: It was decided more than once.
    """
    places.stores[0].card(model)
    segments = [_segment(event, places) for event in seals(model, *places.stores)]
    found = [one for segment in segments if segment.path for one in proving.of_key(segment.path, key)]
    if len(found) > 1:
        listed = "".join(f"\n  {model}/{one}" for one in sorted(found))
        raise UserError(f"{key} was decided {len(found)} times:{listed}", hint=f"actum why {model}/{found[-1]}")
    if not found:
        lost = sum(segment.path is None for segment in segments)
        more = f"; {lost} of them cannot be read" if lost else ""
        raise NotFoundError(
            f"no decision of {model} is about {key} in {plural(len(segments), 'sealed segment')}{more}",
            hint=f"actum ls decisions {model}",
        )
    return found[0]


def _ids(segment: Segment, prefix: str) -> tuple[str, ...]:
    if segment.path is None:
        return ()
    try:
        return proving.matching(segment.path, prefix)
    except InvalidRecordError as error:
        lines = (f"segment {segment.seal.segment} cannot be read:", *segment.problems, str(error))
        raise RefusedError("\n  ".join(lines), hint="actum fsck") from error


def _not_found(model: str, prefix: str, segments: list[Segment]) -> UserError:
    wrong = [f"segment {one.seal.segment}: {problem}" for one in segments for problem in one.problems]
    if not wrong:
        return NotFoundError(f"there is no decision {model}/{prefix}", hint=f"actum ls decisions {model}")
    lost = [one.seal for one in segments if one.path is None]
    told = [
        f"it holds {plural(seal.rows, 'decision')} by {model}@v{seal.version}, {seal.first_moment:%Y-%m-%d} to"
        f" {seal.last_moment:%Y-%m-%d}, sealed"
        for seal in lost
    ]
    hint = f"dvc fetch {lost[0].path}.dvc" if lost else "actum fsck"
    return RefusedError(f"{model}/{prefix} cannot be shown:\n  " + "\n  ".join((*wrong, *told)), hint=hint)


def _segment(event: Event, places: Places) -> Segment:
    """Find a segment's bytes: in the cache, in the remote, in the work tree; say where they are not the sealed ones."""
    seal = body(event)
    store = next(one for one in places.stores if layout.event(event.model, event.id, event.kind) in one.tree)
    problems = [problem] if (problem := edited(store, event)) else []
    beside = store.repo.root / seal.path
    path, why = _fetched(seal, places)
    if path is None and beside.is_file():
        path = beside
    if path is None:
        return Segment(event=event, path=None, problems=(*problems, why))
    sha256 = digests.of_file(path).sha256
    if sha256 != seal.sha256:
        problems.append(_differs("its bytes", sha256, seal))
    if path != beside and beside.is_file() and (other := digests.of_file(beside).sha256) != seal.sha256:
        problems.append(_differs(f"{seal.path} in the work tree", other, seal))
    return Segment(event=event, path=path, sha256=sha256, problems=tuple(problems))


def _differs(what: str, found: str, seal: Seal) -> str:
    return f"{what} have sha256 {digests.short(found)}, sealed was {digests.short(seal.sha256)}"


def _fetched(seal: Seal, places: Places) -> tuple[Path | None, str]:
    """Return the object in the cache, fetched if need be; else why not. What is corrupt there is left as it is."""
    cache = cache_of(places.config)
    if not cache.has(seal.md5):
        if not places.config.default_remote:
            return None, "its bytes are not in the cache, and there is no remote"
        try:
            needed = Needed(path=seal.path, md5=seal.md5, size=seal.size, sha256=seal.sha256)
            delivery.fetch_verified([needed], places.config, places.environ)
        except ToolFailedError as error:
            return None, f"its bytes are not in the cache; {error}"
    return cache.path(seal.md5), ""


def _located(decision_id: str, segment: Segment, others: list[Event]) -> Located:
    """Read the record and hold it against its seal."""
    assert segment.path is not None
    seal, problems = segment.seal, list(segment.problems)
    problems += [f"event/{one.id} seals the same segment" for one in others if body(one).segment == seal.segment]
    proof = None
    try:
        decision = proving.find(segment.path, decision_id)
        assert decision is not None
        proof = proving.prove(segment.path, decision_id)
    except InvalidRecordError as error:
        raise RefusedError("\n  ".join((str(error), *problems)), hint="actum fsck") from error
    if proof.root != seal.merkle_root:
        short = digests.short
        problems.append(f"NOT in the seal: it leads to root {short(proof.root)}, sealed is {short(seal.merkle_root)}")
    if proof.rows != seal.rows:
        problems.append(f"the segment has {plural(proof.rows, 'decision')}, sealed were {seal.rows:,}")
    for name in ("version", "artifact", "stage_event"):
        if getattr(decision, name) != getattr(seal, name):
            problems.append(f"its {name} is {getattr(decision, name)}, the seal says {getattr(seal, name)}")
    return Located(decision=decision, segment=segment, path=segment.path, proof=proof, problems=tuple(problems))
