"""``actum why``: explained, replayed, proved; and what tampering does to it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from actum import digests, layout, merkle
from actum.decisions import proving
from actum.decisions.seals import body
from actum.digests import canonical_json
from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.explain.locating import Located, Places, locate
from actum.filing import write_record
from actum.records.codec import decode, encode
from actum.records.decision import Decision
from actum.records.event import Attestation, Event, Seal
from actum.revisions import open_head
from tests.real_git import git
from tests.scored_project import MODEL, TABLE, Loans, new_ids

Rewrite = Callable[[str], Path]


def seal_of(loans: Loans) -> Seal:
    return body(loans.seals[0])


def decisions_of(loans: Loans) -> tuple[Decision, ...]:
    return proving.batch(loans.object(seal_of(loans).md5), 0)


def declined(loans: Loans) -> Decision:
    return next(one for one in decisions_of(loans) if one.outcome == "declined")


def located(loans: Loans, decision_id: str) -> Located:
    stores = (open_head(loans.repo),)
    return locate(
        MODEL, decision_id, Places(stores=stores, config=read_config(loans.root, os.environ), environ=os.environ)
    )


def why(loans: Loans, capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert loans.actum("why", *words, "--json") == status
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "why/1"
    return answer


@pytest.fixture
def rewrite(decided: Loans) -> Rewrite:
    """Write the sealed segment anew from a query over its rows ``s``, numbered ``n``; where it lies says the caller."""

    def change(query: str) -> Path:
        source, copy = decided.object(seal_of(decided).md5), decided.root / "tampered.parquet"
        rows = f"WITH s AS (SELECT *, row_number() OVER () - 1 AS n FROM read_parquet('{source}')) {query}"
        duckdb.sql(f"COPY ({rows}) TO '{copy}' (FORMAT PARQUET)")
        return copy

    return change


def into_cache(loans: Loans, copy: Path) -> None:
    """Put other bytes under the sealed object's name, as somebody who can write to the cache would."""
    target = loans.object(seal_of(loans).md5)
    target.unlink()
    copy.rename(target)


def forged(loans: Loans, copy: Path) -> Seal:
    """Return the seal that an attacker would write for other bytes."""
    found = cache_of(read_config(loans.root, os.environ)).put_file(copy)
    copy.unlink()
    root = proving.verify(loans.object(found.md5)).root
    rows = proving.verify(loans.object(found.md5)).rows
    return replace(seal_of(loans), md5=found.md5, sha256=found.sha256, size=found.size, merkle_root=root, rows=rows)


def record(loans: Loans, event: Event) -> None:
    path = layout.event(MODEL, event.id, event.kind)
    loans.commit({path: write_record(event, path=path)}, "Record an event")


def attest(loans: Loans, version: str, now: datetime, **claims: Any) -> None:
    expires = now + timedelta(days=90)
    proof = Attestation(version=version, level="bytes", expires_at=expires, stages_run=1, stages=1, **claims)
    event = replace(loans.seals[0], id=new_ids().new(), kind="attestation", seal=None, attestation=proof)
    record(loans, replace(event, recorded_at=now, effective_at=now))


