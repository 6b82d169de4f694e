"""``--sort`` and ``--limit``."""

from __future__ import annotations

from actum.catalogue.happenings import Happening
from actum.catalogue.holdings import Holdings
from actum.catalogue.listing import rows
from actum.catalogue.sorting import sort
from tests.catalogue.make_registry import Actum, Story


def test_versions_sort_as_versions_not_as_text(copy: Story, actum: Actum) -> None:
    copy.registry.version("10.0.0", "2013-11-01", copy.runs[0])
    copy.registry.commit()
    printed = actum(copy.root, "ls", "versions", "late-arrival", "--sort", "version")
    assert [line.split()[0] for line in printed.out.splitlines()] == ["version", "1.0.0", "2.0.0", "10.0.0"]


def test_rows_sort_by_a_metric_and_those_without_it_come_last(copy: Story, actum: Actum) -> None:
    copy.registry.run("2013-11-01T09:00", metrics={"auc": 0.75, "rows": 3})
    copy.registry.run("2013-11-02T09:00", metrics={})
    copy.registry.commit()
    printed = actum(copy.root, "ls", "runs", "--sort", "-auc", "--limit", "3")
    assert [line.split()[1] for line in printed.out.splitlines()] == [
        "started",
        "2013-09-14",
        "2013-11-01",
        "2013-03-24",
    ]
    ascending = actum(copy.root, "ls", "runs", "--sort", "auc")
    assert [line.split()[1] for line in ascending.out.splitlines()][-1] == "2013-11-02"


def test_a_field_that_no_row_has_is_a_usage_error(story: Story, actum: Actum) -> None:
    printed = actum(story.root, "ls", "versions", "--sort", "aux")
    assert printed == (2, "", "error: --sort aux: no row has aux, did you mean auc?\n")


def test_events_sort_by_the_clock_that_recorded_them(holdings: Holdings) -> None:
    recorded = [
        row.recorded_at for row in sort(list(rows(holdings, "events")), "recorded_at") if isinstance(row, Happening)
    ]
    assert len(recorded) == 6
    assert recorded == sorted(recorded)
