"""People with keys around the release project: who may approve is on its trunk, a promotion waits on its branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.approvals import refs
from actum.approvals.verifying import payload
from actum.filing import write_record
from actum.git import writing
from actum.planning.pending import Pending, find_pending
from actum.promotion.approve import Outcome, Word, approval_event, approve
from actum.promotion.promote import Surroundings
from actum.records.event import Event
from actum.records.forms import Person
from actum.signing.keys import Key
from tests.promotion.release_project import NOW, POLICY, SETTINGS, Project
from tests.signing.real_keys import RealKey

SIGNERS = "policies/allowed_signers"
REVOKED = "policies/revoked_signers"
HOUR = timedelta(hours=1)
LATER = NOW + HOUR
GROUPS = """\
groups:
  - {name: model-risk, members: [rosa@example.org]}
signing:
  logins: {rosa-r: rosa@example.org, Ben-B: ben@example.org, ana-a: ana@example.org}
"""
RULE = """\
approvals: {at_least: 2, groups: [{group: model-risk, at_least: 1}]}
"""


@dataclass(frozen=True)
class Court:
    """The project, the keys of people by name, and the process environment that says who is at work."""

    project: Project
    keys: dict[str, RealKey]
    patch: pytest.MonkeyPatch

    def rule(self, text: str = RULE) -> None:
        """Commit the policy, groups and signers to the trunk."""
        self.project.write("actum.yaml", SETTINGS + GROUPS)
        self.project.write(layout.policy("churn"), POLICY + text)
        self.signers(*(self.keys[name].line() for name in ("ana", "rosa", "ben")))
        self.project.commit("who may approve")

    def signers(self, *lines: str) -> None:
        self.project.write(SIGNERS, "".join(lines))

    def on_trunk(self, path: str, text: str) -> None:
        self.project.git("switch", "-q", "main")
        self.project.write(path, text)
        self.project.commit(f"change {path}")

    def be(self, name: str) -> Person:
        """Be somebody for what follows."""
        person = Person(name=name, email=f"{name.lower()}@example.org")
        for role in ("AUTHOR", "COMMITTER"):
            for what, value in (("NAME", person.name), ("EMAIL", person.email)):
                self.patch.setenv(f"GIT_{role}_{what}", value)
                self.project.env[f"GIT_{role}_{what}"] = value
        return person

    def around(self, now: datetime = LATER) -> Surroundings:
        project = self.project
        return Surroundings(repo=project.repo, environ=project.env, now=lambda: now, ids=project.ids)

    def pending(self, now: datetime = LATER, to: str = "production", version: str | None = None) -> Pending:
        project = self.project
        return find_pending(project.repo, "churn", to, version, environ=project.env, now=now)

    def approve(self, name: str, now: datetime = LATER, *, key: str = "", **word: Any) -> Outcome:
        """Approve what waits as somebody, and be Ana again."""
        self.be(name)
        try:
            chosen = Key(path=self.keys[key or name].path)
            return approve(self.pending(now), Word(**word), self.around(now), key=lambda: chosen)
        finally:
            self.be("ana")

    def event_of(self, name: str, now: datetime = LATER) -> Event:
        """Return an approval as somebody writes it who asks no command of ours: not signed yet."""
        by = Person(name=name, email=f"{name}@example.org")
        word, around = Word(), self.around(now)
        return approval_event(self.pending(now), around, by=by, principal=by.email, at=now, signature="-", word=word)

    def signed(self, event: Event, key: str, namespace: str = "actum-approval") -> Event:
        assert event.approval is not None
        signature = self.keys[key].sign(payload(event), namespace)
        return replace(event, approval=replace(event.approval, signature=signature))

    def put(self, event: Event, plan: str = "") -> None:
        """Put an approval onto the ref of a plan, its own unless another is named; nothing asks whether it is good."""
        assert event.approval is not None
        refs.add(self.project.repo, plan or event.approval.plan, [event], "Put")

    def said(self, now: datetime = LATER) -> list[str]:
        """Return what the gates say."""
        return [f"{one.gate} {one.outcome}: {one.because}" for one in self.pending(now).tally.findings]

    def why_not(self, now: datetime = LATER) -> list[str]:
        """Return of each approval why it does not count."""
        return [one.why_not for one in self.pending(now).tally.weighed]

    def merge(self) -> None:
        self.project.git("switch", "-q", "main")
        self.project.git("merge", "-q", "--no-ff", "--no-edit", "promote/churn/production")


def edited(event: Event, **approval: Any) -> Event:
    """Return an approval of which somebody changed a word after it was signed."""
    assert event.approval is not None
    return replace(event, approval=replace(event.approval, **approval))


def bytes_of(event: Event) -> dict[str, bytes]:
    path = layout.event(event.model, event.id, event.kind)
    return {path: write_record(event, path=path)}


def commit_to(project: Project, ref: str, changes: Mapping[str, bytes | None], message: str = "Change") -> str:
    """Commit files on top of a ref without a checkout."""
    tip = project.repo.resolve(ref)
    commit = writing.commit_files(project.repo, tip, changes, message)
    writing.move_ref(project.repo, ref, commit, expected=tip)
    return commit


def origin_of(project: Project, place: Path) -> Path:
    """Give the project an origin, and push its trunk there."""
    project.run("git", "init", "-q", "--bare", "-b", "main", place)
    project.git("remote", "add", "origin", str(place))
    project.git("push", "-q", "origin", "main", "refs/actum/*:refs/actum/*")
    project.git("fetch", "-q", "origin")
    return place
