"""The release project with version 1.2.0, which was trained with a set of features, on a branch of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from actum import claims, layout
from actum.dvc.lockfile import read_lock
from actum.records.run import Run
from actum.records.version import ModelVersion
from actum.store import Store
from tests.promotion.conftest import copied
from tests.promotion.release_project import CARD, PIPELINE, Project

VIEW = """\
schema: feature-view/1
view: orders
owner: ana@example.org
entity: [customer]
source: {path: data/orders.parquet, event_at: ordered_at}
features:
- {name: "orders_{over}", type: int, aggregate: count, over: [7d, 30d], description: orders}
"""
SET = """\
schema: feature-set/1
set: churn
labels: {path: data/labels.parquet, moment: at}
features: [orders_7d, orders_30d]
keys: {customer: customer_id}
"""
PATH = layout.version("churn", "1.2.0")
SHA = "sha256:" + "0" * 64


def register(project: Project, run: Run) -> ModelVersion:
    """Register a run with its features, as the command does."""
    version = project.register("1.2.0", run)
    result = Store(project.repo, version.result_commit)
    lock = read_lock(result.read, "dvc.lock")
    pins = claims.trained_with("churn", run, Store(project.repo, run.recipe().code_commit))
    version = replace(version, content=claims.content(run, lock, result.tree), features=pins)
    project.record(PATH, version)
    project.git("commit", "-qa", "--amend", "--no-edit")
    return version


@pytest.fixture(scope="session")
def trained_template(release_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1.2.0, trained with a set, on a branch of its own."""
    folder = tmp_path_factory.mktemp("with-features")
    with pytest.MonkeyPatch.context() as patch:
        made = copied(release_template, folder, patch)
        made.begin("work")
        made.write(layout.view("orders"), VIEW)
        made.write(layout.feature_set("churn"), SET)
        made.write(layout.card("churn"), CARD + "features: churn\n")
        deps = "".join(f"    - {path}\n" for path in ("rows.txt", "features/orders.yaml", "features/sets/churn.yaml"))
        made.write("dvc.yaml", PIPELINE.replace("    - rows.txt\n", deps))
        register(made, made.train("three\n", auc=0.9, brier=0.1))
    return folder
