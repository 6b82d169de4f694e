"""From a version to the commits that made it: by ref, then by id, then by content; ambiguous is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from actum import layout
from actum.errors import InvalidRecordError, NotFoundError, UserError
from actum.git import writing
from actum.git.repository import Git
from actum.records.version import ModelVersion
from actum.revisions import trunk_commit
from actum.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a version comes from. ``code``: what is checked out; ``result``: what it is compared with."""

    code: str
    result: str
    found_by: Literal["ref", "id", "content"]


def find_source(repo: Git, version: ModelVersion, trunk: str) -> Source:
    """Return the commits of a version.

    Raises:
        NotFoundError: None is reachable.
        UserError: Several places hold its content, and their code differs.
        InvalidRecordError: The commit that the version names holds other content than the version says.
    """
    ref = layout.version_ref(version.model, version.version)
    held = repo.resolve(ref)
    if held is None and repo.config("remote.origin.url"):
        writing.fetch(repo, "origin", f"{ref}:{ref}")
        held = repo.resolve(ref)
    by_id = repo.resolve(version.result_commit)
    if held is not None and held != version.result_commit:
        raise InvalidRecordError(
            f"{ref} points at {held[:10]}, the version says {version.result_commit[:10]}", hint="actum fsck"
        )
    if by_id is not None:
        _check_content(repo, by_id, version)
        # The result commit is the code and its results: it serves where a shallow clone lacks its parent.
        code = repo.resolve(version.code_commit) or by_id
        return Source(code=code, result=by_id, found_by="ref" if held else "id")
    return _by_content(repo, version, trunk)


def holds(repo: Git, commit: str, version: ModelVersion) -> bool:
    """Whether a commit has every file that the version pins, blob for blob."""
    tree = repo.tree(commit, *(f"{blob.path}" for blob in version.content))
    return all(blob.path in tree and tree[blob.path].blob == blob.blob for blob in version.content)


def _check_content(repo: Git, commit: str, version: ModelVersion) -> None:
    if not holds(repo, commit, version):
        raise InvalidRecordError(
            f"commit {commit[:10]} does not hold what {version.model}@v{version.version} pins", hint="actum fsck"
        )


def _by_content(repo: Git, version: ModelVersion, trunk: str) -> Source:
    if not version.content:
        raise NotFoundError(f"{_name(version)}: its commit {version.result_commit[:10]} is not here", hint=_hint(repo))
    tip = trunk_commit(repo, trunk) or repo.head()
    paths = [blob.path for blob in version.content]
    places = [commit for commit in repo.first_parents(tip, *paths) if holds(repo, commit, version)]
    if not places:
        raise NotFoundError(
            f"{_name(version)}: neither its ref, nor its commit {version.result_commit[:10]}, nor its content is here",
            hint=_hint(repo),
        )
    if len({_code(repo, commit) for commit in places}) > 1:
        shown = ", ".join(commit[:10] for commit in places[:4])
        raise UserError(
            f"{_name(version)}: its content is at several commits with other code: {shown}", hint=_hint(repo)
        )
    return Source(code=places[-1], result=places[-1], found_by="content")


def _code(repo: Git, commit: str) -> tuple[tuple[str, str], ...]:
    """Return all files but records, which do not take part in training."""
    records = ("registry/", "runs/", "decisions/", "monitoring/", "environments/")
    tree = Store(repo, commit).tree
    return tuple(sorted((path, entry.blob) for path, entry in tree.items() if not path.startswith(records)))


def _name(version: ModelVersion) -> str:
    return f"{version.model}@v{version.version}"


def _hint(repo: Git) -> str:
    return "git fetch --unshallow" if repo.is_shallow() else "git fetch origin 'refs/actum/*:refs/actum/*'"
