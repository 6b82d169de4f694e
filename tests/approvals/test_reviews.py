"""The list of reviews that a forge gives: read by field, and each reviewer's last word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actum.approvals.reviews import MOST_BYTES, last_words, read_reviews
from actum.errors import InvalidRecordError

COMMIT = "c" * 40


def item(
    login: str | None = "rosa-r", state: str = "APPROVED", at: str | None = "2024-05-02T10:00:00Z", **more: Any
) -> Any:
    user = None if login is None else {"login": login, "id": 7, "type": "User", "site_admin": False}
    told = {"id": 80, "node_id": "MDE3", "user": user, "body": "Fine.\r\nReally.", "state": state}
    told |= {"html_url": "https://forge.example/pull/12#pullrequestreview-80", "submitted_at": at}
    told |= {"commit_id": COMMIT, "author_association": "MEMBER", "_links": {"html": {"href": "x"}}}
    return told | more


def words(*items: Any) -> list[tuple[str, str]]:
    found = last_words(read_reviews(json.dumps(items).encode(), where="reviews.json"))
    return [(one.user.login, one.state) for one in found if one.user]


def test_a_payload_of_the_forge_is_read_with_all_that_it_brings() -> None:
    (found,) = read_reviews(json.dumps([item()]).encode(), where="reviews.json")
    assert (found.id, found.user and found.user.login, found.state) == (80, "rosa-r", "APPROVED")
    assert (found.commit_id, found.html_url) == (COMMIT, "https://forge.example/pull/12#pullrequestreview-80")
    assert found.author_association == "MEMBER"


def test_no_reviews_are_no_error() -> None:
    assert read_reviews(b"[]", where="reviews.json") == ()


def test_the_last_word_counts_and_a_remark_is_none() -> None:
    first, later, last = (f"2024-05-0{day}T10:00:00Z" for day in (1, 2, 3))
    assert words(item(at=first), item(state="CHANGES_REQUESTED", at=later)) == [("rosa-r", "CHANGES_REQUESTED")]
    assert words(item(at=later), item(state="CHANGES_REQUESTED", at=first)) == [("rosa-r", "APPROVED")]
    assert words(item(at=first), item(state="COMMENTED", at=last)) == [("rosa-r", "APPROVED")]
    assert words(item(state="DISMISSED", at=last), item(at=first)) == [("rosa-r", "DISMISSED")]
    assert words(item(at=first), item("Rosa-R", "DISMISSED", later)) == [("Rosa-R", "DISMISSED")]


def test_a_draft_and_an_account_that_is_gone_say_nothing() -> None:
    assert words(item(state="PENDING", at=None), item(None), item("ben-b")) == [("ben-b", "APPROVED")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "reviews.json: is not JSON: "),
        (b"\xff", "reviews.json: is not JSON: "),
        (b"[" * 100_000, "reviews.json: is not JSON: "),
        (b'{"message": "Not Found"}', "reviews.json: is no list of reviews"),
        (b"[7]", "reviews.json: [0]: is int, must be a mapping"),
        (b"[[]]", "reviews.json: [0]: is a list, must be a mapping"),
    ],
)
def test_what_is_no_list_of_reviews_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        read_reviews(data, where="reviews.json")
    assert str(caught.value).startswith(said)
    assert "gh api" in caught.value.hint or said.startswith("reviews.json: has")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "MAYBE"}, "[1].state: is 'MAYBE', must be one of APPROVED, "),
        ({"state": None}, "[1].state: is required"),
        ({"id": "80"}, "[1].id: is str, must be int"),
        ({"user": {}}, "[1].user.login: is required"),
        ({"user": {"login": 7}}, "[1].user.login: is int, must be str"),
        ({"user": "rosa-r"}, "[1].user: is str, must be a mapping"),
        ({"submitted_at": None}, "[1].submitted_at: is required"),
        ({"submitted_at": "2024-05-02T10:00:00"}, "[1].submitted_at: is '2024-05-02T10:00:00', must be a time "),
        ({"submitted_at": 1714644000}, "[1].submitted_at: is 1714644000, must be a time"),
        ({"commit_id": "HEAD"}, "[1].commit_id: is 'HEAD', must be a whole commit id"),
        ({"commit_id": "c" * 39 + "\n"}, "[1].commit_id: is "),
        ({"html_url": 7}, "[1].html_url: is int, must be str"),
    ],
)
def test_a_malformed_review_is_refused_by_its_field(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        words(item(), item(**changes))
    assert str(caught.value).startswith(f"reviews.json: {said}")


def test_a_list_that_is_too_large_is_not_read() -> None:
    with pytest.raises(InvalidRecordError, match="has 20,000,001 bytes, must have at most 20,000,000"):
        read_reviews(b" " * (MOST_BYTES + 1), where="reviews.json")
