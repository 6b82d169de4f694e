"""State comes from pointers, history from events; where they disagree, a read says so."""

from __future__ import annotations

import json

import pytest

from actum import layout
from tests.catalogue.make_registry import MODEL, Actum, Story

PRODUCTION = f"{MODEL}#production"


def test_pointers_and_events_that_agree_are_not_remarked_upon(story: Story, actum: Actum) -> None:
    for words in (["show", MODEL], ["show", PRODUCTION], ["show", MODEL, "--at", "2013-04-18"]):
        assert actum(story.root, *words).err == ""


@pytest.mark.parametrize("asked", [MODEL, PRODUCTION])
def test_a_pointer_that_says_another_version_than_its_event_is_unreadable(
    asked: str, copy: Story, actum: Actum
) -> None:
    path = layout.stage(MODEL, "production")
    text = (copy.root / path).read_text()
    copy.registry.put(path, text.replace('"2.0.0"', '"1.0.0"').encode())
    copy.registry.commit()
    moved, two = copy.promotions[2], copy.versions[1]
    told = two.artifact.sha256[7:15]
    said = f"{PRODUCTION} says 1.0.0 with {told}, but its event {moved.id} moved {PRODUCTION} to 2.0.0 with {told}"
    printed = actum(copy.root, "show", asked)
    assert said in printed.err
    assert (printed.status, "unreadable" in printed.out) == ((0, True) if asked == MODEL else (1, False))


def test_a_pointer_that_was_put_back_by_hand_does_not_know_the_last_promotion(copy: Story, actum: Actum) -> None:
    first, _, moved = copy.promotions
    version, path = copy.versions[0], layout.stage(MODEL, "production")
    told = {"model": MODEL, "stage": "production", "version": "1.0.0", "artifact": version.artifact.sha256}
    lines = [f"{name}: {json.dumps(value)}" for name, value in (told | {"event": first.id}).items()]
    copy.registry.put(path, "\n".join(["schema: stage/1", *lines, ""]).encode())
    copy.registry.commit()
    said = f"{PRODUCTION}: event {moved.id} moved it to 2.0.0, which its pointer does not know"
    for words in (["show", MODEL], ["show", PRODUCTION]):
        printed = actum(copy.root, *words)
        assert (printed.status, printed.err) == (0, f"warning: {said}\n")
        assert json.loads(actum(copy.root, *words, "--json").out)["warnings"] == [said]
    assert actum(copy.root, "show", f"{MODEL}#staging").err == ""
    assert actum(copy.root, "show", MODEL, "--at", "2014-01-01").err == ""


def test_a_promotion_without_any_pointer_is_said(copy: Story, actum: Actum) -> None:
    staged = copy.promotions[1]
    (copy.root / layout.stage(MODEL, "staging")).unlink()
    copy.registry.commit()
    said = f"{MODEL}#staging: event {staged.id} moved it to 2.0.0, which its pointer does not know"
    assert actum(copy.root, "show", MODEL).err == f"warning: {said}\n"


def test_what_came_before_a_gap_is_not_held_against_the_pointer(copy: Story, actum: Actum) -> None:
    """The event that the pointer names is gone: that is said, and nobody can tell what it followed."""
    moved = copy.promotions[2]
    (copy.root / layout.event(MODEL, moved.id, "promotion")).unlink()
    copy.registry.commit()
    printed = actum(copy.root, "show", MODEL)
    assert printed.err == f"warning: {PRODUCTION} points at event {moved.id}, which is not there\n"


def test_a_promotion_that_waits_on_a_branch_is_none_of_the_pointers(copy: Story, actum: Actum) -> None:
    copy.registry.git("switch", "--quiet", "-c", "promote")
    copy.registry.promotion(copy.versions[0], "production", "2013-12-01")
    copy.registry.commit()
    assert actum(copy.root, "show", MODEL).err == ""
