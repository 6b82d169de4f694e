"""Write commits and refs by plumbing: atomic, without touching a work tree or the user's index.

Hooks do not run: what we commit are records that our own ``check`` validates.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from actum.errors import ToolFailedError, UserError
from actum.git import plumbing
from actum.git.repository import Git

NOWHERE = "0" * 40
# --replace: a file may stand where a folder was, and the other way round.
_TAKE_PATHS = ("update-index", "--add", "--remove", "--replace", "-z", "--stdin")
_TAKE_ENTRIES = ("update-index", "-z", "--index-info")
_NOBODY = ("actum", "evidence@actum.invalid")


def commit_files(repo: Git, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
    """Return a new commit: *parent*'s tree with *changes* (path -> bytes, None removes). No ref moves."""
    lines = []
    for path, data in changes.items():
        lines.append(_entry("0", NOWHERE, path) if data is None else _entry("100644", _store(repo, data), path))
    with _index_of(repo, parent) as env:
        _update(repo, _TAKE_ENTRIES, b"".join(lines), env)
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
    repo.identity()  # before anything is staged
    _update(repo, _TAKE_PATHS, _nul(wanted))
    with _index_of(repo, parent) as env:
        _update(repo, _TAKE_PATHS, _nul(wanted), env)
        tree = plumbing.text(repo.root, "write-tree", env=env)
    commit = _commit_tree(repo, tree, [parent], message)
    move_ref(repo, "HEAD", commit, expected=parent, message=message.splitlines()[0])
    return commit


def snapshot(repo: Git, message: str) -> str:
    """Return a commit of the whole work tree, untracked files that are not ignored included. No ref moves."""
    parent = repo.head()
    # What is ignored but was added by force is in the user's index alone.
    added = plumbing.git(repo.root, "diff-index", "--cached", "--diff-filter=A", "--name-only", "-z", parent)
    with _index_of(repo, parent) as env:
        plumbing.git(repo.root, "add", "--all", env=env)
        _update(repo, _TAKE_PATHS, added, env)
        tree = plumbing.text(repo.root, "write-tree", env=env)
    return _commit_tree(repo, tree, [parent], message)


def join(repo: Git, one: str, other: str, message: str) -> str:
    """Return a merge of two commits that only ever added files: all files of both; *one* wins. No ref moves.

    The same two commits give the same merge, whoever asks and whenever.
    """
    own = repo.tree(one)
    lines = [_entry(it.mode, it.blob, path) for path, it in repo.tree(other).items() if path not in own]
    with _index_of(repo, one) as env:
        _update(repo, _TAKE_ENTRIES, b"".join(lines), env)
        tree = plumbing.text(repo.root, "write-tree", env=env)
    at = f"{max(repo.committed_at(one), repo.committed_at(other))} +0000"
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _nobody(at)}
    made = plumbing.git(repo.root, "commit-tree", tree, "-p", one, "-p", other, stdin=message.encode() + b"\n", env=who)
    return made.decode().strip()


def move_ref(repo: Git, ref: str, commit: str, *, expected: str | None, message: str = "actum") -> None:
    """Move *ref* to *commit* if it still is where *expected* says (None: it must not exist yet).

    Raises:
        ToolFailedError: It is not; somebody else was faster.
    """
    old = NOWHERE if expected is None else expected
    done = plumbing.attempt(repo.root, "update-ref", "-m", f"actum: {message}", ref, commit, old)
    if done.code:
        hint = plumbing.hint(repo.root, done.last_words) or "run the same command again"
        raise ToolFailedError(f"{ref} could not be moved: {done.last_words}", hint=hint)


def delete_ref(repo: Git, ref: str, *, expected: str | None = None) -> None:
    """Delete a ref, with *expected* only if it still is there."""
    plumbing.git(repo.root, "update-ref", "-d", ref, *([expected] if expected else []))


def annotated_tag(repo: Git, name: str, commit: str, message: str, *, at: int) -> None:
    """Make an annotated tag whose tagger time is *at*, seconds since 1970."""
    env = {"GIT_COMMITTER_DATE": f"{at} +0000"}
    sign = ["-s"] if repo.flag("tag.gpgsign") else []
    plumbing.git(repo.root, "tag", "-a", *sign, "-m", message, name, commit, env=env)


def push(repo: Git, remote: str, *refspecs: str) -> None:
    plumbing.git(repo.root, "push", "--quiet", remote, *refspecs)


def fetch(repo: Git, remote: str, *refspecs: str) -> bool:
    """Fetch, and say whether all that was asked for is there."""
    return plumbing.attempt(repo.root, "fetch", "--quiet", "--no-tags", remote, *refspecs).code == 0


def add_worktree(repo: Git, folder: Path, commit: str) -> Git:
    """Check *commit* out, detached, into a new folder; the user's checkout is not touched."""
    # The user's own line endings must not change the bytes that are checked out.
    off = ["-c", "core.autocrlf=false", "-c", "core.eol=lf"]
    plumbing.git(repo.root, *off, "worktree", "add", "--quiet", "--detach", "--force", str(folder), commit)
    return Git(folder)


def remove_worktree(repo: Git, folder: Path) -> None:
    plumbing.attempt(repo.root, "worktree", "remove", "--force", "--force", str(folder))
    prune_worktrees(repo)


def prune_worktrees(repo: Git) -> None:
    """Have git forget the worktrees whose folders are gone."""
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


def _nobody(at: str) -> tuple[tuple[str, str], ...]:
    return (("NAME", _NOBODY[0]), ("EMAIL", _NOBODY[1]), ("DATE", at))


@contextmanager
def _index_of(repo: Git, commit: str | None) -> Iterator[dict[str, str]]:
    """Lend the environment of an index that holds *commit*'s tree and is nobody else's."""
    with tempfile.TemporaryDirectory(prefix="actum-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        if commit is not None:
            plumbing.git(repo.root, "read-tree", commit, env=env)
        yield env


def _update(repo: Git, words: Sequence[str], listed: bytes, env: Mapping[str, str] | None = None) -> None:
    done = plumbing.attempt(repo.root, *words, stdin=listed, env=env)
    # git leaves out a path that leads out of the repository or into .git, says so, and exits with 0.
    if done.code or b"Ignoring path" in done.err:
        raise plumbing.failed(repo.root, words[0], done)


def _entry(mode: str, blob: str, path: str) -> bytes:
    return f"{mode} {blob}\t{path}\0".encode(errors="surrogateescape")


def _store(repo: Git, data: bytes) -> str:
    return plumbing.git(repo.root, "hash-object", "-w", "--stdin", stdin=data).decode().strip()


def _commit_tree(repo: Git, tree: str, parents: list[str], message: str) -> str:
    repo.identity()  # a clear error before git's own
    sign = ["-S"] if repo.flag("commit.gpgsign") else []
    chain = [word for parent in parents for word in ("-p", parent)]
    made = plumbing.git(repo.root, "commit-tree", *sign, tree, *chain, stdin=message.encode() + b"\n")
    return made.decode().strip()


def _nul(paths: Iterable[str]) -> bytes:
    return b"".join(path.encode(errors="surrogateescape") + b"\0" for path in paths)
