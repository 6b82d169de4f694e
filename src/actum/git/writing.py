"""Write commits and refs by plumbing: atomic, without touching a work tree or the user's index.

Hooks do not run: what we commit are records that our own ``check`` validates.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from actum.errors import ToolFailedError, UserError
from actum.git import plumbing
from actum.git.repository import Git

NOWHERE = "0" * 40


def commit_files(repo: Git, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
    """Return a new commit: *parent*'s tree with *changes* (path -> bytes, None removes). No ref moves."""
    with tempfile.TemporaryDirectory(prefix="actum-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        if parent is not None:
            plumbing.git(repo.root, "read-tree", parent, env=env)
        lines = []
        for path, data in changes.items():
            blob = NOWHERE if data is None else _store(repo, data)
            lines.append(f"{'0' if data is None else '100644'} {blob}\t{path}\0".encode())
        plumbing.git(repo.root, "update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
        tree = plumbing.text(repo.root, "write-tree", env=env)
    return _commit_tree(repo, tree, [parent] if parent else [], message)


def commit_work_tree(repo: Git, paths: Iterable[str], message: str) -> str:
    """Commit these paths as the work tree has them (a missing file is a removal) onto the branch or HEAD.

    The user's index takes the paths first, so that after a kill at any point they are at worst staged.
    Nothing else that is staged enters the commit.

    Raises:
        ToolFailedError: HEAD moved meanwhile, or another git holds the index.
    """
    wanted = sorted(set(paths))
    parent = repo.head()
    plumbing.git(repo.root, "update-index", "--add", "--remove", "-z", "--stdin", stdin=_nul(wanted))
    with tempfile.TemporaryDirectory(prefix="actum-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        plumbing.git(repo.root, "read-tree", parent, env=env)
        plumbing.git(repo.root, "update-index", "--add", "--remove", "-z", "--stdin", stdin=_nul(wanted), env=env)
        tree = plumbing.text(repo.root, "write-tree", env=env)
    commit = _commit_tree(repo, tree, [parent], message)
    move_ref(repo, "HEAD", commit, expected=parent, message=message.splitlines()[0])
    return commit


def snapshot(repo: Git, message: str) -> str:
    """Return a commit of the whole work tree, untracked files that are not ignored included. No ref moves."""
    parent = repo.head()
    with tempfile.TemporaryDirectory(prefix="actum-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        plumbing.git(repo.root, "read-tree", parent, env=env)
        plumbing.git(repo.root, "add", "--all", env=env)
        tree = plumbing.text(repo.root, "write-tree", env=env)
    return _commit_tree(repo, tree, [parent], message)


def move_ref(repo: Git, ref: str, commit: str, *, expected: str | None, message: str = "actum") -> None:
    """Move *ref* to *commit* if it still is where *expected* says (None: it must not exist yet).

    Raises:
        ToolFailedError: It is not; somebody else was faster.
    """
    old = NOWHERE if expected is None else expected
    done = plumbing.attempt(repo.root, "update-ref", "-m", f"actum: {message}", ref, commit, old)
    if done.code:
        raise ToolFailedError(f"{ref} could not be moved: {done.last_words}", hint="run the same command again")


def delete_ref(repo: Git, ref: str) -> None:
    plumbing.git(repo.root, "update-ref", "-d", ref)


def annotated_tag(repo: Git, name: str, commit: str, message: str, *, at: int) -> None:
    """Make an annotated tag whose tagger time is *at*, seconds since 1970."""
    env = {"GIT_COMMITTER_DATE": f"{at} +0000"}
    sign = ["-s"] if repo.config("tag.gpgsign") == "true" else []
    plumbing.git(repo.root, "tag", "-a", *sign, "-m", message, name, commit, env=env)


def push(repo: Git, remote: str, *refspecs: str) -> None:
    plumbing.git(repo.root, "push", "--quiet", remote, *refspecs)


def fetch(repo: Git, remote: str, *refspecs: str) -> bool:
    """Fetch, and say whether all that was asked for is there."""
    return plumbing.attempt(repo.root, "fetch", "--quiet", "--no-tags", remote, *refspecs).code == 0


def add_worktree(repo: Git, folder: Path, commit: str) -> Git:
    """Check *commit* out, detached, into a new folder; the user's checkout is not touched."""
    # Filters and hooks of the user's configuration must not change the bytes that are checked out.
    off = ["-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"]
    plumbing.git(repo.root, *off, "worktree", "add", "--quiet", "--detach", "--force", str(folder), commit)
    return Git(folder)


def remove_worktree(repo: Git, folder: Path) -> None:
    plumbing.attempt(repo.root, "worktree", "remove", "--force", "--force", str(folder))
    plumbing.git(repo.root, "worktree", "prune")


def require_branch(repo: Git) -> str:
    """Return the branch that is checked out.

    Raises:
        UserError: HEAD is detached; what we commit would belong to no branch.
    """
    branch = repo.branch()
    if branch is None:
        raise UserError("HEAD is detached, and this command commits to a branch", hint="git switch -c NAME")
    return branch


def _store(repo: Git, data: bytes) -> str:
    return plumbing.git(repo.root, "hash-object", "-w", "--stdin", stdin=data).decode().strip()


def _commit_tree(repo: Git, tree: str, parents: list[str], message: str) -> str:
    repo.identity()  # a clear error before git's own
    sign = ["-S"] if repo.config("commit.gpgsign") == "true" else []
    chain = [word for parent in parents for word in ("-p", parent)]
    made = plumbing.git(repo.root, "commit-tree", *sign, tree, *chain, stdin=message.encode() + b"\n")
    return made.decode().strip()


def _nul(paths: Iterable[str]) -> bytes:
    return b"".join(path.encode(errors="surrogateescape") + b"\0" for path in paths)


