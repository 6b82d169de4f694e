"""Whose approval is it? Judged by the keys and logins of one revision, the base, and never by what is approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from actum import digests
from actum.errors import InvalidRecordError
from actum.records.codec import encode
from actum.records.event import Approval, Event, Review
from actum.records.settings import Settings
from actum.signing.verify import verify
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """By what approvals are judged: settings, allowed signers and revoked keys of one revision."""

    settings: Settings
    signers: bytes
    revoked: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """An approval, and whether it is of whom it says it is.

    Attributes:
        why_not: "" when it is.
        addresses: All that stand for the same person, in lower case: the principal, whom the key is listed for,
            and who git says signed.
    """

    event: Event
    why_not: str = ""
    addresses: frozenset[str] = frozenset()

    @property
    def approval(self) -> Approval:
        assert self.event.approval is not None
        return self.event.approval

    @property
    def who(self) -> str:
        return self.approval.principal

    @property
    def at(self) -> datetime:
        """When they agreed; the import of a review is later."""
        return self.approval.review.submitted_at if self.approval.review else self.event.recorded_at


def trust_of(base: Store) -> Trust:
    """Return what the base says of whose signatures count.

    Raises:
        NotFoundError, InvalidRecordError: Its settings are not there, or malformed.
    """
    settings = base.settings()
    signing = settings.signing
    return Trust(
        settings=settings, signers=base.read(signing.signers) or b"", revoked=base.read(signing.revoked) or b""
    )


def payload(event: Event) -> bytes:
    """Return what a signature is over: the canonical JSON of the whole event without it."""
    told = encode(event)
    told["approval"] = {name: value for name, value in told["approval"].items() if name != "signature"}
    return digests.canonical_json(told)


def verified(event: Event, trust: Trust, *, now: datetime | None) -> Verified:
    """Say whether an approval is of whom it says it is.

    Args:
        now: When the key must be valid beside the moment of signing; None for what is history. A key that is
            revoked counts at neither.

    Raises:
        ToolFailedError: There is no ssh-keygen.
    """
    approval = event.approval
    assert approval is not None
    if approval.review is not None:
        return _of_review(event, approval, approval.review, trust)
    assert approval.signature is not None
    addresses = frozenset({approval.principal.casefold(), event.by.email.casefold()})
    asked = partial(verify, payload(event), approval.signature, approval.principal)
    for at in _moments(event, now):
        try:
            found = asked(signers=trust.signers, revoked=trust.revoked, at=at)
        except InvalidRecordError as error:
            return Verified(event=event, why_not=str(error), addresses=addresses)
        addresses |= found.holders
        if found.says != "good":
            return Verified(event=event, why_not=f"{found.says}: {found.because}", addresses=addresses)
    return Verified(event=event, addresses=addresses)


def _moments(event: Event, now: datetime | None) -> Iterator[datetime]:
    yield event.recorded_at
    if now is not None:
        yield now


def _of_review(event: Event, approval: Approval, review: Review, trust: Trust) -> Verified:
    addresses = frozenset({approval.principal.casefold()})
    known = address_of(review.login, trust.settings)
    if known is None:
        because = f"the login {review.login} has no address in signing.logins"
        return Verified(event=event, why_not=because, addresses=addresses)
    if known.casefold() != approval.principal.casefold():
        because = f"the login {review.login} is {known}, not {approval.principal}"
        return Verified(event=event, why_not=because, addresses=addresses | {known.casefold()})
    return Verified(event=event, addresses=addresses)


def address_of(login: str, settings: Settings) -> str | None:
    """Return whose login at the forge it is; forges do not tell its letters' case apart."""
    found = {name.casefold(): address for name, address in settings.signing.logins.items()}
    return found.get(login.casefold())
