"""Where each record lies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actum import layout

ULID = "01JDC800000000000000000001"


@pytest.mark.parametrize(
    ("path", "kind", "names"),
    [
        (layout.SETTINGS, "settings", ()),
        (layout.card("churn"), "model", ("churn",)),
        (layout.version("churn", "1.10.0-rc.1"), "model-version", ("churn", "1.10.0-rc.1")),
        (layout.imported("churn", "1.10.0"), "imported-version", ("churn", "1.10.0")),
        (layout.stage("churn", "production"), "stage", ("churn", "production")),
        (layout.event("churn", ULID, "promotion"), "event", ("churn", ULID, "promotion")),
        (layout.run(ULID, datetime(2026, 3, 1, tzinfo=UTC)), "run", (ULID,)),
        (layout.policy("strict"), "policy", ("strict",)),
        (layout.view("delays"), "feature-view", ("delays",)),
        (layout.feature_set("churn"), "feature-set", ("churn",)),
    ],
)
def test_a_records_path_says_its_kind_and_its_names(path: str, kind: str, names: tuple[str, ...]) -> None:
    assert layout.kind_of(path) == kind
    assert layout.names_in(path) == names


@pytest.mark.parametrize(
    "path",
    [
        "",
        "other/actum.yaml",
        "registry/churn/model.yml",
        "registry/churn/deep/model.yaml",
        "registry/churn/probe.csv.dvc",
        "registry/churn/versions/1.0.0.yaml.orig",
        "registry/churn/events/short-promotion.yaml",
        f"runs/26/11/{ULID}.json",
        f"runs/٢٠٢٦/11/{ULID}.json",
        "policies/trusted-types.txt",
        "policies/deep/strict.yaml",
        "features/dvc.yaml",
        "features/params.yaml",
        "features/other/delays.yaml",
        "features/sets/deep/churn.yaml",
        "a/registry/churn/model.yaml",
        "registry/churn/model.yaml\n",
        layout.segment("churn", ULID),
    ],
)
def test_what_lies_elsewhere_is_no_record(path: str) -> None:
    assert layout.kind_of(path) is None
    assert layout.names_in(path) == ()


def test_where_things_lie() -> None:
    assert layout.run(ULID, datetime(2026, 3, 1, tzinfo=UTC)) == f"runs/2026/03/{ULID}.json"
    assert layout.event("churn", ULID, "seal") == f"registry/churn/events/{ULID}-seal.yaml"
    assert layout.beside_card("churn", "probe.csv") == "registry/churn/probe.csv"
    assert layout.segment("churn", ULID) == f"decisions/churn/{ULID}.parquet"
    assert layout.version_ref("churn", "1.0.0") == "refs/actum/versions/churn/1.0.0"
    assert layout.run_ref(ULID) == f"refs/actum/runs/{ULID}"
    assert layout.promotion_branch("churn", "production") == "promote/churn/production"
    assert layout.EVIDENCE_REF == "refs/heads/actum/evidence"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (layout.event("churn", ULID, "attestation"), True),
        (layout.event("churn", ULID, "seal"), True),
        (f"decisions/churn/{ULID}.parquet.dvc", True),
        (f"monitoring/churn/2026/11/{ULID}.json", True),
        (layout.event("churn", ULID, "promotion"), False),
        (layout.stage("churn", "production"), False),
        (layout.version("churn", "1.0.0"), False),
        (layout.SETTINGS, False),
    ],
)
def test_only_what_machines_measured_may_come_from_the_evidence_branch(path: str, expected: bool) -> None:
    assert layout.is_evidence(path) is expected


def test_approvals_travel_on_a_ref_of_their_plan_and_nothing_else_does() -> None:
    assert layout.approvals_ref("sha256:" + "a" * 64) == "refs/actum/approvals/" + "a" * 64
    assert layout.is_approval(layout.event("churn", ULID, "approval"))
    others = (layout.event("churn", ULID, "promotion"), layout.event("churn", ULID, "seal"), layout.card("churn"))
    assert not any(layout.is_approval(path) for path in (*others, f"x/{layout.event('churn', ULID, 'approval')}"))
