"""What a version says of its features is held against the card, the run and the code that was run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from actum import claims, layout
from actum.checking.gather import pages
from actum.cli.main import main
from actum.dvc.lockfile import read_lock
from actum.errors import UserError
from actum.records.run import Run
from actum.records.version import ModelVersion, Pins
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


@pytest.fixture
def trained(trained_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copied(trained_template, tmp_path, monkeypatch, first_id_ms=1_714_800_000_000)


def pinned(change: Callable[[Pins], Pins | None]) -> Callable[[ModelVersion], ModelVersion]:
    def changed(version: ModelVersion) -> ModelVersion:
        assert version.features is not None
        return replace(version, features=change(version.features))

    return changed


def tampered(project: Project, change: Callable[[Pins], Pins | None]) -> list[str]:
    project.record(PATH, pinned(change)(project.read(PATH)))
    project.commit("tampered")
    assert {(kind, path) for _, kind, path, _ in project.found()} <= {("version-features", PATH)}
    return [message for *_, message in project.found()]


def test_a_version_pins_its_features_as_the_code_commit_had_them(trained: Project) -> None:
    version = trained.read(PATH)
    code = trained.store(version.code_commit)
    assert version.features == Pins(
        set="churn",
        digests={name: code.definitions.digest(name) for name in ("orders_7d", "orders_30d")},
        keys={"customer": "customer_id"},
    )
    assert trained.found() == []


def test_what_was_tampered_with_is_said(trained: Project) -> None:
    honest = trained.read(PATH).features
    short, commit = honest.digests["orders_7d"][:15], trained.read(PATH).code_commit[:10]
    told = {
        f"features.digests.orders_7d: is {SHA[:15]}, commit {commit} says {short}": {
            "digests": honest.digests | {"orders_7d": SHA}
        },
        f"features.digests.extra: is {SHA[:15]}, commit {commit} says nothing": {
            "digests": honest.digests | {"extra": SHA}
        },
        f"features.keys.customer: is payer_id, commit {commit} says customer_id": {"keys": {"customer": "payer_id"}},
        "features.set: is other, registry/churn/model.yaml says churn": {"set": "other"},
    }
    for message, changes in told.items():
        assert tampered(trained, lambda _, changes=changes: replace(honest, **changes)) == [message]  # type: ignore[misc]
    assert tampered(trained, lambda _: None) == ["features.set: is nothing, registry/churn/model.yaml says churn"]


def test_a_run_that_did_not_read_the_definitions_cannot_vouch_for_them(trained: Project) -> None:
    run = trained.store("work").run(trained.read(PATH).run)
    assert run is not None
    blind = replace(run, files=tuple(fact for fact in run.files if not fact.path.startswith("features")))
    with pytest.raises(UserError) as caught:
        claims.trained_with("churn", blind, trained.store(run.recipe().code_commit))
    assert str(caught.value) == (
        f"run/{run.id} did not read features/orders.yaml, features/sets/churn.yaml, which the card's features come from"
    )
    assert caught.value.hint == "name them among the deps of their stage in dvc.yaml, then actum run"


def test_a_set_that_was_not_there_when_the_code_ran_is_no_one_s(trained: Project) -> None:
    run = trained.store("work").run(trained.read(PATH).run)
    assert run is not None
    with pytest.raises(UserError, match=r"^features/sets/other\.yaml is not in commit [0-9a-f]{10}, which was run$"):
        claims.trained_with("other", run, trained.store(run.recipe().code_commit))


def test_features_that_change_their_meaning_are_said_beside_the_version_that_stands(trained: Project) -> None:
    trained.git("switch", "-q", "main")
    trained.git("merge", "-q", "work")
    trained.promoted("churn@v1.2.0")
    assert trained.found() == []
    trained.begin("change", "main")
    text = VIEW.replace("ordered_at}", 'ordered_at, where: ["paid"]}').replace("over: [7d, 30d]", "over: [7d]")
    trained.write(layout.view("orders"), text)
    trained.write(layout.feature_set("churn"), SET.replace(", orders_30d", ""))
    trained.commit()
    code = trained.read(PATH).code_commit[:10]
    (found,) = trained.check().objections
    assert (found.weight, found.kind, found.path) == ("warn", "feature-skew", "registry/churn/model.yaml")
    assert found.message == (
        "line 7: churn@v1.2.0, which stands at a stage, was trained with features that are not so any more:"
        " orders_7d (other meaning), orders_30d (gone)"
    )
    assert found.hint == f"actum diff {code} HEAD"


def test_the_plan_and_the_page_of_a_promotion_tell_which_features_change(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.git("switch", "-q", "main")
    trained.git("merge", "-q", "work")
    trained.promoted("churn@v1.1.0")
    capsys.readouterr()
    main(["-C", str(trained.root), "promote", "churn@v1.2.0", "--to", "production", "--dry-run"])
    assert "features 2: orders_7d added, orders_30d added" in capsys.readouterr().out
    trained.promote("churn@v1.2.0")
    page = pages(trained.check(head="promote/churn/production"))
    (changed,) = (line for line in page.splitlines() if line.startswith("Changed: "))
    assert " · features 2 · " in changed
    assert "| `orders_7d` | added |  |  |" in page
