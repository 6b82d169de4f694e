"""What a commit brought along to a place that is ours alone: whoever clones has it, and nobody made it here."""

from __future__ import annotations

from actum import layout
from actum.errors import UserError
from actum.git.repository import Git


def require_own_state(repo: Git) -> None:
    """Refuse to believe what lies in ``.actum`` where a commit holds it.

    Raises:
        UserError: HEAD has files there.
    """
    head = repo.resolve("HEAD")
    if head is not None and repo.tree(head, layout.STATE):
        because = f"{layout.STATE} is in git, and what lies there may have come from anybody"
        raise UserError(because, hint=f"git rm -r --cached {layout.STATE} && git commit")
