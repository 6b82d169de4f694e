"""What came of what: exact where records are, never told too little, and counted whole."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from actum import layout
from actum.lineage.graph import Graph, Node
from actum.records.event import Comparison, Supplied
from actum.records.run import Run, RunStage
from tests.catalogue.make_registry import Actum, Registry, Story, digest, fact, md5

RAW = "data/raw/flights.csv"


def told(actum: Actum, registry: Registry, *words: str) -> dict[str, Any]:
    """Return the only walk of ``lineage WORDS``."""
    printed = actum(registry.root, "lineage", *words, "--json")
    assert printed.status == 0, printed.err
    (walk,) = json.loads(printed.out)["data"]["walks"]
    assert isinstance(walk, dict)
    return walk


def named(walk: dict[str, Any], kind: str) -> list[str]:
    return [node["id"] for node in walk["nodes"] if node["kind"] == kind]


def with_a_side(registry: Registry, when: str, labels: str = "labels", **known: Any) -> Run:
    """Put a run on record whose pipeline has a stage ``report`` that feeds no model, and ``judge``, which reads one."""
    run = registry.run(when, **known)
    stages = (
        *run.stages,
        RunStage(name="report", run=run.id, cmd="x", seconds=1, deps=("data/notes.csv",), outs=("report.html",)),
        RunStage(
            name="judge", run=run.id, cmd="x", seconds=1, deps=("models/m.skops", "data/labels.csv"), outs=("m.json",)
        ),
    )
    more = {"data/notes.csv": "notes", "report.html": "report", "data/labels.csv": labels, "m.json": "m" + labels}
    run = replace(run, stages=stages, files=(*run.files, *(fact(path, text) for path, text in more.items())))
    registry.put(layout.run(run.id, run.started_at), run)
    return run


@pytest.fixture
def sided(registry: Registry) -> Registry:
    registry.card()
    registry.version("1.0.0", "2013-03-25T12:00", with_a_side(registry, "2013-03-24T09:00"))
    registry.commit("One version")
    return registry


def test_a_wrong_file_is_followed_to_versions_stages_and_decisions(story: Story, actum: Actum) -> None:
    walk = told(actum, story.registry, RAW, "--down")
    assert walk["touched"] == {
        "runs": 2,
        "versions": ["late-arrival@v1.0.0", "late-arrival@v2.0.0"],
        "stands": ["late-arrival#production", "late-arrival#staging"],
        "stood": [],
        "segments": 1,
        "decisions": 1204,
        "first_moment": "2013-04-01T04:10:00Z",
        "last_moment": "2013-04-30T22:55:00Z",
    }
    stood = [node["facts"] for node in walk["nodes"] if node["kind"] == "stage"]
    assert {(one["version"], one["since"][:10], one.get("until", "")[:10]) for one in stood} == {
        ("1.0.0", "2013-04-01", "2013-10-01"),
        ("2.0.0", "2013-10-01", ""),
        ("2.0.0", "2013-09-20", ""),
    }


def test_what_only_another_stage_read_touches_no_version(sided: Registry, actum: Actum) -> None:
    walk = told(actum, sided, "data/notes.csv", "--down")
    assert (named(walk, "version"), walk["touched"]["versions"], walk["touched"]["runs"]) == ([], [], 1)
    assert "data/notes.csv" not in named(told(actum, sided, "late-arrival@v1.0.0", "--up"), "file")


def test_what_a_model_was_measured_by_touches_its_version(sided: Registry, actum: Actum) -> None:
    walk = told(actum, sided, "data/labels.csv", "--down")
    assert named(walk, "version") == ["late-arrival@v1.0.0"]
    assert [one["how"] for one in walk["arrows"]] == ["read", "measured"]


def test_a_stage_that_was_not_executed_again_leads_on_from_the_run_that_did(story: Story, actum: Actum) -> None:
    walk = told(actum, story.registry, "late-arrival@v2.0.0", "--up")
    by_run = {node["id"]: node["stages"] for node in walk["nodes"] if node["kind"] == "run"}
    first, second = (f"run/{run.id}" for run in story.runs)
    assert by_run == {second: ["train"], first: ["ingest"]}


def test_contents_of_one_path_are_told_apart(sided: Registry, actum: Actum) -> None:
    again = with_a_side(sided, "2013-05-24T09:00", labels="better labels", model_bytes="two")
    sided.version("1.1.0", "2013-05-25T12:00", again, model_bytes="two")
    sided.commit("Better labels")
    older, newer = md5("labels"), md5("better labels")
    assert named(told(actum, sided, f"data/labels.csv@{older}", "--down"), "version") == ["late-arrival@v1.0.0"]
    assert named(told(actum, sided, f"data/labels.csv@{newer[:8]}", "--down"), "version") == ["late-arrival@v1.1.0"]
    both = told(actum, sided, "data/labels.csv", "--down")["touched"]["versions"]
    assert both == ["late-arrival@v1.0.0", "late-arrival@v1.1.0"]
    refused = actum(sided.root, "lineage", f"data/labels.csv@{'0' * 32}")
    assert (refused.status, "no run, version or seal on record names data/labels.csv@" in refused.err) == (1, True)


def test_equal_bytes_that_another_run_made_are_not_taken_for_this_runs_own(sided: Registry, actum: Actum) -> None:
    again = with_a_side(sided, "2013-05-24T09:00")  # the very same bytes everywhere
    sided.version("1.1.0", "2013-05-25T12:00", again)
    sided.commit("The same once more")
    runs = named(told(actum, sided, "late-arrival@v1.1.0", "--up"), "run")
    assert runs == [f"run/{again.id}"]


def test_a_folder_stands_for_what_lies_in_it_and_a_file_for_the_folder_it_lies_in(
    sided: Registry, actum: Actum
) -> None:
    for folder in ("data/raw/", "data/raw", "./data/raw"):
        walk = told(actum, sided, folder, "--down")
        assert [key.partition("@")[0] for key in walk["roots"]] == [RAW], folder
    inside = told(actum, sided, f"./{RAW}/part-1.csv", "--down")
    assert [key.partition("@")[0] for key in inside["roots"]] == [RAW]


def test_without_the_run_a_version_still_says_what_data_it_came_of(story: Story, copy: Story, actum: Actum) -> None:
    run = copy.runs[0]
    (copy.root / layout.run(run.id, run.started_at)).unlink()
    copy.registry.commit("Lost")
    walk = told(actum, copy.registry, "late-arrival@v1.0.0", "--up")
    lost = next(node for node in walk["nodes"] if node["id"] == f"run/{run.id}")
    assert (lost["facts"], named(walk, "file")) == ({"on_record": False}, [RAW])
    assert "not on record" in actum(copy.root, "lineage", "late-arrival@v1.0.0", "--up").out


def test_a_table_that_was_decided_about_leads_to_the_decisions(copy: Story, actum: Actum) -> None:
    assert copy.seal.seal
    body = replace(copy.seal.seal, input="data/cases.parquet", input_sha256=digest("cases"))
    sealed = replace(copy.seal, seal=body)
    copy.registry.put(layout.event(sealed.model, sealed.id, sealed.kind), sealed)
    copy.registry.commit("Decided about a table")
    walk = told(actum, copy.registry, "data/cases.parquet", "--down")
    assert (named(walk, "version"), walk["touched"]["decisions"]) == ([], 1204)


def test_what_features_of_decisions_were_built_from_leads_to_them_through_the_run_that_made_it(
    copy: Story, actum: Actum
) -> None:
    assert copy.seal.seal
    supplied = Supplied(
        set="flights",
        how="built",
        inputs=("delay",),
        commit="a" * 40,
        engine="duckdb",
        sha256=digest("table"),
        sources=(fact("data/flights.parquet", "flights"),),
    )
    sealed = replace(copy.seal, seal=replace(copy.seal.seal, supplied=supplied))
    copy.registry.put(layout.event(sealed.model, sealed.id, sealed.kind), sealed)
    copy.registry.commit("Decided with features")
    (segment,) = [
        node["key"] for node in told(actum, copy.registry, RAW, "--down")["nodes"] if node["kind"] == "segment"
    ]
    source = f"data/flights.parquet@{md5('flights')}"
    arrows = told(actum, copy.registry, "src/ingest.py", "--down")["arrows"]
    run = f"run/{copy.runs[0].id}"
    assert [one["how"] for one in arrows if (one["source"], one["target"]) == (run, source)] == ["made"]
    assert [one["how"] for one in arrows if (one["source"], one["target"]) == (source, segment)] == ["read"]


def test_a_holdout_leads_to_the_promotion_that_it_judged(copy: Story, actum: Actum) -> None:
    card = (copy.root / layout.card("late-arrival")).read_text()
    holdout = "holdout: {path: holdout.parquet, label: late, features: data/f.parquet}\n"
    copy.registry.put(layout.card("late-arrival"), (card + holdout).encode())
    moved = copy.promotions[2]
    assert moved.promotion
    judged = replace(moved.promotion, comparison=Comparison(holdout=md5("holdout"), rows=10))
    copy.registry.put(layout.event(moved.model, moved.id, moved.kind), replace(moved, promotion=judged))
    copy.registry.commit("Judged")
    walk = told(actum, copy.registry, "registry/late-arrival/holdout.parquet", "--down")
    assert [(one["target"], one["how"]) for one in walk["arrows"]] == [(f"event/{moved.id}", "judged")]


def test_at_a_date_only_what_was_so_by_then_is_told(story: Story, actum: Actum) -> None:
    walk = told(actum, story.registry, RAW, "--down", "--at", "2013-03-31")
    assert walk["touched"]["versions"] == ["late-arrival@v1.0.0"]
    assert (walk["touched"]["stands"], walk["touched"]["segments"]) == ([], 0)


def test_depth_limits_what_is_shown_and_not_what_is_counted(story: Story, actum: Actum) -> None:
    walk = told(actum, story.registry, RAW, "--down", "--depth", "1")
    assert (len(walk["nodes"]), walk["touched"]["decisions"]) == (2, 1204)


def test_a_decision_leads_back_to_the_data(story: Story, actum: Actum) -> None:
    assert story.seal.seal
    within = story.seal.seal.segment[:-1] + "Z"
    walk = told(actum, story.registry, f"late-arrival/{within}", "--up")
    assert (named(walk, "version"), RAW in named(walk, "file")) == (["late-arrival@v1.0.0"], True)
    assert told(actum, story.registry, f"event/{story.seal.id}", "--up")["roots"] == walk["roots"]


def test_a_run_that_no_commit_has_is_followed_and_says_so(copy: Story, actum: Actum) -> None:
    copy.registry.run("2013-12-01T09:00", ingested_by=copy.runs[0].id)
    assert "not committed" in actum(copy.root, "lineage", RAW, "--down").out


def test_what_cannot_be_read_is_named_and_the_rest_is_told(copy: Story, actum: Actum) -> None:
    place = layout.run(copy.runs[1].id, copy.runs[1].started_at)
    copy.registry.put(place, b"{")
    copy.registry.commit("Cut off")
    printed = actum(copy.root, "lineage", RAW, "--down", "--json")
    envelope = json.loads(printed.out)
    assert (printed.status, [place in warning for warning in envelope["warnings"]]) == (0, [True])
    assert envelope["data"]["walks"][0]["touched"]["versions"][0] == "late-arrival@v1.0.0"


VIEW = """\
schema: feature-view/1
view: delays
owner: ana@example.org
entity: [flight]
source: {path: data/raw/flights.csv, event_at: at}
features:
- {name: delay, type: float, description: minutes late}
"""


def test_a_feature_is_followed_from_its_file_to_the_versions_that_pin_it(copy: Story, actum: Actum) -> None:
    from actum.records.version import Pins

    copy.registry.put("features/delays.yaml", VIEW.encode())
    pins = Pins(set="flights", digests={"delay": digest("meaning"), "gone": digest("other")})
    pinned = replace(copy.versions[1], features=pins)
    copy.registry.put(layout.version("late-arrival", "2.0.0"), pinned)
    copy.registry.commit("Features")
    down = told(actum, copy.registry, "features/delays.yaml", "--down")
    assert (named(down, "feature"), named(down, "version")) == (["feature/delays.delay"], ["late-arrival@v2.0.0"])
    assert named(told(actum, copy.registry, "feature/delay", "--down"), "version") == ["late-arrival@v2.0.0"]
    up = told(actum, copy.registry, "late-arrival@v2.0.0", "--up")
    assert named(up, "feature") == ["feature/delays.delay", "feature/gone"]
    # The definitions know a path; which bytes a version was trained with only its run knows.
    exact = told(actum, copy.registry, f"{RAW}@{md5('raw')}", "--down")
    assert named(exact, "view") == []
    assert "features/delays.yaml" in named(told(actum, copy.registry, RAW, "--down"), "view")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("data/raw/flight.csv",), 1, "did you mean data/raw/flights.csv?"),
        (("late-arival",), 1, "there is no model late-arival, did you mean late-arrival?"),
        (("late-arrival@v9.9.9",), 1, "nothing on record came of late-arrival@v9.9.9"),
        (("late-arrival", "--mermaid", "--json"), 2, "--mermaid and --json are two answers"),
        (("event/017PJA6MW0",), 2, "nothing comes of an attestation"),
    ],
)
def test_what_is_not_on_record_is_refused_by_name(
    story: Story, actum: Actum, words: tuple[str, ...], status: int, said: str
) -> None:
    printed = actum(story.root, "lineage", *words)
    assert (printed.status, said in printed.err) == (status, True), printed.err


def test_no_foreign_name_breaks_a_diagram(copy: Story, actum: Actum) -> None:
    evil = 'data/a"]; click n0 "x.csv'
    run = copy.registry.run("2013-12-01T09:00")
    first = replace(run.stages[0], deps=(*run.stages[0].deps, evil))
    run = replace(run, stages=(first, *run.stages[1:]), files=(*run.files, fact(evil, "evil")))
    copy.registry.put(layout.run(run.id, run.started_at), run)
    lines = actum(copy.root, "lineage", f"run/{run.id}", "--up", "--mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    drawn = [line for line in lines if "click" in line]
    assert drawn == [line for line in drawn if line.count('"') == 2]
    assert len(drawn) == 1


def test_runs_that_led_to_nothing_do_not_hide_what_is_touched(registry: Registry, actum: Actum) -> None:
    registry.card()
    runs = [registry.run(f"2013-03-{day:02}T09:00") for day in range(1, 10)]
    registry.version("1.0.0", "2013-03-25T12:00", runs[2])
    registry.commit("Many runs")
    out = actum(registry.root, "lineage", RAW, "--down").out.splitlines()
    assert sum("run/" in line for line in out) == 4
    assert "  └─ 5 earlier runs of which no version came" in out
    assert "  runs       9" in out


def test_a_circle_of_equal_bytes_ends() -> None:
    graph = Graph()
    for key in "abc":
        graph.add(Node(key=key, kind="file", id=key))
    for source, target in ("ab", "bc", "ca"):
        graph.link(source, target, "made")
    shown = graph.shown(["a"], "down")
    assert (list(shown.nodes), len(shown.arrows)) == (["a", "b", "c"], 3)
