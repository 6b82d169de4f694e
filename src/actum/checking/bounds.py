"""What else changes beside a promotion? Whatever judges it must not come with it, and neither must code."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from actum import layout
from actum.checking.findings import Objection, block
from actum.dvc.tracked import SUFFIX
from actum.errors import UserError
from actum.planning.lenient import policy_of
from actum.planning.remote import DVC_CONFIG, DVC_LOCAL_CONFIG
from actum.planning.scope import Scope
from actum.store import Store

_MAY_TRAVEL = frozenset({"promotion", "approval"})
_APART = "put it into a change of its own"
_JUDGES = {
    layout.SETTINGS: "the settings judge",
    layout.TRUSTED_TYPES: "the trusted types judge",
    DVC_CONFIG: "the remote judges",
    DVC_LOCAL_CONFIG: "the remote judges",
}


def bound_objections(scope: Scope) -> Iterator[Objection]:
    """Yield the paths that a change which moves a pointer may not touch, by the base's own policies.

    The base judges, whatever the change brings; but what judges must not slip in behind a promotion, and no policy
    can let it.
    """
    moved = [path for path in scope.changed if layout.kind_of(path) == "stage"]
    if not moved or scope.whole:
        return
    models = {layout.names_in(path)[0] for path in moved}
    globs = {glob for model in models for glob in _allowed(scope, model)}
    judges = _JUDGES | _named(scope.base, models)
    for path, letter in sorted(scope.changed.items()):
        if path in moved or _is_new_event(path, letter) or path.partition("/")[0] == layout.STATE:
            continue
        if path in judges:
            yield block("promotion-judge", path, f"changes beside {moved[0]}, which {judges[path]}", _APART)
        elif not any(fnmatchcase(path, glob) for glob in globs):
            yield _beside(path, moved[0])
    if any(path.partition("/")[0] == layout.STATE for path in scope.changed):
        yield _beside(layout.STATE, moved[0])  # one for all that is there, and no glob lets it


def _beside(path: str, pointer: str) -> Objection:
    because = f"changes beside {pointer}: a promotion moves its pointer and nothing else"
    return block("promotion-paths", path, because, _APART)


def _named(base: Store, models: set[str]) -> dict[str, str]:
    """Return what settings and cards of the base call by name and let judge."""
    found: dict[str, str] = {}
    try:
        signing = base.settings().signing
        found |= {signing.signers: "the list of signers judges", signing.revoked: "the list of revoked keys judges"}
        for card in map(base.card, sorted(models)):
            found[layout.card(card.model)] = "the card judges"
            if card.policy is not None:
                found[layout.policy(card.policy)] = "the policy judges"
            if card.holdout is not None:
                found[layout.beside_card(card.model, card.holdout.path) + SUFFIX] = "the holdout judges"
    except UserError:
        pass  # nothing is judged by such a base, and check says so
    return found


def _allowed(scope: Scope, model: str) -> tuple[str, ...]:
    policy = policy_of(scope.base, model)
    return policy.allowed_paths if policy else ()


def _is_new_event(path: str, letter: str) -> bool:
    return letter == "A" and layout.kind_of(path) == "event" and layout.names_in(path)[2] in _MAY_TRAVEL
