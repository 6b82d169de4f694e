"""A review without a forge: Ana proposes, Rosa approves in a clone of her own, and a third clone, CI's, judges."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actum import layout
from actum.approvals.verifying import payload
from actum.filing import read_record, write_record
from actum.names import Ids
from actum.records.event import Event
from actum.records.forms import Person
from tests.journeys.world import World
from tests.signing.real_keys import RealKey, make_key

PROMOTION = "promote/tiny/production"
POINTER = layout.stage("tiny", "production")
POLICY = layout.policy("tiny")
CARD = layout.card("tiny")
V1, V2 = layout.version("tiny", "1.0.0"), layout.version("tiny", "1.1.0")
SIGNERS, REVOKED = "policies/allowed_signers", "policies/revoked_signers"
PEOPLE = ("ana", "rosa", "ben", "eve", "rex", "mallory")
RULE = """\
schema: policy/1
policy: tiny
thresholds:
  - {metric: share, at_least: 0.2}
evidence: {rebuild: bytes}
approvals: {at_least: 1, groups: [{group: model-risk, at_least: 1}]}
break_glass: false
"""
GROUPS = "groups:\n  - name: model-risk\n    members: [rosa, eve, rex, mallory, ana-at-home]\n"
_FETCH = (
    "fetch",
    "--quiet",
    "--prune",
    "origin",
    "+refs/heads/*:refs/remotes/origin/*",
    "+refs/actum/*:refs/actum/*",
    "+refs/tags/*:refs/tags/*",
)
# What differs from one run of a test to the next, and the paths that everything is said of.
_NAMES = {
    r"\b[0-9A-HJKMNP-TV-Z]{26}\b": "ULID",
    r"sha256:[0-9a-f]+": "SHA",
    r"\b[0-9a-f]{40}\b|\b[0-9a-f]{10}\b": "COMMIT",
    r"\b20\d\d-\d\d-\d\d(?: \d\d:\d\d)?": "DATE",
    r"runs/\d{4}/\d\d/ULID\.json": "RUN",
    r"registry/tiny/events/ULID-promotion\.yaml": "EVENT",
    r"registry/tiny/stages/production\.yaml": "POINTER",
    r"origin/main \(COMMIT\)": "MAIN",
}


def begin(world: World) -> None:
    """Give the tiny project an origin, a version in production, a second one, and rules for who may replace it."""
    world.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    world.git("remote", "add", "origin", "../origin.git")
    world.git("config", "core.compression", "1")  # some push much
    world.git("push", "--quiet", "-u", "origin", "main")
    world.actum("promote", "tiny@v1.0.0", "--to", "production")
    world.git("merge", "--quiet", "--no-ff", "--no-edit", PROMOTION)
    world.git("branch", "--quiet", "-D", PROMOTION)
    _rules(world)
    world.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    world.commit("Scale")
    world.actum("run")
    world.actum("register", "tiny")
    world.actum("rebuild", "tiny@v1.1.0")
    world.git("push", "--quiet", "origin", "main", "actum/evidence", "refs/actum/*:refs/actum/*")
    for clone in ("rosa", "ci"):
        world.git("clone", "--quiet", "../origin.git", f"../{clone}")
        world.git("-C", f"../{clone}", "remote", "set-url", "origin", "../origin.git")  # wherever this is copied to


def _rules(world: World) -> None:
    """Say whose keys count. Eve's key has expired, Rex's is revoked, nobody knows Mallory's, Ben has no role."""
    (world.root / "keys").mkdir()
    keys = {name: make_key(world.root / "keys", address(name)) for name in PEOPLE}
    lines = [keys["ana"].line(address=f"{address('ana')},{address('ana-at-home')}"), keys["rosa"].line()]
    lines += [keys["ben"].line(), keys["eve"].line('valid-before="20200101Z"'), keys["rex"].line()]
    world.write(SIGNERS, "".join(lines))
    world.write(REVOKED, f"{keys['rex'].public}\n")
    world.write(POLICY, RULE)
    world.write("actum.yaml", (world.repo / "actum.yaml").read_text() + _addressed(GROUPS))
    world.edit(CARD, "applications", "policy: tiny\napplications")
    world.commit("Who may approve what")


def address(name: str) -> str:
    return f"{name}@example.org"


def _addressed(text: str) -> str:
    return re.sub(r"(?<=[\[ ])([a-z-]+)(?=[,\]])", lambda found: address(found[1]), text)


