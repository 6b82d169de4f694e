"""A pipeline as people read it: what its stages read and make, whose result stands, and what is to be mended."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from actum import layout
from actum.records.view import Feature, FeatureView, Source
from tests.catalogue.make_registry import Actum, Check, Registry, md5

PIPELINE = """\
stages:
  train:
    cmd: python src/train.py
    deps: [data/flights.parquet, src/train.py]
    outs: [models/m.skops]
  ingest:
    cmd: python src/ingest.py
    deps: [data/raw/flights.csv, src/ingest.py]
    outs: [data/flights.parquet]
"""


def locked(registry: Registry, *, made: str = "one") -> str:
    """Return the dvc.lock that goes with what ``registry.run`` has on record."""
    source = {name: md5((registry.root / f"src/{name}.py").read_text()) for name in ("ingest", "train")}
    return f"""\
schema: '2.0'
stages:
  ingest:
    cmd: python src/ingest.py
    deps:
    - {{path: data/raw/flights.csv, hash: md5, md5: {md5("raw")}, size: 1}}
    - {{path: src/ingest.py, hash: md5, md5: {source["ingest"]}, size: 1}}
    outs:
    - {{path: data/flights.parquet, hash: md5, md5: {md5("flights")}, size: 1}}
  train:
    cmd: python src/train.py
    deps:
    - {{path: data/flights.parquet, hash: md5, md5: {md5("flights")}, size: 1}}
    - {{path: src/train.py, hash: md5, md5: {source["train"]}, size: 1}}
    outs:
    - {{path: models/m.skops, hash: md5, md5: {md5(made)}, size: 1}}
