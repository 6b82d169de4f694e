"""A metric is forged in the version, its run and the result commit at once: the file that it was read from is there."""

from __future__ import annotations

import pytest

from actum import layout
from tests.promotion.release_project import PIPELINE, Project

PATH = layout.version("churn", "1.2.0")


@pytest.fixture
def measured(project: Project) -> Project:
    """On a branch: the stage writes its metrics to a file that lies in git."""
    project.begin("work")
    project.write("figures.json", '{"auc": 0.7, "size": 3, "good": true}')
    text = PIPELINE.replace("cmd: mkdir", "cmd: cp figures.json scores.json && mkdir")
    project.write(
        "dvc.yaml", text.replace("    plots:\n", "    metrics:\n    - scores.json:\n        cache: false\n    plots:\n")
    )
    return project


def test_metrics_that_their_file_says_are_clean(measured: Project) -> None:
    measured.register("1.2.0", measured.train("three\n", auc=0.7, size=3.0))
    assert measured.found() == []


def test_metrics_that_their_file_does_not_say_are_refused(measured: Project) -> None:
    version = measured.register("1.2.0", measured.train("three\n", auc=0.99))
    who = f"commit {version.result_commit[:10]}"
    assert measured.found() == [
        ("block", "version-commit", PATH, f"metrics.auc: is 0.99, {who} says 0.7"),
        ("block", "version-commit", PATH, f"metrics.size: is nothing, {who} says 3.0"),
    ]


def test_metrics_that_dvc_keeps_are_for_a_rebuild_to_tell(measured: Project) -> None:
    text = (measured.root / "dvc.yaml").read_text()
    measured.write("dvc.yaml", text.replace("scores.json:\n        cache: false\n", "scores.json\n", 1))
    measured.register("1.2.0", measured.train("three\n", auc=0.99))
    assert measured.found() == []