@dataclass(frozen=True)
class Review:
    """``ana``: the author's clone, in which attacks are prepared as well."""

    ana: World

    @property
    def rosa(self) -> World:
        name = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _PERSON}
        return replace(self.ana.under(**name), clone="rosa")

    @property
    def ci(self) -> World:
        return replace(self.ana, clone="ci")

    def key(self, name: str) -> RealKey:
        return RealKey(self.ana.root / "keys" / name, address(name))

    # ------------------------------------------------------------------ what people do

    def propose(self) -> None:
        self.ana.actum("promote", "tiny@v1.1.0", "--to", "production", "--push")

    def merge(self, how: str = "--no-ff") -> None:
        """Merge what waits into the trunk, and be rid of its branch."""
        self.ana.git("switch", "--quiet", "main")
        self.ana.git("merge", "--quiet", "--no-commit", how, f"origin/{PROMOTION}")
        self.ana.git("commit", "--quiet", "--message", "Promote tiny 1.1.0 to production")
        self.ana.git("push", "--quiet", "origin", "main")
        self.ana.git("push", "--quiet", "origin", "--delete", PROMOTION)
        self.ana.git("branch", "--quiet", "-D", PROMOTION)

    def approve(self) -> None:
        self.rosa.git("fetch", "--quiet", "origin")
        key = self.ana.root / "keys" / "rosa"
        self.rosa.actum("approve", "tiny@v1.1.0", "--to", "production", "--key", key, "--push")

    def update(self) -> None:
        """Let CI's clone have all that origin has, and no more."""
        self.ci.git(*_FETCH)

    def check(self, head: str = PROMOTION, *words: str, code: int) -> list[dict[str, Any]]:
        """Fetch what origin has and judge a branch of it as CI does; return the findings."""
        self.update()
        told = self.ci.told("check", "--head", f"origin/{head}", *(words or ("--base", "origin/main")), code=code)
        return list(told["findings"])

    def refused(self, head: str = PROMOTION, *words: str) -> list[str]:
        """Return what blocks a branch: kind, file and message."""
        found = self.check(head, *words, code=3)
        return [_named(f"{one['kind']} {one['path']}: {one['message']}") for one in found if one["weight"] == "block"]

    # ------------------------------------------------------------------ what attackers do

    @contextmanager
    def change(self, branch: str = PROMOTION) -> Iterator[World]:
        """Lend the checkout of a branch at origin, or of a new one from the trunk; then commit all of it and push."""
        there = self.ana.call("git", "rev-parse", "--verify", "--quiet", f"refs/remotes/origin/{branch}").code == 0
        self.ana.git("switch", "--quiet", "-C", branch, f"origin/{branch}" if there else "origin/main")
        yield self.ana
        self.ana.git("add", "--all")
        self.ana.git("commit", "--quiet", "--message", "Change")
        self.push(branch)

    def push(self, branch: str) -> None:
        self.ana.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        self.ana.git("fetch", "--quiet", "origin")

    def read(self, path: str, revision: str = f"origin/{PROMOTION}") -> Any:
        return read_record(path, self.ana.git("show", f"{revision}:{path}").encode() + b"\n")

    def forge(self, path: str, **fields: Any) -> None:
        """Write a record of the promotion's branch otherwise, into the checkout."""
        self.ana.write(path, write_record(replace(self.read(path), **fields), path=path).decode())

    @property
    def event_path(self) -> str:
        return layout.event("tiny", self.read(POINTER).event, "promotion")

    def forge_promotion(self, **fields: Any) -> None:
        event = self.read(self.event_path)
        self.forge(self.event_path, promotion=replace(event.promotion, **fields))

    @property
    def approvals(self) -> str:
        """The ref on which approvals of what waits travel."""
        return layout.approvals_ref(self.read(self.event_path).promotion.plan)

    def approval(self) -> Event:
        """Return Rosa's honest one."""
        self.ana.git("fetch", "--quiet", "--force", "origin", "+refs/actum/*:refs/actum/*")
        listed = self.ana.git("ls-tree", "-r", "--name-only", self.approvals).splitlines()
        (path,) = [path for path in listed if layout.is_approval(path)]
        event = self.read(path, self.approvals)
        assert isinstance(event, Event)
        return event

    def signed(self, name: str, key: str = "", **approval: Any) -> Event:
        """Return an approval in somebody's name, by their own key or another, as no command of ours would write it."""
        ids = Ids(lambda: time.time_ns() // 1_000_000, os.urandom)
        now = datetime.now(UTC)
        honest = self.approval()
        assert honest.approval is not None
        fields = {"principal": address(name), "signature": "-"} | approval
        event = replace(honest, id=ids.new(), by=Person(name=name, email=address(name)), recorded_at=now,
                        effective_at=now, approval=replace(honest.approval, **fields))  # fmt: skip
        assert event.approval is not None
        signature = self.key(key or name).sign(payload(event))
        return replace(event, approval=replace(event.approval, signature=signature))

    def only(self, *events: Event) -> None:
        """Let origin have these approvals of what waits, and no other."""
        ref, name = self.approvals, "approvals"
        self.ana.git("switch", "--quiet", "--orphan", name)
        for event in events:
            path = layout.event("tiny", event.id, event.kind)
            self.ana.write(path, write_record(event, path=path).decode())
            self.ana.git("add", "--force", path)
        self.ana.git("commit", "--quiet", "--allow-empty", "--message", "Approvals")
        self.ana.git("push", "--quiet", "--force", "origin", f"HEAD:{ref}")


_PERSON = (("NAME", "Rosa"), ("EMAIL", address("rosa")))


def _named(text: str) -> str:
    for pattern, name in _NAMES.items():
        text = re.sub(pattern, name, text)
    return text


class Trap:
    """Makes a file of its unpickling."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch '{self.marker}'",)
