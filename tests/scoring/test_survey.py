"""The look over the scored rows says what counting them one by one says."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actum import moments
from actum.errors import InvalidRecordError
from actum.records.card import DecisionRule
from actum.scoring.survey import Survey, survey

RULE = DecisionRule(threshold=0.5, at_or_above="declined", below="granted")
BEGIN = datetime(2020, 3, 29, tzinfo=UTC)
TIMES = st.integers(-5, 5).map(lambda micros: BEGIN + timedelta(microseconds=micros)) | st.datetimes(
    datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
)
ROWS = st.tuples(st.floats(0, 1) | st.sampled_from([0.5, 5e-324, 0.1 + 0.2, 1 - 2**-53]), TIMES)


@given(rows=st.lists(ROWS, min_size=1, max_size=20), since=st.none() | TIMES, until=TIMES)
@settings(deadline=None, max_examples=30)
def test_rows_are_counted_to_the_bit_and_to_the_microsecond(
    rows: list[tuple[float, datetime]], since: datetime | None, until: datetime
) -> None:
    lines = [{"key": "k", "moment": moments.write(at), "inputs": {"score": "no"}, "score": score} for score, at in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lines")
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found = survey(path, RULE, since=since, until=until)
    scores, times = zip(*rows, strict=True)
    assert found == Survey(
        rows=len(rows),
        outcomes={"declined": 0, "granted": 0} | Counter(RULE.outcome(score) for score in scores),
        lowest=min(scores),
        highest=max(scores),
        first=min(times),
        last=max(times),
        before=sum(since is not None and at < since for at in times),
        after=sum(at > until for at in times),
    )


def test_lines_that_are_no_rows_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("{")
    with pytest.raises(InvalidRecordError, match="lines: cannot be read: "):
        survey(tmp_path / "lines", RULE, since=None, until=BEGIN)
