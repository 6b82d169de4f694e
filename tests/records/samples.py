"""One value of every record kind with all that it can say, and one with only what it must."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from actum.records.card import (
    DecisionRule,
    Holdout,
    Input,
    ModelCard,
    OutcomeSource,
    Output,
    RebuildRule,
    Risk,
)
from actum.records.decision import Decision
from actum.records.event import (
    Approval,
    Attestation,
    Comparison,
    Event,
    Figure,
    Finding,
    Promotion,
    Review,
    Seal,
    Withdrawal,
)
from actum.records.feature_set import FeatureSet, Labels
from actum.records.forms import FileFact, Person
from actum.records.imported import ImportedVersion
from actum.records.policy import Approvals, Evidence, GroupRule, Margin, Policy, SliceRule, Threshold, Tier
from actum.records.run import Interpreter, Origin, Run, RunEnvironment, RunStage
from actum.records.settings import Application, EnvironmentSettings, Group, Project, Settings, Signing
from actum.records.stage import StagePointer
from actum.records.version import Artifact, Blob, ModelVersion, Pins, Probe, VersionEnvironment
from actum.records.view import Feature, FeatureView, RequestValue, Source

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 12, 0, 5, 250_000, tzinfo=UTC)
ANA = Person(name="Ana", email="ana@example.org")
ONE, TWO, THREE = (f"01JDC8{'0' * 19}{number}" for number in (1, 2, 3))
SHA, MD5, OID = "sha256:" + "a" * 64, "b" * 32, "c" * 40
FILE = FileFact(path="data/raw.csv", md5=MD5, sha256=SHA, size=12)
FOLDER = FileFact(path="data/parts", md5=MD5 + ".dir")
RUN_ENVIRONMENT = RunEnvironment(
    python="3.11.7", platform="linux-x86_64", lock="requirements.lock", lock_sha256=SHA, wing=FILE
)
VERSION_ENVIRONMENT = VersionEnvironment(
    python="3.11.7", platform="linux-x86_64", lock="requirements.lock", lock_sha256=SHA, wing=FILE
)
PROMOTION = Promotion(stage="production", version="1.1.0", artifact=SHA, plan=SHA)


def settings(**changes: Any) -> Settings:
    least: dict[str, Any] = {
        "schema": "settings/1",
        "project": Project(name="flights", owner="ana"),
        "environment": EnvironmentSettings(python="3.11"),
    }
    return Settings(**least | changes)


def card(**changes: Any) -> ModelCard:
    least: dict[str, Any] = {"schema": "model/1", "model": "churn", "owner": "ana", "artifact": "models/churn.skops"}
    return ModelCard(**least | changes)


def version(**changes: Any) -> ModelVersion:
    least: dict[str, Any] = {
        "schema": "model-version/1",
        "model": "churn",
        "version": "1.1.0",
        "registered_at": NOON,
        "registered_by": ANA,
        "run": ONE,
        "code_commit": OID,
        "result_commit": OID,
        "pipeline": ".",
        "artifact": Artifact(path="models/churn.skops", md5=MD5, sha256=SHA, size=7, format="canonical-skops/1"),
        "environment": VERSION_ENVIRONMENT,
    }
    return ModelVersion(**least | changes)


def pointer(**changes: Any) -> StagePointer:
    least: dict[str, Any] = {
        "schema": "stage/1",
        "model": "churn",
        "stage": "production",
        "version": "1.1.0",
        "artifact": SHA,
        "event": TWO,
    }
    return StagePointer(**least | changes)


def event(**changes: Any) -> Event:
    least: dict[str, Any] = {
        "schema": "event/1",
        "id": TWO,
        "kind": "promotion",
        "model": "churn",
        "recorded_at": LATER,
        "effective_at": NOON,
        "clock": "real",
        "by": ANA,
    }
    bodies = changes.keys() & {"attestation", "seal", "approval", "withdrawal"}
    return Event(**least | ({} if bodies else {"promotion": PROMOTION}) | changes)


def attestation(**changes: Any) -> Event:
    least: dict[str, Any] = {"version": "1.1.0", "level": "bytes", "expires_at": LATER, "stages_run": 4, "stages": 4}
    return event(kind="attestation", id=THREE, attestation=Attestation(**least | changes))


def imported(**changes: Any) -> ImportedVersion:
    least: dict[str, Any] = {
        "schema": "imported-version/1",
        "model": "churn",
        "version": "1.1.0",
        "origin": Origin(system="gto", id="churn@v1.1.0"),
        "recorded_at": LATER,
    }
    return ImportedVersion(**least | changes)


def withdrawal(**changes: Any) -> Event:
    least: dict[str, Any] = {"origin": Origin(system="gto", id="churn@deprecated")}
    return event(kind="withdrawal", id=THREE, withdrawal=Withdrawal(**least | changes))


def seal() -> Event:
    body = Seal(
        segment=ONE,
        path=f"decisions/churn/{ONE}.parquet",
        md5=MD5,
        sha256=SHA,
        size=9,
        rows=2,
        batch_rows=1000,
        merkle_root=SHA,
        version="1.1.0",
        artifact=SHA,
        first_moment=NOON,
        last_moment=LATER,
        as_of=LATER,
        card=OID,
        trusted_types=OID,
        stage="production",
        stage_event=TWO,
        input="data/rows.csv",
        input_sha256=SHA,
        previous=ONE,
    )
    return event(kind="seal", seal=body)


def approval(**changes: Any) -> Event:
    least: dict[str, Any] = {
        "stage": "production",
        "version": "1.1.0",
        "artifact": SHA,
        "plan": SHA,
        "principal": "ana@example.org",
        "signature": "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n",
    }
    return event(kind="approval", id=THREE, approval=Approval(**least | changes))


def run(**changes: Any) -> Run:
    least: dict[str, Any] = {
        "schema": "run/1",
        "id": ONE,
        "kind": "pipeline",
        "started_at": NOON,
        "finished_at": LATER,
        "clock": "real",
        "by": ANA,
        "command": ("actum", "run"),
        "code_commit": OID,
        "dirty": False,
        "pipeline": ".",
        "environment": RUN_ENVIRONMENT,
    }
    return Run(**least | changes)


def script_run(**changes: Any) -> Run:
    least: dict[str, Any] = {"schema": "run/1", "id": ONE, "kind": "script", "started_at": NOON, "clock": "real"}
    return Run(**least | changes)


def policy(**changes: Any) -> Policy:
    least: dict[str, Any] = {"schema": "policy/1", "policy": "strict"}
    return Policy(**least | changes)


def view(**changes: Any) -> FeatureView:
    least: dict[str, Any] = {
        "schema": "feature-view/1",
        "view": "delays",
        "entity": ("origin",),
        "source": Source(path="data/flights.parquet", event_at="left_at"),
        "features": (Feature(name="delay", type="float"),),
    }
    return FeatureView(**least | changes)


def computed_view(**changes: Any) -> FeatureView:
    least: dict[str, Any] = {
        "schema": "feature-view/1",
        "view": "calendar",
        "features": (Feature(name="late", type="bool", of="delay > 30"),),
    }
    return FeatureView(**least | changes)


def feature_set(**changes: Any) -> FeatureSet:
    least: dict[str, Any] = {
        "schema": "feature-set/1",
        "set": "churn",
        "labels": Labels(path="data/labels.parquet", moment="at"),
        "features": ("delay",),
    }
    return FeatureSet(**least | changes)


def decision(**changes: Any) -> Decision:
    least: dict[str, Any] = {
        "schema": "decision/1",
        "id": ONE,
        "model": "churn",
        "version": "1.1.0",
        "artifact": SHA,
        "key": "A-1",
        "decided_at": NOON,
        "recorded_at": LATER,
        "score": 0.25,
        "outcome": "offer",
        "threshold": 0.5,
        "batch": 0,
        "salt": "0" * 32,
    }
    return Decision(**least | changes)


LEAST: dict[str, Any] = {
    "settings": settings(),
    "model": card(),
    "model-version": version(),
    "imported-version": imported(),
    "stage": pointer(artifact=None),
    "promotion": event(),
    "promotion taken over": event(
        promotion=Promotion(stage="production", version="1.1.0", origin=Origin(system="gto", id="churn#production#1"))
    ),
    "withdrawal": withdrawal(),
    "attestation": attestation(),
    "approval": approval(),
    "run": run(),
    "script run": script_run(status="interrupted"),
    "imported run": script_run(kind="imported", origin=Origin(system="mlflow", id="ab12")),
    "policy": policy(),
    "feature-view": view(),
    "computed view": computed_view(),
    "feature-set": feature_set(),
    "decision": decision(),
}

FULL: dict[str, Any] = {
    "settings": settings(
        project=Project(name="flights", owner="ana", problem="late", value="fewer claims", phase="production"),
        environment=EnvironmentSettings(
            python="3.11.7", platform="linux-aarch64", lock="locks/train.lock", exactness="relaxed"
        ),
        applications=(Application(name="checkout", owner="ben", purpose="cover"),),
        groups=(Group(name="model-risk", members=("rosa@example.org",)),),
        signing=Signing(signers="keys/signers", revoked="keys/revoked", logins={"rosa-r": "rosa@example.org"}),
        stages=("shadow", "production"),
        trunk="trunk",
        clock="simulated",
    ),
    "model": card(
        title="Late arrival",
        purpose="offer cover",
        risk=Risk(exposure="low", purpose="high"),
        applications=("checkout",),
        pipeline="training",
        inputs=(Input(name="hour", type="int", words="hour of {carrier}", unit="h"), Input(name="x", type="bool")),
        output=Output(name="p", words="probability"),
        key="id",
        moment="asked_at",
        subject="{carrier} {flight}",
        decision=DecisionRule(threshold=0.35, at_or_above="decline", below="offer"),
        outcome=OutcomeSource(table="data/outcomes.csv", key="id", column="late", known_at="at", words="{late} min"),
        probe="registry/churn/probe.csv",
        holdout=Holdout(path="holdout.csv", label="late", features="data/features.csv", task="regression"),
        slices=("carrier",),
        features="churn",
        sensitive=("age",),
        policy="strict",
        rebuild=RebuildRule(level="tolerance", valid_days=30, tolerance=1e-12),
    ),
    "model-version": version(
        artifact=Artifact(path="m.skops", md5=MD5, sha256=SHA, size=7, format="canonical-skops/1", state=SHA),
        environment=VersionEnvironment(
            python="3.11.7",
            platform="linux-x86_64",
            lock="requirements.lock",
            lock_sha256=SHA,
            wing=FILE,
            exactness="relaxed",
            wheels=MD5 + ".dir",
        ),
        probe=Probe(path="probe.csv", md5=MD5, rows=20, predictions=SHA),
        params={"model.kind": "linear", "depth": 6, "rate": 1e-05, "on": True, "nothing": None, "grid": [1, [2.5]]},
        metrics={"auc": 0.787, "rows": 3.0},
        plots=("curve.csv",),
        data=(FILE, FOLDER),
        content=(Blob(path="dvc.yaml", blob=OID), Blob(path="a b.py", blob="d" * 64)),
        features=Pins(set="churn", digests={"delay_3h": SHA, "age": SHA}, keys={"airport": "origin"}),
    ),
    "imported-version": imported(
        registered_at=NOON,
        registered_by=ANA,
        commit=OID,
        run=ONE,
        artifact=FILE,
        tags={"team": "x"},
        notes="the first",
        metrics={"auc": 0.787},
    ),
    "stage": pointer(supersedes=ONE),
    "promotion": event(
        promotion=Promotion(
            stage="production",
            version="2.0.0-rc.1",
            artifact=SHA,
            plan=SHA,
            replaces="1.1.0",
            supersedes=ONE,
            policy="strict",
            findings=(Finding(gate="auc", outcome="passed", because="0.78 against at least 0.7"),),
            comparison=Comparison(
                holdout=MD5,
                rows=100,
                figures=(Figure(metric="auc", challenger=0.8, champion=0.7, low=0.05, high=0.15),),
                flips={"offer->decline": 3},
            ),
            back=True,
            break_glass="the champion answers nonsense",
        ),
        clock="simulated",
    ),
    "attestation": attestation(
        level="different",
        first_difference="train",
        cause="BLAS",
        overrides={"OPENBLAS_CORETYPE": "Nehalem"},
        statement={"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "m", "digest": {"sha256": "a"}}]},
    ),
    "seal": seal(),
    "withdrawal": withdrawal(stage="production", version="1.1.0", supersedes=TWO, lifted=True),
    "approval": approval(
        signature=None,
        review=Review(login="rosa-r", commit=OID, submitted_at=NOON, url="https://example.org/1"),
        comment="looked at the slices",
        withdrawn=True,
    ),
    "run": run(
        status="failed",
        name="Größe 7",
        parent=TWO,
        origin=Origin(system="mlflow", id="ab12", address="mlruns"),
        dirty=True,
        interpreter=Interpreter(python="3.11.7", platform="linux-x86_64", packages={"numpy": "2.4.6"}),
        tags={"team": "x"},
        notes="a line\nand another",
        params={"seed": 7},
        metrics={"auc": 0.787, "note": "fine", "loss": "NaN"},
        stages=(
            RunStage(
                name="train",
                run=ONE,
                cmd="python train.py\nls",
                seconds=1.5,
                cpu_seconds=1.25,
                peak_mb=101.0,
                deps=("data/raw.csv",),
                params=("seed",),
                outs=("data/parts",),
                undeclared=("data/extra.csv",),
            ),
            RunStage(name="score", run=TWO, cmd="true", seconds=0.0),
        ),
        files=(FILE, FOLDER),
        artifacts=(FILE, FOLDER),
        series=FILE,
        environment=RunEnvironment(
            python="3.11.7",
            platform="linux-x86_64",
            lock="requirements.lock",
            lock_sha256=SHA,
            wing=FILE,
            exactness="relaxed",
            pin={"OMP_NUM_THREADS": "1"},
            facts={"numpy": "2.4.6", "blas": {"threads": 1}},
        ),
    ),
    "policy": policy(
        thresholds=(
            Threshold(metric="auc", at_least=0.7, stages=("production",)),
            Threshold(metric="brier", at_most=0.2),
        ),
        margins=(
            Margin(metric="auc", worse_by_at_most=0.005, stages=("production",)),
            Margin(metric="decline_share", moves_by_at_most=0.05, weight="warn"),
        ),
        slices=(SliceRule(metric="auc", worse_by_at_most=0.02, min_rows=1000, weight="block"),),
        evidence=Evidence(rebuild="bytes", rebuild_max_age_days=7, recorded_within=1e-9, holdout_uses=3),
        approvals=Approvals(
            at_least=2,
            groups=(GroupRule(group="model-risk", at_least=2),),
            signed=False,
            valid_days=7,
            stages=("production",),
        ),
        tiers={"high": Tier(evidence=Evidence(rebuild="bytes"), approvals=Approvals(at_least=3))},
        allowed_paths=("docs/**",),
        break_glass=False,
    ),
    "feature-view": view(
        description="delays at an airport",
        owner="ana",
        source=Source(
            path="data/flights-*.parquet",
            keys={"origin": "from"},
            event_at="left_at",
            known_after="15m",
            time_zone="America/New_York",
            ambiguous="first",
            skipped="forward",
            where=("not cancelled",),
            order_by=("version",),
        ),
        ttl="7d",
        features=(
            Feature(
                name="delay_mean_{over}",
                type="float",
                of="dep_delay",
                aggregate="mean",
                over=("3h", "7d"),
                description="mean delay of departures",
                unit="min",
                sensitivity="public",
            ),
        ),
    ),
    "computed view": computed_view(
        description="what a request says",
        owner="ana",
        request=(RequestValue(name="asked_at", type="timestamp", description="when it was asked"),),
        features=(Feature(name="hour", type="int", of="hour(asked_at, 'America/New_York')"),),
    ),
    "feature-set": feature_set(
        labels=Labels(path="data/labels.csv", moment="at", time_zone="UTC", key=("flight",), keep=("late", "carrier")),
        description="what the model takes",
        owner="ana",
        keys={"origin": "from"},
    ),
    "decision": decision(
        inputs={"hour": 22, "humidity": 86.5, "carrier": "B6", "missing": None},
        subject={"flight": "11"},
        stage="production",
        stage_event=TWO,
    ),
}
