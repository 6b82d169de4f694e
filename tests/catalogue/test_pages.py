"""Every page, whole, as people and programs read it."""

from __future__ import annotations

import json

import pytest

from tests.catalogue.make_registry import Actum, Check, Story, tell

PAGES = {
    "ls": ["ls"],
    "ls-at-a-date": ["ls", "--at", "2013-04-18"],
    "ls-versions": ["ls", "versions"],
    "ls-versions-of-a-model": ["ls", "versions", "late-arrival", "--sort", "-auc", "--limit", "1"],
    "ls-stages-at-a-date": ["ls", "stages", "--at", "2013-04-18"],
    "ls-runs": ["ls", "runs"],
    "ls-events": ["ls", "events"],
    "ls-decisions": ["ls", "decisions"],
    "log": ["log"],
    "log-of-a-version": ["log", "late-arrival@v1.0.0"],
    "log-of-a-stage": ["log", "late-arrival#production"],
    "log-of-a-run": ["log", "run/0184DV5EM0"],
    "log-at-a-date": ["log", "--at", "2013-04-01"],
    "show-model": ["show", "late-arrival"],
    "show-version": ["show", "late-arrival@v1.0.0"],
    "show-stage": ["show", "late-arrival#production"],
    "show-stage-at-a-date": ["show", "late-arrival#production", "--at", "2013-04-18"],
    "show-run": ["show", "run/0184DV5EM0"],
    "show-promotion": ["show", "event/017Q4XVXT0"],
    "show-attestation": ["show", "event/017PJA6MW0"],
    "show-seal": ["show", "event/017SFAT3R0"],
    "show-decision": ["show", "late-arrival/017SFAMZZZ0000000005NXKTJT"],
    "diff-versions": ["diff", "late-arrival@v1.0.0", "late-arrival#production"],
    "diff-runs": ["diff", "run/017PDT0CM0", "run/0184DV5EM0"],
    "lineage-of-a-file": ["lineage", "data/raw/flights.csv", "--down"],
    "lineage-of-a-file-at-a-date": ["lineage", "data/raw/flights.csv", "--down", "--at", "2013-05-01"],
    "lineage-of-a-version": ["lineage", "late-arrival@v2.0.0"],
    "lineage-of-a-segment": ["lineage", "late-arrival/017SFAGYS", "--up"],
    "diff-of-a-thing-and-itself": ["diff", "run/017PDT0CM0", "late-arrival@v1.0.0"],
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_as_agreed_and_fits_a_terminal(page: str, story: Story, actum: Actum, golden: Check) -> None:
    printed = actum(story.root, *PAGES[page])
    assert printed.status == 0
    assert [line for line in printed.out.splitlines() if len(line) > 100] == []
    text = f"$ actum {' '.join(PAGES[page])}\n{printed.out}{printed.err}"
    for run, name in zip(story.runs, ("COMMIT-ONE", "COMMIT-TWO"), strict=True):
        text = text.replace(run.recipe().code_commit[:10], name)  # what lies in a commit changes with every schema
    golden(page, text)


@pytest.mark.parametrize("page", PAGES)
def test_json_is_one_envelope(page: str, story: Story, actum: Actum) -> None:
    printed = actum(story.root, *PAGES[page], "--json")
    whole = json.loads(printed.out)
    assert (printed.status, printed.err) == (0, "")
    assert list(whole) == ["schema", "clock", "data", "warnings", "next"]
    assert whole["clock"] == "real"
    assert whole["warnings"] == []
    assert whole["schema"].endswith("/1")


def test_json_tells_a_stage_whole(story: Story, actum: Actum) -> None:
    data = json.loads(actum(story.root, "ls", "stages", "--at", "2013-04-18", "--json").out)["data"]
    assert data == [
        {
            "model": "late-arrival",
            "stage": "production",
            "version": "1.0.0",
            "since": "2013-04-01T00:00:00Z",
            "recorded_at": "2013-04-02T08:30:00Z",
            "by": {"name": "ana", "email": "ana@example.org"},
            "event": story.promotions[0].id,
            "readable": True,
        },
        {"model": "late-arrival", "stage": "staging", "readable": True},
    ]


def test_every_output_of_a_simulated_clock_says_so(tmp_path_factory: pytest.TempPathFactory, actum: Actum) -> None:
    root = tell(tmp_path_factory.mktemp("simulated"), "simulated").root
    assert actum(root, "ls", "stages").err == "clock: simulated\n"
    assert json.loads(actum(root, "log", "--json").out)["warnings"] == ["clock: simulated"]


def test_an_empty_list_says_what_to_do_first(story: Story, actum: Actum) -> None:
    printed = actum(story.root, "ls", "versions", "--at", "2013-01-01")
    assert printed == (0, "", "next: actum register MODEL\n")


def test_runs_beyond_the_first_thirty_are_not_left_out_silently(copy: Story, actum: Actum) -> None:
    for hour in range(24):
        copy.registry.run(f"2013-11-01T{hour:02}:00")
        copy.registry.run(f"2013-11-02T{hour:02}:00")
    copy.registry.commit()
    printed = actum(copy.root, "ls", "runs")
    assert len(printed.out.splitlines()) == 31
    assert printed.err == "the first 30 are shown: --limit 0 shows all\n"
    assert len(actum(copy.root, "ls", "runs", "--limit", "0").out.splitlines()) == 51
