"""What an id that a user typed stands for here: prefixes of ULIDs, near names, and how short an id may be told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from actum import names
from actum.catalogue.holdings import Holdings
from actum.errors import NotFoundError, UsageError, UserError
from actum.names import Reference, parse_reference

_PREFIX = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{5,25}")
_SHORTEST_SHOWN = 10  # the time of a ULID; what follows is chance
_MOST_LISTED = 8


def identify(holdings: Holdings, text: str) -> Reference:
    """Return what *text* names; of ULIDs six characters are enough where they are unique.

    Raises:
        NotFoundError: There is no such thing; the message names what is near.
        UserError: The prefix fits several.
        UsageError: It is no id.
    """
    if bare := _bare_ulid(holdings, text):
        return bare
    owner, slash, rest = text.partition("/")
    if slash and owner in ("run", "event") and _PREFIX.fullmatch(rest.upper()):
        return parse_reference(f"{owner}/{_whole(holdings.ulids(owner), rest.upper(), owner)}")
    if slash and names.is_name(owner) and len(rest) < 26 and _PREFIX.fullmatch(rest.upper()):
        text = f"{owner}/{_segment(holdings, owner, rest.upper())}"
    reference = parse_reference(text)
    if reference.kind == "feature":
        return _feature(holdings, reference)
    if reference.kind in ("model", "version", "stage", "decision"):
        _require_model(holdings, reference.owner)
    if reference.kind == "stage":
        _require_stage(holdings, reference)
    return reference


def _feature(holdings: Holdings, reference: Reference) -> Reference:
    """Return the whole id of a feature."""
    definitions = holdings.definitions()
    for variable in definitions.every:
        if reference.name == variable.name and reference.owner in ("", variable.view.view):
            return Reference("feature", variable.view.view, variable.name)
    if not reference.owner and reference.name in definitions.views:
        names = [variable.name for variable in definitions.every if variable.view.view == reference.name]
        raise NotFoundError(f"{reference.name} is a view{near('', names)}", hint=f"actum show feature/{names[0]}")
    known = [variable.id for variable in definitions.every] + [f"feature/{name}" for name in definitions.variables]
    raise NotFoundError(f"there is no {reference}{near(str(reference), known)}", hint="actum ls features")


def segments_of(holdings: Holdings, model: str) -> tuple[str, ...]:
    """Return the ids of a model's sealed segments, newest first."""
    return tuple(event.seal.segment for event in holdings.events(model) if event.seal)


def shown_length(ulids: Iterable[str]) -> int:
    """Return how many characters tell these ids apart; at least those that carry the time."""
    whole = frozenset(ulids)
    lengths = range(_SHORTEST_SHOWN, max(map(len, whole), default=_SHORTEST_SHOWN))
    told_apart = (length for length in lengths if len({ulid[:length] for ulid in whole}) == len(whole))
    return next(told_apart, max([_SHORTEST_SHOWN, *map(len, whole)]))


def near(word: str, known: Sequence[str]) -> str:
    """Return ``, did you mean ...?`` or, where nothing is near, what there is."""
    if close := difflib.get_close_matches(word, known, n=1):
        return f", did you mean {close[0]}?"
    listed = ", ".join(known[:_MOST_LISTED]) + (", ..." if len(known) > _MOST_LISTED else "")
    return f" (there is {listed})" if known else ""


def _bare_ulid(holdings: Holdings, text: str) -> Reference | None:
    """A ULID without its kind, as people copy it from a listing."""
    if not _PREFIX.fullmatch(text.upper()) or text in holdings.models():
        return None
    found = [f"{kind}/{ulid}" for kind in ("run", "event") for ulid in _matching(holdings.ulids(kind), text.upper())]
    if not found:
        return None
    return parse_reference(_only(found, text))


def _whole(known: Sequence[str], prefix: str, kind: str) -> str:
    found = _matching(known, prefix)
    if found:
        return _only(found, f"{kind}/{prefix}")
    close = difflib.get_close_matches(prefix, [ulid[: len(prefix)] for ulid in known], n=1)
    guess = next((f", did you mean {kind}/{ulid}?" for ulid in known if close and ulid.startswith(close[0])), "")
    raise NotFoundError(f"there is no {kind}/{prefix}{guess}", hint=f"actum ls {kind}s")


def _segment(holdings: Holdings, model: str, prefix: str) -> str:
    _require_model(holdings, model)
    found = _matching(segments_of(holdings, model), prefix)
    if not found:
        raise UsageError(
            f"{model}/{prefix} is no segment, and too short for a decision",
            hint=f"write all 26 characters of a decision's id, or: actum ls decisions {model}",
        )
    return _only(found, f"{model}/{prefix}")


def _matching(known: Iterable[str], prefix: str) -> list[str]:
    return sorted({ulid for ulid in known if ulid.startswith(prefix)})


def _only(found: Sequence[str], asked: str) -> str:
    if len(found) > 1:
        listed = "".join(f"\n  {one}" for one in found[:_MOST_LISTED])
        more = f"\n  and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
        raise UserError(f"{asked} fits {len(found)} ids:{listed}{more}", hint="write more of its characters")
    return found[0]


def _require_model(holdings: Holdings, model: str) -> None:
    known = holdings.models()
    if model not in known:
        raise NotFoundError(f"there is no model {model}{near(model, known)}", hint="actum ls models")


def _require_stage(holdings: Holdings, reference: Reference) -> None:
    known = holdings.stages(reference.owner)
    if reference.name not in known:
        raise NotFoundError(f"there is no stage {reference}{near(reference.name, known)}", hint="actum ls stages")