"""


@pytest.fixture
def ran(registry: Registry) -> Registry:
    """A pipeline of which the first stage stands from an earlier run, and the second opened more than it says."""
    registry.card()
    registry.put("dvc.yaml", PIPELINE.encode())
    registry.put("dvc.lock", locked(registry).encode())
    registry.commit("Pipeline")
    first = registry.run("2013-03-24T09:00", model_bytes="zero")
    second = registry.run("2013-03-25T09:00", ingested_by=first.id)
    told = replace(second.stages[1], undeclared=("data/holidays.csv", "lib/scales.py"))
    second = replace(second, stages=(second.stages[0], told))
    registry.put(layout.run(second.id, second.started_at), second)
    registry.commit("Run")
    return registry


def remarks(actum: Actum, registry: Registry, *folder: str) -> list[tuple[str, str]]:
    printed = actum(registry.root, "show", "pipeline", *folder, "--json")
    assert printed.status == 0, printed.err
    return [(one["kind"], one["message"]) for one in json.loads(printed.out)["data"]["remarks"]]


def test_the_page_reads_as_agreed(ran: Registry, actum: Actum, golden: Check) -> None:
    printed = actum(ran.root, "show", "pipeline")
    assert printed.status == 0
    golden("show-pipeline", f"$ actum show pipeline\n{printed.out}{printed.err}")
    golden("show-pipeline-mermaid", actum(ran.root, "show", "pipeline", "--mermaid").out)


def test_each_stage_names_the_run_that_executed_what_stands(ran: Registry, actum: Actum) -> None:
    data = json.loads(actum(ran.root, "show", "pipeline", "--json").out)["data"]
    runs = [row["id"] for row in json.loads(actum(ran.root, "ls", "runs", "--json").out)["data"]]
    made = {stage["name"]: stage["run"] for stage in data["stages"]}
    assert made == {"ingest": min(runs), "train": max(runs)}
    ran.put("dvc.lock", locked(ran, made="another").encode())
    ran.commit("A result of nobody")
    data = json.loads(actum(ran.root, "show", "pipeline", "--json").out)["data"]
    assert [("run" in stage, stage["locked"]) for stage in data["stages"]] == [(True, True), (False, True)]
    assert "made by  no run on record" in actum(ran.root, "show", "pipeline").out


def test_at_a_revision_the_pipeline_is_as_it_was(ran: Registry, actum: Actum) -> None:
    assert actum(ran.root, "show", "pipeline", "--at", "HEAD~2").out.startswith("dvc.yaml  0 stages")


def test_of_several_pipelines_one_must_be_named(ran: Registry, actum: Actum) -> None:
    ran.put("other/dvc.yaml", b"stages: {report: {cmd: x, deps: [../data/flights.parquet], outs: [report.html]}}\n")
    ran.commit("Another")
    refused = actum(ran.root, "show", "pipeline")
    assert (refused.status, "there are 2 pipelines: ., other" in refused.err) == (2, True)
    assert actum(ran.root, "show", "pipeline", "other/").out.startswith("other/dvc.yaml  1 stage\n")
    missing = actum(ran.root, "show", "pipeline", "nowhere")
    assert (missing.status, "there is no nowhere/dvc.yaml (there is one in ., other)" in missing.err) == (1, True)
    assert actum(ran.root, "show", "late-arrival", "other").status == 2


def test_what_dvc_yaml_names_by_now_is_not_remarked_on_any_more(ran: Registry, actum: Actum) -> None:
    (kind, message), *_ = remarks(actum, ran)
    assert (kind, "deps: data/holidays.csv, lib/scales.py (run/" in message) == ("stage-undeclared", True)
    wider = PIPELINE.replace("src/train.py]", "src/train.py, lib, data/holidays.csv]")
    ran.put("dvc.yaml", wider.encode())
    ran.commit("Named")
    assert [kind for kind, _ in remarks(actum, ran)] == ["stage-unseeded"]


WIDER = PIPELINE.replace("outs: [data/flights.parquet]", "outs: [data/flights.parquet, data/x.parquet]")


def unused(actum: Actum, registry: Registry) -> list[str]:
    return [message for kind, message in remarks(actum, registry) if kind == "output-unused"]


def test_an_output_that_nobody_reads_is_named_until_somebody_does(ran: Registry, actum: Actum) -> None:
    ran.put("dvc.yaml", WIDER.encode())
    ran.commit("One more output")
    assert unused(actum, ran) == ["stage ingest makes data/x.parquet, which nobody reads"]
    reader = FeatureView(
        schema="feature-view/1",
        view="x",
        owner="ana@example.org",
        entity=("flight",),
        source=Source(path="data/*.parquet"),
        features=(Feature(name="delay", type="float", description="late"),),
    )
    ran.put(layout.view("x"), reader)
    ran.commit("A view reads it")
    assert unused(actum, ran) == []


@pytest.mark.parametrize(
    "text",
    [
        "plots: [data/x.parquet]\n",
        "metrics: [data/x.parquet]\n",
        "artifacts: {x: {path: data/x.parquet}}\n",
        "  more: {cmd: x, deps: [data]}\n",
    ],
)
def test_whatever_names_an_output_uses_it(ran: Registry, actum: Actum, text: str) -> None:
    ran.put("dvc.yaml", (WIDER + text).encode())
    ran.commit("Used")
    assert unused(actum, ran) == []


def test_another_pipeline_may_read_it(ran: Registry, actum: Actum) -> None:
    ran.put("dvc.yaml", WIDER.encode())
    ran.put("other/dvc.yaml", b"stages: {report: {cmd: x, deps: [../data/x.parquet]}}\n")
    ran.commit("Used elsewhere")
    assert [message for kind, message in remarks(actum, ran, ".") if kind == "output-unused"] == []


@pytest.mark.parametrize(
    ("params", "values", "is_seeded"),
    [
        ("[seed]", "seed: 7", True),
        ("[model]", "model: {forest: {random_state: 7}}", True),
        ("[model]", "model: {depth: 6}", False),
        ("[other.yaml: [a.SEED]]", "", True),
    ],
)
def test_a_stage_that_makes_a_model_has_a_seed_among_its_params(
    ran: Registry, actum: Actum, params: str, values: str, is_seeded: bool
) -> None:
    told = PIPELINE.replace("outs: [models/m.skops]", f"params: {params}\n    outs: [models/m.skops]")
    ran.put("dvc.yaml", told.encode())
    asked = f"params.yaml: {{{values}}}" if values else "other.yaml: {a.SEED: 7}"
    lock = locked(ran).replace(
        "    outs:\n    - {path: models", f"    params: {{{asked}}}\n    outs:\n    - {{path: models"
    )
    ran.put("dvc.lock", lock.encode())
    ran.commit("Told")
    assert ("stage-unseeded" in [kind for kind, _ in remarks(actum, ran)]) is not is_seeded


def findings(actum: Actum, registry: Registry, *words: str) -> list[dict[str, Any]]:
    printed = actum(registry.root, "check", "--json", *words)
    found: list[dict[str, Any]] = json.loads(printed.out)["data"]["findings"]
    return [one for one in found if one["kind"] in ("stage-undeclared", "output-unused", "stage-unseeded")]


def test_a_change_hears_only_what_it_brings_and_the_trunk_all_of_it(ran: Registry, actum: Actum) -> None:
    assert [(one["kind"], one["weight"]) for one in findings(actum, ran)] == [("stage-undeclared", "warn")]
    begin = ran.git("rev-list", "--max-parents=0", "HEAD")
    ran.git("switch", "--quiet", "--create", "topic")
    ran.put("notes.txt", b"x")
    ran.commit("Nothing of a pipeline")
    assert findings(actum, ran, "--base", "main") == []
    brought = [one["kind"] for one in findings(actum, ran, "--base", begin)]
    assert brought == ["stage-undeclared", "stage-unseeded"]
    ran.put("dvc.yaml", WIDER.encode())
    ran.commit("One more output")
    assert [one["kind"] for one in findings(actum, ran, "--base", "main")] == ["output-unused"]


def test_a_model_cannot_be_called_pipeline(registry: Registry, actum: Actum) -> None:
    registry.put(layout.card("pipeline"), b"schema: model/1\nmodel: pipeline\nowner: a@example.org\nartifact: m.bin\n")
    registry.commit("A card")
    assert "is 'pipeline', which ids use for something else" in actum(registry.root, "ls").err
