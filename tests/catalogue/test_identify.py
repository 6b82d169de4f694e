"""What an id that a user typed stands for."""

from __future__ import annotations

import pytest

from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import identify, shown_length
from actum.names import Reference
from tests.catalogue.make_registry import Actum, Story


def test_six_characters_of_a_ulid_are_enough_where_they_are_unique(story: Story, holdings: Holdings) -> None:
    run, event = story.runs[0].id, story.promotions[0].id
    assert identify(holdings, f"run/{run[:6]}") == Reference("run", "run", run)
    assert identify(holdings, f"event/{event[:6].lower()}") == Reference("event", "event", event)
    assert identify(holdings, run[:10]) == Reference("run", "run", run)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("late-arival", 1, "there is no model late-arival, did you mean late-arrival?\nhint: actum ls models"),
        ("churn@v1.0.0", 1, "there is no model churn (there is late-arrival)\nhint: actum ls models"),
        (
            "late-arrival@v1.0.1",
            1,
            "there is no late-arrival@v1.0.1, did you mean 1.0.0?\nhint: actum ls versions late-arrival",
        ),
        (
            "late-arrival#produktion",
            1,
            "there is no stage late-arrival#produktion, did you mean production?\nhint: actum ls stages",
        ),
        (
            "run/0184DX",
            1,
            "there is no run/0184DX, did you mean run/0184DV5EM0000000005QFP5B7D?\nhint: actum ls runs",
        ),
        (
            "run/0184",
            2,
            (
                "'run/0184' is not an id\nhint: write MODEL, MODEL@v1.2.0, MODEL#production, run/ULID, event/ULID, "
                "feature/NAME or MODEL/ULID (a decision)"
            ),
        ),
        (
            "late-arrival/018SFA",
            2,
            (
                "late-arrival/018SFA is no segment, and too short for a decision\n"
                "hint: write all 26 characters of a decision's id, or: actum ls decisions late-arrival"
            ),
        ),
        ("feature/delays.mean", 1, "there is no feature/delays.mean\nhint: actum ls features"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is_near(
    asked: str, status: int, said: str, story: Story, actum: Actum
) -> None:
    assert actum(story.root, "show", asked) == (status, "", f"error: {said}\n")


def test_an_ambiguous_prefix_is_an_error_that_lists_what_fits(copy: Story, actum: Actum) -> None:
    one, two = copy.registry.run("2013-11-01T09:00").id, copy.registry.run("2013-11-01T09:01").id
    copy.registry.commit()
    assert one[:6] == two[:6]
    printed = actum(copy.root, "show", f"run/{one[:6]}")
    assert printed == (
        1,
        "",
        f"error: run/{one[:6]} fits 2 ids:\n  {one}\n  {two}\nhint: write more of its characters\n",
    )


def test_a_segment_of_decisions_is_shown_by_its_seal(story: Story, actum: Actum) -> None:
    assert story.seal.seal
    by_segment = actum(story.root, "show", f"late-arrival/{story.seal.seal.segment[:6]}")
    assert by_segment == actum(story.root, "show", f"event/{story.seal.id}")


@pytest.mark.parametrize(
    ("ulids", "length"),
    [
        ([], 10),
        (["01JDC8ABCD0000000000000000"], 10),
        (["01JDC8ABCD0000000000000000", "01JDC8ABCD0Z00000000000000"], 12),
        (["01JDC8ABCD0000000000000000", "01JDC8ABCD0000000000000000"], 10),
    ],
)
def test_ids_are_told_as_short_as_they_are_unique(ulids: list[str], length: int) -> None:
    assert shown_length(ulids) == length


def test_a_list_of_nothing_known_is_a_usage_error(story: Story, actum: Actum) -> None:
    assert actum(story.root, "ls", "verions") == (
        2,
        "",
        "error: there is no list of verions, did you mean versions?\nhint: actum ls\n",
    )
    assert actum(story.root, "ls", "late-arrival").err == (
        "error: there is no list of late-arrival (models, versions, stages, runs, events, features, decisions)\n"
        "hint: actum ls versions late-arrival\n"
    )


@pytest.mark.parametrize(("made", "held"), [("017SFAG", 0), ("017SFAH", 1), ("017SFAS", 1), ("017SFAV", 0)])
def test_a_decision_lies_between_its_segment_and_the_seal(made: str, held: int, story: Story, actum: Actum) -> None:
    printed = actum(story.root, "show", f"late-arrival/{made.ljust(26, '0')}")
    assert printed.status == 0
    assert printed.out.count("sealed 2013-05-01 06:00Z") == held
    assert printed.out.count("no sealed segment on record can hold it") == 1 - held
