"""What ``check`` can find, each under an id that never changes: CI and people refer to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum.flow.remarks import KINDS as FLOWING
from actum.vocabulary.remark import DEFINED

Weight = Literal["block", "warn"]
KINDS = {
    "record-invalid": "a record cannot be read, or is not what its schema asks for",
    "record-large": "a record is larger than any record of ours; it was not read",
    "record-immutable": "a version, an event, a run, or what DVC knows its bytes by, was changed or removed",
    "record-unknown": "a file lies among the records and is none",
    "event-twice": "two events have one id",
    "not-a-file": "a link or a submodule lies where only files may",
    "state-in-git": "what actum keeps of one machine, and believes there, lies in git",
    "pointer-removed": "a stage's pointer was removed",
    "pointer-event": "a pointer and the promotion that it names do not agree, or the promotion is not new",
    "pointer-moved": "the stage was promoted to by somebody else meanwhile",
    "pointer-version": "the promoted version is not on the base, or has other bytes there",
    "promotion-alone": "a promotion is on record that no pointer followed",
    "promotion-plan": "the plan's digest is not that of the base: what was planned has changed",
    "promotion-intent": "it was planned as an ordinary promotion and says roll-back or break-glass, or otherwise round",
    "promotion-evidence": "the promotion's findings are not what the base's policy says",
    "promotion-gate": "a gate is closed",
    "promotion-time": "the promotion's times cannot be",
    "promotion-paths": "something else changes beside a promotion",
    "promotion-judge": "what judges a promotion changes beside it",
    "promotion-approvals": "approvals that the base's policy asks for are missing",
    "promotion-back": "a roll-back leads elsewhere than to the version before",
    "promotion-break-glass": "closed gates are passed over with a reason",
    "promotion-remote": "whether the bytes can be got was not, or cannot be, checked",
    "version-run": "a version says other than the run that trained it, its ref or its own past",
    "version-commit": "a version says other than its result commit, or that commit is not here",
    "version-features": "a version says of its features other than the code that was run",
    "version-card": "a version says other than its card, its probe or its wheels",
    "record-form": "a record is not written in its form",
    "pickle-unregistered": "a file that can run code is none that a run made or a version has",
    "lock-without-run": "dvc.lock says what no run of a clean work tree on record made",
    "reference-lost": "a card or a policy names what does not exist, or a model on record has no card",
    **FLOWING,
    **DEFINED,
    "evidence-changed": "what is, or was, on the evidence branch was edited, removed or rewritten",
    "evidence-foreign": "a file on the evidence branch is none that may travel there",
    "settings-invalid": "actum.yaml or a card that is needed cannot be read",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Objection:
    """One thing that ``check`` found.

    ``kind``: a key of :data:`KINDS`; ``hint``: a command, or ""; ``line``: where in the file, None for all of it.
    """

    kind: str
    weight: Weight
    path: str
    message: str
    hint: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """What people read of it beside the file's name."""
        return f"line {self.line}: {self.message}" if self.line else self.message

    def sentence(self) -> str:
        """Return it on one line; nothing in a foreign file name or value reaches the terminal as an escape."""
        return f"{self.weight:5}  {self.path}: {self.text}" + (f" ({self.hint})" if self.hint else "")


def block(kind: str, path: str, message: str, hint: str = "", *, line: int | None = None) -> Objection:
    """Object, and stop the merge."""
    return objection(kind, "block", path, message, hint, line=line)


def warn(kind: str, path: str, message: str, hint: str = "", *, line: int | None = None) -> Objection:
    """Object, and leave it to people."""
    return objection(kind, "warn", path, message, hint, line=line)


def printable(text: str) -> str:
    """Return *text* on one line, with what no screen shows written as an escape."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def objection(
    kind: str, weight: Weight, path: str, message: str, hint: str = "", *, line: int | None = None
) -> Objection:
    """Object with either weight."""
    assert kind in KINDS
    shown, said, how = printable(path), printable(message), printable(hint)
    return Objection(kind=kind, weight=weight, path=shown, message=said, hint=how, line=line)
