"""Segments of decisions: what is hashed, what is written, what a proof shows, and what tampering does."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actum import merkle, moments
from actum.decisions import parquet, proving, sealing
from actum.decisions.leaves import (
    COLUMNS,
    OWN,
    SHARED,
    TIMES,
    fields_of,
    form_of,
    leaf,
    leaf_of,
    leaves_in,
    microseconds,
)
from actum.digests import canonical_json
from actum.errors import InvalidRecordError
from actum.names import Ids
from actum.records.card import DecisionRule
from actum.records.codec import decode, encode
from actum.records.decision import Decision

Tamper = Callable[[str], None]
RULE = DecisionRule(threshold=0.5, at_or_above="declined", below="granted")
TERMS = sealing.Terms(
    model="loans",
    version="1.2.0",
    artifact="sha256:" + "ab" * 32,
    recorded_at=datetime(2026, 11, 23, 6, 1, 2, 345678, tzinfo=UTC),
    rule=RULE,
    stage="production",
    stage_event="01ARZ3NDEKTSV4RRFFQ69G5FAV",
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8)) | st.floats(
    allow_nan=False, allow_infinity=False
)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def lines(count: int, batch_rows: int = 4) -> list[str]:
    """What the score worker says of made-up rows."""
    chance, start = random.Random(3), datetime(2020, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(count):
        row = {
            "key": f"case-{number}" if number % 2 else number,
            "moment": moments.write(start + timedelta(minutes=count - number, microseconds=number % 3)),
            "batch": number // batch_rows,
            "inputs": {"income": chance.random() * 1e5, "name": 'Æ "q" \u2028', "gap": None},
            "kept": {"branch": "North"} if number % 3 else {},
            "score": chance.random(),
        }
        rows.append(json.dumps(row))
    return rows


def ids() -> Ids:
    return Ids(lambda: time.time_ns() // 1_000_000, os.urandom)


@pytest.fixture
def segment(tmp_path: Path) -> tuple[Path, sealing.Written]:
    path = tmp_path / "decisions" / "loans" / "segment.parquet"
    return path, sealing.seal_rows(lines(11), path, TERMS, ids(), scratch=tmp_path)


@pytest.fixture
def tamper(segment: tuple[Path, sealing.Written]) -> Tamper:
    """Write the segment anew from a query over its rows, which are named ``s`` and numbered from 0 by ``n``."""
    path = segment[0]

    def change(query: str) -> None:
        copy = path.with_suffix(".copy")
        rows = f"WITH s AS (SELECT *, row_number() OVER () - 1 AS n FROM '{path}') {query}"
        duckdb.sql(f"COPY ({rows}) TO '{copy}' (FORMAT PARQUET)")
        copy.replace(path)

    return change


def decisions_of(path: Path) -> list[Decision]:
    return [one for number in range(3) for one in proving.batch(path, number)]


@given(
    inputs=st.dictionaries(st.text(max_size=8), VALUES, max_size=4),
    subject=st.dictionaries(st.text(max_size=8), VALUES, max_size=3),
    key=st.text(max_size=12),
    stage=st.sampled_from([None, "production"]),
    score=st.floats(allow_nan=False, allow_infinity=False),
    at=MOMENTS,
)
@settings(deadline=None)
def test_the_leaf_is_that_of_the_canonical_record_whatever_it_holds(
    inputs: dict[str, Any], subject: dict[str, Any], key: str, stage: str | None, score: float, at: datetime
) -> None:
    decision = Decision(
        schema="decision/1",
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        model="loans",
        version="1.0.0",
        artifact=TERMS.artifact,
        key=key,
        decided_at=at,
        recorded_at=TERMS.recorded_at,
        score=score,
        outcome="granted",
        threshold=0.5,
        batch=7,
        salt="00" * 16,
        inputs=inputs,
        subject=subject,
        stage=stage,
    )
    expected, fields = merkle.leaf_hash(canonical_json(encode(decision))), encode(decision)
    texts = {name: canonical_json(fields.get(name, {})).decode() for name in ("inputs", "subject")}
    own = [[{**fields, **texts}[name]] for name in OWN]
    assert (leaf(decision), leaves_in(form_of(fields_in_common(fields)), own)) == (expected, [expected])
    row = [None if name == "leaf" else {**fields, **texts}.get(name) for name in COLUMNS]
    read = fields_of(
        [microseconds(value) if name in TIMES else value for name, value in zip(COLUMNS, row, strict=True)]
    )
    assert leaf_of(read) == expected
    assert decode(Decision, read) == decision


def fields_in_common(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in SHARED}


@given(count=st.integers(1, 70), data=st.data())
@settings(deadline=None)
def test_every_leaf_proves_itself_and_no_other_does(count: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(count)]
    index = data.draw(st.integers(0, count - 1))
    steps, root = merkle.proof(leaves, index), merkle.root(leaves)
    reached = {number for number, one in enumerate(leaves) if merkle.root_from_proof(one, steps) == root}
    assert reached == {index}
    assert len(steps) <= max(1, count - 1).bit_length()
    assert root == _recursive(leaves)


def _recursive(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return merkle._parent((_recursive(leaves[:split]), _recursive(leaves[split:])))


def test_a_segment_holds_the_decisions_in_order_to_the_bit(segment: tuple[Path, sealing.Written]) -> None:
    path, written = segment
    found, said = decisions_of(path), [json.loads(line) for line in lines(11)]
    assert [one.score for one in found] == [row["score"] for row in said]
    assert [one.inputs for one in found] == [row["inputs"] for row in said]
    assert [one.key for one in found] == [str(row["key"]) for row in said]
    assert [moments.write(one.decided_at) for one in found] == [row["moment"] for row in said]
    assert [one.outcome for one in found] == [RULE.outcome(row["score"]) for row in said]
    assert [one.id for one in found] == sorted(one.id for one in found)
    assert len({one.salt for one in found}) == 11
    times = [one.decided_at for one in found]
    assert (written.rows, written.first, written.last) == (11, min(times), max(times))
    assert written.root == "sha256:" + merkle.root([leaf(one) for one in found]).hex()
    assert [child.name for child in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("terms", "root", "leaves", "file"),
    [
        (
            TERMS,
            "ba10f08787fd7390da41901dd9bfb7a582f805895cde64066a4e130660182aea",
            "2e7452e7f5b36c0b4ba91d63dd92fda3cadecbab583b187bf432c461f0f90ae8",
            "118809180eab863a1ab80b0cd21480476f1220bf2c2a25e70fc72b7076bd2136",
        ),
        (
            replace(TERMS, stage=None, stage_event=None),
            "fb0ec06b8eac03932aea5fd3cd0532b67a5ecd50ff36da744e776cd6f736e85b",
            "be716345e914982e3880fd61485215ab959b62729f93dedbf0c8fb174c2fc3a4",
            "ad4d010ad51464d50c5c700ec9c64d3a17593b031174d95af335b10460c70038",
        ),
    ],
    ids=["under a stage", "by name"],
)
@pytest.mark.parametrize("form", ["as json.dumps writes them", "as the worker writes them"])
def test_the_bytes_of_a_segment_are_golden(
    tmp_path: Path, terms: sealing.Terms, root: str, leaves: str, file: str, form: str
) -> None:
    """They were made by the code before this one: what is sealed today is what was sealed always."""
    ticks, salts = itertools.count(1_700_000_000_000, 7), itertools.count(1)
    fixed = Ids(lambda: next(ticks), lambda count: bytes(range(count)))
    told = lines(300) if form == "as json.dumps writes them" else [compact(line) for line in lines(300)]
    path = tmp_path / "golden.parquet"
    written = sealing.seal_rows(
        told, path, terms, fixed, scratch=tmp_path, salt=lambda count: f"{next(salts):0{2 * count}x}"
    )
    assert written.root == "sha256:" + root
    found = "".join(parquet.column(path, "leaf"))
    assert hashlib.sha256(found.encode()).hexdigest() == leaves
    if duckdb.__version__ == "2.0.0":  # another one may compress otherwise
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file


def compact(line: str) -> str:
    return json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) + "\n"


def test_what_people_call_things_may_hold_anything(tmp_path: Path) -> None:
    keys = ['a"b\\c', "\x1f|\x00|\n|\r|\t|\x7f", "", "null", "%s", "\u2028\U0001f600", "{}", "'; --", " a "]
    rule = replace(RULE, at_or_above='at \x1f\n"least"', below="")
    told = [json.loads(line) | {"key": key} for line, key in zip(lines(len(keys)), keys, strict=True)]
    path = tmp_path / "s.parquet"
    written = sealing.seal_rows(map(json.dumps, told), path, replace(TERMS, rule=rule), ids(), scratch=tmp_path)
    found = decisions_of(path)
    assert [one.key for one in found] == keys
    assert [one.outcome for one in found] == [rule.outcome(row["score"]) for row in told]
    assert proving.verify(path) == proving.Verified(rows=len(keys), root=written.root, problems=())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN 'case-X' ELSE key END AS key) FROM s",
        "SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN inputs || ' ' ELSE inputs END AS inputs) FROM s",
        "SELECT * EXCLUDE n REPLACE (CASE n WHEN 0 THEN 'no' ELSE inputs END AS inputs) FROM s",
        "SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN NULL ELSE salt END AS salt) FROM s",
        "SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN '1.2.1' ELSE version END AS version) FROM s",
        "SELECT * EXCLUDE n FROM s WHERE n <> 4",
        "SELECT * EXCLUDE n FROM s WHERE n > 99",
        "SELECT * EXCLUDE n FROM s ORDER BY CASE n WHEN 4 THEN 3 WHEN 3 THEN 4 ELSE n END",
    ],
)
def test_a_file_that_is_not_what_was_written_is_never_sealed(
    segment: tuple[Path, sealing.Written], tamper: Tamper, query: str
) -> None:
    """The root that is sealed comes from the records in the file, not from its leaves, which all of these keep."""
    path, written = segment
    root = bytes.fromhex(written.root.removeprefix("sha256:"))
    assert sealing._read_back(path, root) == written
    tamper(query)
    with pytest.raises(InvalidRecordError):
        sealing._read_back(path, root)


def test_times_lie_there_as_utc_without_zone(segment: tuple[Path, sealing.Written]) -> None:
    query = f"SELECT typeof(decided_at), typeof(recorded_at), typeof(inputs) FROM '{segment[0]}' LIMIT 1"
    assert duckdb.connect().execute(query).fetchall() == [("TIMESTAMP", "TIMESTAMP", "VARCHAR")]


def test_every_decision_is_found_and_proved(segment: tuple[Path, sealing.Written]) -> None:
    path, written = segment
    for index, decision in enumerate(decisions_of(path)):
        proof = proving.prove(path, decision.id)
        assert proving.find(path, decision.id) == decision
        assert (proof.index, proof.rows, proof.root, proof.leaf) == (index, 11, written.root, leaf(decision))
    assert proving.find(path, "01ARZ3NDEKTSV4RRFFQ69G5FAV") is None
    assert proving.verify(path) == proving.Verified(rows=11, root=written.root, problems=())


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN score / 2 ELSE score END AS score) FROM s", "its leaf is not"),
        ("SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN 'no' ELSE inputs END AS inputs) FROM s", "is damaged"),
        ("SELECT * EXCLUDE n FROM s ORDER BY CASE n WHEN 4 THEN 3 WHEN 3 THEN 4 ELSE n END", "its id does not follow"),
    ],
)
def test_a_changed_or_swapped_row_is_named_and_the_root_is_another(
    segment: tuple[Path, sealing.Written], tamper: Tamper, query: str, problem: str
) -> None:
    path, written = segment
    tamper(query)
    found = proving.verify(path)
    assert found.rows == 11
    assert found.root != written.root
    assert len(found.problems) == 1
    assert problem in found.problems[0]


def test_a_removed_row_leads_to_another_root(segment: tuple[Path, sealing.Written], tamper: Tamper) -> None:
    path, written = segment
    tamper("SELECT * EXCLUDE n FROM s WHERE n <> 4")
    found = proving.verify(path)
    assert (found.rows, found.problems) == (10, ())
    assert found.root != written.root
    assert {proving.prove(path, one.id).root for one in decisions_of(path)} == {found.root}


def test_a_record_that_was_changed_does_not_prove_itself_by_its_old_leaf(
    segment: tuple[Path, sealing.Written], tamper: Tamper
) -> None:
    path, written = segment
    changed, other = decisions_of(path)[4], decisions_of(path)[5]
    tamper("SELECT * EXCLUDE n REPLACE (CASE n WHEN 4 THEN 'granted!' ELSE outcome END AS outcome) FROM s")
    assert proving.prove(path, changed.id).root != written.root
    assert proving.prove(path, other.id).root == written.root, "the others still lead to the sealed root"


def test_what_is_no_segment_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "segment.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InvalidRecordError, match=r"segment\.parquet: cannot be read: "):
        proving.verify(path)


def test_a_line_that_is_no_scored_row_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecordError, match="line 2 of the worker is no scored row: 'inputs'"):
        sealing.seal_rows([lines(1)[0], "{}"], tmp_path / "x" / "s.parquet", TERMS, ids(), scratch=tmp_path)
    assert list((tmp_path / "x").iterdir()) == []


def test_a_table_is_looked_up_by_the_text_of_its_key(tmp_path: Path) -> None:
    duckdb.sql(
        "COPY (SELECT 7 AS id, TIMESTAMP '2020-01-02' AS at, DATE '2020-01-02' AS day, 'a''b' AS \"w d\")"
        f" TO '{tmp_path}/t.parquet' (FORMAT PARQUET)"
    )
    (tmp_path / "t.csv").write_text("id,at\n07,2020-01-02\n7,2020-01-03\n")
    micros = int(datetime(2020, 1, 2, tzinfo=UTC).timestamp() * 1e6)
    assert parquet.look_up(tmp_path / "t.parquet", "id", "7", ["at", "day", "w d"]) == [(micros, micros, "a'b")]
    assert parquet.look_up(tmp_path / "t.parquet", "id", "8", ["at"]) == []
    assert parquet.look_up(tmp_path / "t.csv", "id", "7", ["at"]) == [("2020-01-03",)]
    with pytest.raises(InvalidRecordError, match=r"t\.csv: has no column words"):
        parquet.look_up(tmp_path / "t.csv", "id", "7", ["words"])
