"""Add to the evidence branch: work tree, index and HEAD stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from actum import layout
from actum.errors import ToolFailedError
from actum.git import writing
from actum.git.repository import Git
from actum.revisions import evidence_tips


def evidence_commit(repo: Git) -> str | None:
    """Return the commit that new evidence follows: the tip, or where here and origin have diverged, a merge of both."""
    tips = evidence_tips(repo)
    return writing.join(repo, *tips, "Join evidence") if len(tips) == 2 else next(iter(tips), None)


def add_evidence(repo: Git, changes: Mapping[str, bytes], message: str) -> str:
    """Commit new files to the evidence branch and return the commit.

    Raises:
        ToolFailedError: Others keep moving the branch, or git refuses to.
    """
    for _ in range(3):
        local, tip = repo.resolve(layout.EVIDENCE_REF), evidence_commit(repo)
        commit = writing.commit_files(repo, tip, changes, message)
        try:
            writing.move_ref(repo, layout.EVIDENCE_REF, commit, expected=local, message=message.splitlines()[0])
        except ToolFailedError:
            if repo.resolve(layout.EVIDENCE_REF) == local:
                raise  # nobody moved it: git itself refuses
            continue  # another one was faster: join it
        return commit
    raise ToolFailedError(f"{layout.EVIDENCE_BRANCH} keeps moving", hint="run the same command again")