def test_a_decision_is_explained_replayed_and_proved(decided: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    decision, seal = declined(decided), seal_of(decided)
    assert decided.actum("why", f"{MODEL}/{decision.id}") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"DECLINED small loan   {decision.key} at North"
    assert said[1] == f"  score     {decision.score:.4f} >= 0.5   loans 1.0.0"
    assert said[2].startswith("  because   ")
    at = said.index(f"  replayed  {decision.score!r}   equal, to the bit")
    assert said[at + 1 :] == [
        "  promoted  2020-02-01 by Ana (recorded 2020-01-02)",
        "  model     not rebuilt yet",
        f"  record    sealed {seal.segment}, inclusion proved",
        said[-1],
    ]
    assert said[-1] in ("  outcome   paid back", "  outcome   not paid back")


def test_json_carries_all_that_a_stranger_needs_to_check_the_proof(
    decided: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    decision, seal = declined(decided), seal_of(decided)
    answer = why(decided, capsys, f"{MODEL}/{decision.id}")
    data = answer["data"]
    proof, told = data["record"]["proof"], data["replay"]
    node = merkle.leaf_hash(canonical_json(data["decision"]))
    for step in proof["steps"]:
        sibling = bytes.fromhex(step["digest"])
        pair = sibling + node if step["side"] == "left" else node + sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    assert "sha256:" + node.hex() == proof["root"] == seal.merkle_root
    assert decode(Decision, data["decision"]) == decision
    assert data["record"]["segment"]["sha256"] == seal.sha256
    assert told["score"] == decision.score
    assert sorted(one["input"] for one in told["contributions"]) == ["age", "city", "income"]
    assert next(one for one in told["contributions"] if one["input"] == "income") == {
        "input": "income",
        "words": f"income in {decision.inputs['city']}",
        "value": decision.inputs["income"],
        "unit": "k",
        "contribution": next(one["contribution"] for one in told["contributions"] if one["input"] == "income"),
    }
    assert data["promotion"]["event"]["id"] == decision.stage_event
    assert data["problems"] == []
    assert answer["next"] == ["actum rebuild loans@v1.0.0"]


def test_the_outcome_is_not_known_before_its_time_and_a_decision_not_before_it_was_made(
    decided: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    last = decisions_of(decided)[-1]
    data = why(decided, capsys, f"{MODEL}/{last.id}", "--at", "2020-03-20")["data"]
    assert data["outcome"] == {"state": "absent", "said": "not known on 2020-03-20", "value": None, "known_at": None}
    assert decided.actum("why", f"{MODEL}/{last.id}", "--at", "2020-03-01") == 1
    assert f"error: {MODEL}/{last.id} was decided 2020-03-14T23:00:00Z, after 2020-03-01\n" in capsys.readouterr().err


def test_a_model_that_is_not_linear_is_said_and_an_attestation_shows(
    decided: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decided.actum("score", f"{MODEL}@v2.0.0", TABLE, "--local") == 0
    now = datetime.now(UTC)
    bytes_of_it = {"digest": {"sha256": body(decided.seals[-1]).artifact.removeprefix("sha256:")}}
    attest(decided, "2.0.0", now, statement={"subject": [bytes_of_it]})
    path = decided.object(body(decided.seals[-1]).md5)
    data = why(decided, capsys, f"{MODEL}/{proving.decided(path, 'declined', 1)[0]}")["data"]
    assert data["replay"]["unexplained"] == "not a linear model: DecisionTreeClassifier"
    assert (data["replay"]["state"], data["replay"]["contributions"]) == ("ok", [])
    assert data["model"]["said"] == "rebuilt from git: bytes, today"
    assert data["promotion"]["said"] == "no: the version was named outright, under no stage"


@pytest.mark.parametrize("claim", [{}, {"statement": {"subject": [{"digest": {"sha256": "0" * 64}}]}}])
def test_an_attestation_of_equal_bytes_that_names_other_bytes_or_none_is_not_shown(
    decided: Loans, capsys: pytest.CaptureFixture[str], claim: dict[str, Any]
) -> None:
    decision = proving.decided(decided.object(body(decided.seals[-1]).md5), "declined", 1)[0]
    attest(decided, body(decided.seals[-1]).version, datetime.now(UTC), **claim)
    assert why(decided, capsys, f"{MODEL}/{decision}")["data"]["model"]["said"] == "not rebuilt yet"


def test_what_is_lost_on_this_machine_is_fetched_and_what_is_lost_everywhere_is_said(
    decided: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    decision, seal = declined(decided), seal_of(decided)
    version = decided.head.version(MODEL, "1.0.0")
    assert version is not None
    decided.drop(seal.md5)
    (decided.root / seal.path).unlink()
    assert located(decided, decision.id).problems == ()
    decided.drop(version.artifact.md5)
    stored = decided.root / "../store/files/md5"
    (stored / version.artifact.md5[:2] / version.artifact.md5[2:]).unlink()
    data = why(decided, capsys, f"{MODEL}/{decision.id}")["data"]
    assert (data["replay"]["state"], data["record"]["state"]) == ("absent", "ok")
    assert "not possible here: store: object" in data["replay"]["said"]
    decided.drop(seal.md5)
    (stored / seal.md5[:2] / seal.md5[2:]).unlink()
    assert decided.actum("why", f"{MODEL}/{decision.id}") == 3
    said = capsys.readouterr().err
    assert f"segment {seal.segment}: its bytes are not in the cache; store: object {seal.md5}" in said
    assert "it holds 1,032 decisions by loans@v1.0.0, 2020-02-01 to 2020-03-14, sealed" in said


def test_a_flipped_score_fails_the_proof_the_digest_and_the_replay(
    decided: Loans, rewrite: Rewrite, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = declined(decided)
    query = f"SELECT * EXCLUDE n REPLACE (CASE id WHEN '{decision.id}' THEN 0.1 ELSE score END AS score) FROM s"
    into_cache(decided, rewrite(query))
    data = why(decided, capsys, f"{MODEL}/{decision.id}", status=3)["data"]
    assert (data["record"]["state"], data["replay"]["state"], data["rule"]["state"]) == ("failed",) * 3
    assert "NOT in the seal: it leads to root" in data["record"]["said"]
    assert f"sealed was {digests.short(seal_of(decided).sha256)}" in data["record"]["said"]
    assert "DIFFERS from the record's 0.1 by" in data["replay"]["said"]
    assert data["rule"]["said"] == "0.1000 < 0.5, which makes granted, not declined"


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT * EXCLUDE n FROM s WHERE n <> 700", "the segment has 1,031 decisions, sealed were 1,032"),
        ("SELECT * EXCLUDE n FROM s ORDER BY CASE n WHEN 700 THEN 701 WHEN 701 THEN 700 ELSE n END", "NOT in the seal"),
    ],
)
def test_a_removed_or_swapped_row_is_seen_from_any_other(
    decided: Loans, rewrite: Rewrite, query: str, problem: str
) -> None:
    decision = decisions_of(decided)[3]
    into_cache(decided, rewrite(query))
    problems = located(decided, decision.id).problems
    assert any(problem in one for one in problems), problems
    assert any("NOT in the seal" in one for one in problems), problems


def test_the_removed_row_itself_is_refused_not_denied(
    decided: Loans, rewrite: Rewrite, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = decisions_of(decided)[700]
    into_cache(decided, rewrite("SELECT * EXCLUDE n FROM s WHERE n <> 700"))
    assert decided.actum("why", f"{MODEL}/{gone.id}") == 3
    assert f"error: {MODEL}/{gone.id} cannot be shown:\n  segment" in capsys.readouterr().err


def test_other_bytes_in_the_work_tree_are_said_though_the_record_is_sound(decided: Loans, rewrite: Rewrite) -> None:
    decision, seal = declined(decided), seal_of(decided)
    rewrite("SELECT * EXCLUDE n FROM s WHERE n <> 700").replace(decided.root / seal.path)
    (problem,) = located(decided, decision.id).problems
    assert problem.startswith(f"{seal.path} in the work tree have sha256 ")


def test_a_seal_that_was_edited_after_it_was_recorded_is_seen(decided: Loans, rewrite: Rewrite) -> None:
    decision = declined(decided)
    (event,) = decided.seals
    first = decided.repo.head()
    query = f"SELECT * EXCLUDE n REPLACE (CASE id WHEN '{decision.id}' THEN 0.1 ELSE score END AS score) FROM s"
    record(decided, replace(event, seal=_with_leaves(decided, rewrite(query))))
    problems = located(decided, decision.id).problems
    path = layout.event(MODEL, event.id, "seal")
    assert f"{path} was edited after it was recorded ({first[:10]})" in problems


def test_a_second_seal_of_the_same_segment_is_seen(decided: Loans, rewrite: Rewrite) -> None:
    decision = declined(decided)
    (event,) = decided.seals
    other = replace(event, id=new_ids().new(), seal=forged(decided, rewrite("SELECT * EXCLUDE n FROM s WHERE n > 0")))
    record(decided, other)
    assert located(decided, decision.id).problems == (f"event/{other.id} seals the same segment",)


def test_a_seal_with_another_root_proves_nothing(decided: Loans) -> None:
    decision = declined(decided)
    (event,) = decided.seals
    git(decided.root, "reset", "-q", "--hard", "HEAD~1")  # forged from the start: its file was never edited
    record(decided, replace(event, seal=replace(body(event), merkle_root="sha256:" + "0" * 64)))
    (problem,) = located(decided, decision.id).problems
    assert problem.startswith("NOT in the seal: it leads to root ")
    assert problem.endswith("sealed is 00000000")


def test_a_unique_beginning_is_enough_and_an_unclear_one_is_refused(
    decided: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [one.id for one in decisions_of(decided)]
    only_one = ("--as-of", "2020-05-01", "--since", "2020-03-15", "--until", "2020-03-15T01:00:00Z", "--local")
    assert decided.actum("score", MODEL, TABLE, *only_one) == 0
    (unique,) = proving.matching(decided.object(body(decided.seals[-1]).md5), "")
    assert located(decided, unique[:20]).decision.id == unique
    assert decided.actum("why", f"{MODEL}/{ids[0][:6].lower()}") == 1
    listed = "".join(f"  {MODEL}/{one}\n" for one in ids[:3])
    assert f"error: {MODEL}/{ids[0][:6]} fits several decisions:\n{listed}" in capsys.readouterr().err


def test_the_business_key_finds_the_decision_too(decided: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    decision = decisions_of(decided)[9]
    answer = why(decided, capsys, MODEL, "--key", decision.key)
    assert answer["data"]["decision"]["id"] == decision.id
    assert decided.actum("why", MODEL, "--key", "case-nobody") == 1
    assert "no decision of loans is about case-nobody in 1 sealed segment\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (f"{MODEL}/01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, f"there is no decision {MODEL}/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (f"{MODEL}/01ARZ", 2, "is no decision"),
        (MODEL, 2, "is no decision"),
        ("churn/01ARZ3NDEKTSV4RRFFQ69G5FAV", 1, "there is no model churn (models: loans)"),
    ],
)
def test_an_unknown_id_is_said(
    sealed_template: Path, text: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Loans(sealed_template / "project").actum("why", text) == status
    assert said in capsys.readouterr().err


def _with_leaves(loans: Loans, copy: Path) -> Seal:
    """Forge thoroughly: the leaves of the tampered rows are recomputed as well."""
    seal = forged(loans, copy)
    leaves = [merkle.leaf_hash(canonical_json(encode(one))) for one in proving.batch(loans.object(seal.md5), 0)]
    assert "sha256:" + merkle.root(leaves).hex() == seal.merkle_root
    return seal
