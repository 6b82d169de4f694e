"""What a version says that its features meant can be read again from the code that was run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from actum.records.version import ModelVersion
from tests.fsck.conftest import found
from tests.promotion.conftest import copied
from tests.promotion.release_project import Project
from tests.promotion.with_features import PATH, SHA, trained_template

__all__ = ["trained_template"]


@pytest.fixture
def trained(trained_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copied(trained_template, tmp_path, monkeypatch, first_id_ms=1_714_800_000_000)


def test_digests_of_features_that_the_commit_does_not_have_are_named(trained: Project) -> None:
    honest, before = trained.read(PATH), found(trained)
    assert [fault for fault in before if fault[1] == "wrong"] == []
    assert isinstance(honest, ModelVersion)
    assert honest.features
    pins = replace(honest.features, digests=honest.features.digests | {"orders_7d": SHA})
    trained.record(PATH, replace(honest, features=pins))
    trained.commit("tampered")
    told, commit = honest.features.digests["orders_7d"][:15], honest.code_commit[:10]
    what = f"features.digests.orders_7d: is {SHA[:15]}, commit {commit} says {told}"
    mend = f"git log -- {PATH}   (and take back what changed it)"
    assert ("versions", "wrong", "churn@v1.2.0", what, mend) in found(trained)
