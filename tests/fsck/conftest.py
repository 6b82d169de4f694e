"""The release project with a promotion, its tags and a sealed segment of decisions: nothing is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.decisions import sealing
from actum.dvc.cache import ObjectStore
from actum.dvc.tracked import write_tracked
from actum.fsck.fsck import fsck
from actum.progress import silent
from actum.records.card import DecisionRule
from actum.records.event import Event, Seal
from actum.tags import plan_tags, write_tags
from tests.promotion.conftest import copied, release_template
from tests.promotion.release_project import ANA, NOW, Project

__all__ = ["release_template"]

MARCH = datetime(2024, 3, 1, tzinfo=UTC)
Told = tuple[str, str, str, str, str]


@pytest.fixture(scope="session")
def sound_template(release_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        project = copied(release_template, folder, patch)
        seal(project, project.promoted())
        write_tags(project.repo, plan_tags(project.store(), now=int(NOW.timestamp())).missing)
    return folder


@pytest.fixture
def sound(sound_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copied(sound_template, tmp_path, monkeypatch, first_id_ms=1_714_700_000_000)


def found(project: Project) -> list[Told]:
    """Return all faults whole: part, weight, where, what, mend."""
    report = fsck(project.repo, environ=project.env, now=NOW, tell=silent)
    return [(one.part, one.weight, one.where, one.what, one.mend) for one in report.faults]


def stores(project: Project) -> tuple[ObjectStore, ObjectStore]:
    return project.cache, ObjectStore(project.remote)


def seal(project: Project, promotion: Event) -> Event:
    """Decide about twelve rows, as ``score`` does, and commit the seal."""
    version = project.store().version("churn", "1.0.0")
    assert version is not None
    segment = project.ids.new()
    path = layout.segment("churn", segment)
    common = {"model": "churn", "version": "1.0.0", "artifact": version.artifact.sha256}
    terms = sealing.Terms(
        **common,
        recorded_at=NOW,
        rule=DecisionRule(threshold=0.5, at_or_above="declined", below="granted"),
        stage="production",
        stage_event=promotion.id,
    )
    written = sealing.seal_rows(map(json.dumps, rows()), project.root / path, terms, project.ids, scratch=project.root)
    for store in stores(project):
        facts = store.put_file(project.root / path)
    body = Seal(
        segment=segment,
        path=path,
        md5=facts.md5,
        sha256=facts.sha256,
        size=facts.size,
        rows=written.rows,
        batch_rows=4,
        merkle_root=written.root,
        version="1.0.0",
        artifact=version.artifact.sha256,
        first_moment=written.first,
        last_moment=written.last,
        as_of=MARCH,
        card=project.store().tree[layout.card("churn")].blob,
        outcomes={"granted": 6, "declined": 6},
        stage="production",
        stage_event=promotion.id,
    )
    event = Event(
        schema="event/1",
        id=project.ids.new(),
        kind="seal",
        model="churn",
        recorded_at=NOW,
        effective_at=MARCH,
        clock="real",
        by=ANA,
        seal=body,
    )
    project.write("decisions/.gitignore", "*.parquet\n")
    project.write(path + ".dvc", write_tracked(Path(path).name, facts.md5, facts.size))
    project.record(layout.event("churn", event.id, "seal"), event)
    project.commit("seal")
    return event


def rows() -> list[dict[str, Any]]:
    """Return what the score worker says of twelve rows."""
    return [
        {
            "key": f"case-{number}",
            "moment": f"2024-03-01T{number:02}:00:00Z",
            "batch": number // 4,
            "inputs": {"income": float(number)},
            "kept": {},
            "score": number / 12,
        }
        for number in range(12)
    ]
