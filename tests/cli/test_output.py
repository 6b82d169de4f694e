"""What people read."""

from __future__ import annotations

import math

import pytest

from actum.cli import output


def test_a_table_is_aligned_and_has_no_trailing_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([("a", 1, None), ("longer", 22, "x")], head=("name", "n", "note"))
    assert capsys.readouterr().out == "name    n   note\na       1\nlonger  22  x\n"


def test_no_rows_are_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([], head=("name",))
    assert capsys.readouterr().out == ""


def test_facts_are_aligned_and_absent_ones_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.facts([("a", "one\ntwo"), ("gone", None), ("empty", ""), ("none", ()), ("long name", 0)])
    assert capsys.readouterr().out == "  a          one\n             two\n  long name  0\n"


def test_progress_and_advice_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("working")
    output.warn("careful")
    output.next_steps(["actum ls", "actum log"])
    output.next_steps([])
    output.clock_line("simulated")
    output.clock_line("real")
    expected = "working\nwarning: careful\nnext: actum ls\n      actum log\nclock: simulated\n"
    assert tuple(capsys.readouterr()) == ("", expected)


def test_a_number_that_is_not_finite_is_never_printed_as_json() -> None:
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        output.envelope("thing/1", math.nan, clock="real")


def test_of_many_warnings_the_first_are_shown_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    output.warn_of_all([f"record {number}" for number in range(1020)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[:20] == [f"warning: record {number}" for number in range(20)]
    assert lines[20:] == ["warning: and 1,000 more; --json and actum fsck name all of them"]
