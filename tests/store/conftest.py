"""A repository whose records are committed as they are, and read back through a Store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actum.filing import write_record
from actum.git import writing
from actum.git.repository import Git
from actum.store import Store

Records = Callable[..., str]
Keep = Callable[..., Store]


@pytest.fixture
def records(repo: Git) -> Records:
    """Commit records (or bytes) by path on top of a ref, which moves there; return the commit."""

    def make(changes: dict[str, Any], *, ref: str = "refs/heads/main") -> str:
        data = {
            path: record if isinstance(record, bytes) or record is None else write_record(record, path=path)
            for path, record in changes.items()
        }
        parent = repo.resolve(ref)
        commit = writing.commit_files(repo, parent, data, "records")
        writing.move_ref(repo, ref, commit, expected=parent)
        return commit

    return make


@pytest.fixture
def keep(repo: Git, records: Records) -> Keep:
    """Commit records by path on main and open what they make."""

    def make(changes: dict[str, Any]) -> Store:
        return Store(repo, records(changes))

    return make
