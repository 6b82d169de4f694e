"""What differs between two versions or runs."""

from __future__ import annotations

import pytest

from actum.catalogue.differences import Change, Likeness, changes, compare
from actum.catalogue.figures import headline, written
from actum.catalogue.holdings import Holdings
from actum.names import parse_reference
from tests.catalogue.make_registry import MODEL, Actum, Story, fact, holdings_of


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ({"depth": 6}, {"depth": 6}, ()),
        ({"depth": 6}, {"depth": 8}, (Change(name="depth", how="changed", a=6, b=8, difference=2),)),
        ({}, {"seed": "x"}, (Change(name="seed", how="added", b="x"),)),
        ({"seed": None}, {}, (Change(name="seed", how="removed"),)),
        ({"warm": 1}, {"warm": True}, (Change(name="warm", how="changed", a=1, b=True),)),
        ({"depth": 1}, {"depth": 1.0}, ()),
    ],
)
def test_values_are_compared_by_meaning(a: dict[str, object], b: dict[str, object], found: tuple[Change, ...]) -> None:
    assert changes(a, b) == found


def test_a_run_equals_the_version_that_was_made_from_it(story: Story, holdings: Holdings) -> None:
    run, version = f"run/{story.runs[1].id}", f"{MODEL}@v2.0.0"
    found = compare(holdings, parse_reference(run), parse_reference(version))
    assert found.is_none()
    assert found.model == (Likeness(of="bytes", equal=True),)


def test_data_differ_by_content_not_by_size(copy: Story) -> None:
    other = (fact("data/raw/flights.csv", "other"), fact("data/raw/weather.csv", "new"))
    copy.registry.version("2.0.1", "2013-11-01", copy.runs[1], model_bytes="two", data=other)
    copy.registry.commit()
    found = compare(holdings_of(copy.root), parse_reference(f"{MODEL}@v2.0.0"), parse_reference(MODEL))
    assert [(change.path, change.how) for change in found.data] == [
        ("data/raw/flights.csv", "changed"),
        ("data/raw/weather.csv", "added"),
    ]
    assert found.model == tuple(Likeness(of=respect, equal=True) for respect in ("bytes", "state", "predictions"))
    assert not found.is_none()


def test_packages_that_cannot_be_read_are_unknown_not_equal(copy: Story, actum: Actum) -> None:
    copy.registry.put("requirements.lock", b"numpy @ file:///numpy.whl\n")
    copy.registry.commit()
    run = copy.registry.run("2013-11-01T09:00")
    copy.registry.version("2.0.1", "2013-11-01", run)
    copy.registry.commit()
    printed = actum(copy.root, "diff", f"{MODEL}@v2.0.0", MODEL)
    assert printed.status == 0
    assert [line for line in printed.out.splitlines() if line.startswith("unknown")] == [
        "unknown  late-arrival@v2.0.1: requirements.lock: line 1: numpy comes from an address, not from an index"
    ]


def test_a_run_whose_commit_is_gone_has_no_code_to_compare(copy: Story, actum: Actum) -> None:
    run = copy.registry.run("2013-11-01T09:00", code_commit="1" * 40)
    copy.registry.commit()
    printed = actum(copy.root, "diff", f"run/{copy.runs[1].id}", f"run/{run.id}")
    assert printed.status == 0
    assert (
        f"unknown  run/{run.id}: its commit is not in this clone, so its code cannot be compared"
        in printed.out.splitlines()
    )


@pytest.mark.parametrize("asked", ["event/0185RN0X00", "late-arrival/017SFAMZZZ0000000005NXKTJT"])
def test_only_versions_and_runs_can_be_compared(asked: str, story: Story, actum: Actum) -> None:
    printed = actum(story.root, "diff", asked, MODEL)
    assert (printed.status, printed.out) == (2, "")
    assert printed.err.endswith("cannot be compared\nhint: actum diff MODEL@v1.0.0 MODEL@v1.1.0\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.70614, "0.7061"),
        (1.0, "1"),
        (1204, "1,204"),
        (86326.4, "86,326"),
        (True, "True"),
        ("x", "x"),
        (1e-9, "1e-09"),
    ],
)
def test_a_figure_is_written_in_four_digits(value: object, text: str) -> None:
    assert written(value) == text


def test_the_headline_names_what_the_policy_asks_for_first() -> None:
    metrics = {"auc": 0.7, "note": "x", "brier": 0.1, "loss": 0.4}
    assert list(headline(metrics, 2, ("brier", "absent"))) == ["brier", "auc"]
