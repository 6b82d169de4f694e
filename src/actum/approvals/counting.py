"""Are the approvals of a plan enough? Pure: values in, findings out; what nobody gave is missing, and closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from actum import layout, moments
from actum.approvals.verifying import Verified
from actum.records.event import Event, Finding
from actum.records.policy import Approvals
from actum.records.run import Run
from actum.records.settings import Group
from actum.records.version import ModelVersion

GATE = "approvals"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What approvals must be about. ``authors``: who made it, and so may not approve it, in lower case."""

    model: str
    stage: str
    version: str
    artifact: str
    plan: str
    registered_at: datetime
    authors: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """One approval. ``why_not``: "" when it counts. ``groups``: those of the policy that its person is in.

    ``outdone``: the same person said something later, which is what counts.
    """

    verified: Verified
    why_not: str = ""
    groups: tuple[str, ...] = ()
    outdone: bool = False


def subject_of(version: ModelVersion, stage: str, plan: str, authors: frozenset[str]) -> Subject:
    """Return what approvals of a plan must be about."""
    return Subject(
        model=version.model,
        stage=stage,
        version=version.version,
        artifact=version.artifact.sha256,
        plan=plan,
        registered_at=version.registered_at,
        authors=authors,
    )


def authors_of(version: ModelVersion, run: Run | None, promotion: Event | None, *others: str) -> frozenset[str]:
    """Return the addresses of those who made what is promoted: registered, trained and proposed it, and *others*."""
    people = [version.registered_by, *([run.by] if run and run.by else []), *([promotion.by] if promotion else [])]
    return frozenset(address.casefold() for address in (*(person.email for person in people), *others))


def is_asked(rule: Approvals, stage: str) -> bool:
    """Whether the policy asks for approvals at a stage at all."""
    return bool(rule.at_least > 0 or rule.groups) and (not rule.stages or stage in rule.stages)


def in_words(rule: Approvals) -> str:
    """Say what a policy asks for."""
    people = [f"{rule.at_least} {'person' if rule.at_least == 1 else 'people'}"] if rule.at_least > 0 else []
    asked = ", ".join([*people, *(f"{one.at_least} of {one.group}" for one in rule.groups)])
    return f"{asked}, {'SSH-signed' if rule.signed else 'SSH-signed or by review'}; no author counts"


def weigh(
    rule: Approvals, approvals: Iterable[Verified], subject: Subject, groups: Sequence[Group], *, now: datetime
) -> tuple[Weighed, ...]:
    """Say of each approval whether it counts, the earliest first. Of one person only the latest word does."""
    ordered = sorted(approvals, key=lambda one: (one.at, one.event.id))
    latest = {one.who.casefold(): one for one in ordered if not _unfit(rule, one, subject, now)}
    counted: frozenset[str] = frozenset()
    found = []
    for one in ordered:
        why_not, last = _unfit(rule, one, subject, now), latest.get(one.who.casefold())
        outdone = not why_not and last is not None and last is not one
        if outdone and last is not None:
            why_not = f"{'was withdrawn' if last.approval.withdrawn else 'was given again'} on {last.at:%Y-%m-%d}"
        elif not why_not and one.approval.withdrawn:
            why_not = "takes back what was agreed to"
        elif not why_not and one.addresses & counted:
            why_not = "the same person is counted already, by another address"
        counted |= frozenset() if why_not else one.addresses
        found.append(Weighed(verified=one, why_not=why_not, groups=_groups_of(one, rule, groups), outdone=outdone))
    return tuple(found)


def count(rule: Approvals, weighed: Iterable[Weighed], stage: str, groups: Sequence[Group]) -> tuple[Finding, ...]:
    """Return one finding for all approvals and one for each group; nobody fills two places."""
    if not is_asked(rule, stage):
        return ()
    told = tuple(weighed)
    people = [one for one in told if not one.why_not]
    silent = (one for one in told if one.why_not and not one.outdone)
    left_out = "".join(f"; {one.verified.who} does not count: {one.why_not}" for one in silent)
    found = [] if rule.at_least <= 0 else [_finding(GATE, rule.at_least, people, left_out)]
    known = {group.name for group in groups}
    for number, filled in enumerate(_filled(rule, people)):
        asked = rule.groups[number]
        gate = f"approval:{asked.group}"
        if asked.group not in known:
            because = f"{layout.SETTINGS} names no group {asked.group}, so nobody can answer for it"
            found.append(Finding(gate=gate, outcome="missing", because=because))
        else:
            found.append(_finding(gate, asked.at_least, filled, "" if rule.at_least > 0 else left_out))
    return tuple(found)


def _finding(gate: str, wanted: int, given: Sequence[Weighed], left_out: str) -> Finding:
    who = ", ".join(one.verified.who for one in given)
    because = f"{len(given)} of {wanted}" + (f": {who}" if who else "") + left_out
    return Finding(gate=gate, outcome="passed" if len(given) >= wanted else "missing", because=because)


def _unfit(rule: Approvals, one: Verified, subject: Subject, now: datetime) -> str:
    """Say why an approval cannot count whatever others say; "" when it can."""
    approval = one.approval
    about = (one.event.model, approval.stage, approval.version, approval.artifact, approval.plan)
    if approval.plan != subject.plan:
        return "is of another plan"
    if about != (subject.model, subject.stage, subject.version, subject.artifact, subject.plan):
        return f"is of {one.event.model} {approval.version} to {approval.stage}, which this plan is not"
    if one.why_not:
        return one.why_not
    if rule.signed and approval.review is not None:
        return "is a review at a forge, the policy asks for a signature"
    if one.addresses & subject.authors:
        return "is of an author, who may not approve"
    return _out_of_time(rule, one, subject, now)


def _out_of_time(rule: Approvals, one: Verified, subject: Subject, now: datetime) -> str:
    if max(one.at, one.event.recorded_at) > now + moments.CLOCKS_MAY_DIFFER_BY:
        return f"is of {max(one.at, one.event.recorded_at):%Y-%m-%d %H:%M}, which is yet to come"
    if one.at < subject.registered_at:
        return f"is of {one.at:%Y-%m-%d %H:%M}, before the version was registered"
    if now - one.at > timedelta(days=min(rule.valid_days, moments.MOST_DAYS)):
        return f"is of {one.at:%Y-%m-%d}, more than {rule.valid_days} days ago"
    return ""


def _groups_of(one: Verified, rule: Approvals, groups: Sequence[Group]) -> tuple[str, ...]:
    asked = {each.group for each in rule.groups}
    members = {group.name: {member.casefold() for member in group.members} for group in groups if group.name in asked}
    return tuple(name for name, known in members.items() if one.who.casefold() in known)


def _filled(rule: Approvals, people: Sequence[Weighed]) -> list[list[Weighed]]:
    """Give each place of each group to one person, to as many as can have one. Source: Kuhn's matching."""
    places = [number for number, asked in enumerate(rule.groups) for _ in range(asked.at_least)]
    holder: dict[int, int] = {}  # place -> person

    def seat(person: int, tried: set[int]) -> bool:
        for place, number in enumerate(places):
            if place in tried or rule.groups[number].group not in people[person].groups:
                continue
            tried.add(place)
            if place not in holder or seat(holder[place], tried):
                holder[place] = person
                return True
        return False

    for person in range(len(people)):
        seat(person, set())
    seated = [sorted(holder[place] for place in holder if places[place] == at) for at in range(len(rule.groups))]
    return [[people[person] for person in group] for group in seated]
