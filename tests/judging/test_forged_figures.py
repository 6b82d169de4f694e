"""What an event says of the holdout must come out again when check judges it: real versions, real figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from actum import layout
from actum.cli.main import main
from actum.filing import read_record, write_record
from actum.records.event import Comparison, Event, Figure
from tests.judging.judged_project import SETTINGS, Loans
from tests.real_git import git

BRANCH = "promote/loans/production"
POLICY = "schema: policy/1\npolicy: loans\nmargins: [{metric: auc, worse_by_at_most: 0.01}]\n"


@pytest.fixture
def promoted(loans: Loans, capsys: pytest.CaptureFixture[str]) -> Loans:
    """The challenger waits on its branch, judged beside the champion."""
    card = (loans.root / layout.card("loans")).read_text()
    loans.commit({
        "actum.yaml": SETTINGS + "applications:\n  - {name: shop, owner: ana@example.org}\n",
        layout.card("loans"): card + "applications: [shop]\npolicy: loans\n",
        layout.policy("loans"): "schema: policy/1\npolicy: loans\n",
    })  # fmt: skip
    assert main(["-C", str(loans.root), "promote", "loans@v1.0.0", "--to", "production"]) == 0
    git(loans.root, "merge", "-q", "--no-ff", "--no-edit", BRANCH)
    loans.commit({layout.policy("loans"): POLICY})
    assert main(["-C", str(loans.root), "promote", "loans@v2.0.0", "--to", "production"]) == 0
    git(loans.root, "switch", "-q", BRANCH)
    capsys.readouterr()
    return loans


def found(loans: Loans, capsys: pytest.CaptureFixture[str], status: int) -> list[tuple[str, str]]:
    assert main(["-C", str(loans.root), "check", "--json"]) == status
    told = json.loads(capsys.readouterr().out)["data"]["findings"]
    return [(one["kind"], one["message"]) for one in told]


def forge(loans: Loans, **changes: Any) -> Comparison:
    """Write the event's comparison otherwise, over the honest commit; return the honest one."""
    git(loans.root, "reset", "-q", "--hard", BRANCH)
    (path,) = git(loans.root, "diff", "--name-only", "--diff-filter=A", "main", BRANCH).splitlines()
    event = read_record(path, (loans.root / path).read_bytes())
    assert isinstance(event, Event)
    assert event.promotion is not None
    honest = event.promotion.comparison
    assert honest is not None
    told = None if changes.get("comparison", honest) is None else replace(honest, **changes)
    forged = replace(event, promotion=replace(event.promotion, comparison=told))
    git(loans.root, "checkout", "-q", "--detach")
    loans.commit({path: write_record(forged, path=path)})
    return honest


def better(figures: tuple[Figure, ...]) -> Iterator[Figure]:
    for one in figures:
        yield replace(one, challenger=one.challenger + 0.001) if one.metric == "auc" else one


def test_figures_that_come_out_again_are_clean_and_others_are_refused(
    promoted: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(promoted, capsys, 0) == []
    honest = forge(promoted, flips={})
    said = "comparison: holdout, rows or flips are others when computed again"
    assert found(promoted, capsys, 3) == [("promotion-evidence", said)]
    auc = next(one for one in honest.figures if one.metric == "auc")
    forge(promoted, figures=tuple(better(honest.figures)))
    shown = f"{auc.champion} -> {auc.challenger + 0.001}, computed again {auc.champion} -> {auc.challenger}"
    assert found(promoted, capsys, 3) == [("promotion-evidence", f"comparison: auc is {shown}")]
    forge(promoted, figures=(*honest.figures, Figure(metric="profit", challenger=1e6)))
    said = "comparison: profit is none of the holdout's figures"
    assert found(promoted, capsys, 3) == [("promotion-evidence", said)]
    forge(promoted, comparison=None)
    said = "comparison: is absent, the policy on the base asks for it"
    assert found(promoted, capsys, 3) == [("promotion-evidence", said)]
