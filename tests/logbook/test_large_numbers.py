"""Numbers at the ends of what a float holds, and one beyond: each read tells which, and serves all others."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

import actum
from actum.cli.main import main
from tests.logbook.conftest import listed
from tests.real_git import git

READS = [
    ("ls", "runs"),
    ("ls", "runs", "--columns", "all"),
    ("ls", "runs", "--where", "metrics.auc > 0 and params.n < 2", "--sort", "-auc"),
    ("ls", "runs", "--plot", "o.html", "--sort", "auc"),
    ("ls", "runs", "--export", "o.parquet"),
    ("ls", "runs", "--export", "o.csv"),
    ("log",),
]


@pytest.mark.parametrize("part", ["metrics", "params"])
def test_a_record_with_a_number_that_no_float_holds_is_named_and_the_rest_is_served(
    part: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = []
    for n in range(3):
        with actum.run(params={"n": n}) as run:
            run.log_metric("auc", 0.5)
        ids.append(run.id)
    (path,) = root.glob(f"runs/*/*/{ids[0]}.json")
    raw = json.loads(path.read_text())
    raw[part]["auc" if part == "metrics" else "n"] = 10**400
    path.write_text(json.dumps(raw))
    git(root, "add", ".")
    git(root, "commit", "-qm", "Runs")
    name = "metrics.auc" if part == "metrics" else "params.n"
    problem = f"{path.relative_to(root)}: {name}: is too large for a number"
    for words in (*READS, ("diff", f"run/{ids[1]}", f"run/{ids[2]}"), ("show", f"run/{ids[1]}")):
        capsys.readouterr()
        assert main(words) == 0, words
    for words in READS[:3]:
        capsys.readouterr()
        main(words)
        assert problem in capsys.readouterr().err
    assert main(("show", f"run/{ids[0]}")) == 1
    assert problem in capsys.readouterr().err
    assert [row["id"] for row in listed(root)["data"]] == ids[:0:-1]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert actum.runs()["params.n"].tolist() == [2, 1]
    assert [str(one.message) for one in caught] == [problem]
    git(root, "switch", "-qc", "work")
    assert main(("check",)) != 0
    assert problem in capsys.readouterr().out


def test_the_largest_numbers_are_read_sorted_and_drawn(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for value in (1e308, -1e308, 0.5):
        with actum.run(params={"depth": int(value)}) as run:
            run.log_metric("auc", value)
    for words in READS:
        if "--where" not in words:
            assert main(words) == 0, words
    capsys.readouterr()
    assert main(("ls", "runs", "--sort", "-auc", "--columns", "metrics.auc")) == 0
    assert capsys.readouterr().out.split() == ["metrics.auc", "1e+308", "0.5", "-1e+308"]
    assert actum.runs(sort="auc")["metrics.auc"].tolist() == [-1e308, 0.5, 1e308]


@pytest.mark.parametrize("words", [("ls", "runs"), ("log",), ("ls", "models"), ("ls", "runs", "--sort", "id")])
def test_a_limit_that_no_list_reaches_is_refused(
    words: tuple[str, ...], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((*words, "--limit", "99999999999999999999")) == 2
    assert "99999999999999999999 is not in the range" in capsys.readouterr().err
