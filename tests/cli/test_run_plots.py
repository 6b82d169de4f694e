"""``actum ls runs --plot``: what is drawn, and that a page of it needs nothing and runs nothing of anybody's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from actum.errors import UserError
from actum.querying.charts import chart_of, metric_of
from tests.columns.logged import Logged
from tests.in_process import typed
from tests.index.conftest import Printed
from tests.review.browser import NO_BROWSER, browser, rendered

ATTACK = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    made = Logged(tmp_path_factory.mktemp("plots") / "repo")
    made.start(12)
    made.add(made.run(params={"model.kind": ATTACK, "rate": 0.1}, tags={"team": ATTACK}))
    made.add(made.run(metrics={"rows": 5}), made.run(metrics={"auc": "NaN"}))
    return made


def plot(logged: Logged, *words: str) -> Printed:
    return Printed(*typed(("ls", "runs", "--plot", *words), cwd=logged.repo.root, env=os.environ))


def test_a_picture_has_a_point_and_a_line_for_each_run_that_has_the_metric(logged: Logged) -> None:
    printed = plot(logged, "runs.svg", "--sort", "-auc")
    assert printed == (0, "runs.svg: metrics.auc of 15 runs\n", "")
    text = (logged.repo.root / "runs.svg").read_text()
    drawn = ElementTree.fromstring(text)
    kinds = [one.get("aria-roledescription") for one in drawn.iter()]
    assert kinds.count("point") == 13
    assert kinds.count("line mark") == 13
    assert "metrics.auc of 13 runs; 2 have none" in text
    for name in ("params.model.kind", "params.model.depth", "params.seed"):
        assert name in text


def test_a_picture_of_points_is_a_png(logged: Logged) -> None:
    assert plot(logged, "runs.png").status == 0
    assert (logged.repo.root / "runs.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.skipif(browser() is None, reason=NO_BROWSER)
def test_a_page_draws_itself_with_no_network_and_runs_nothing_that_a_run_says(logged: Logged) -> None:
    assert plot(logged, "runs.html", "--sort", "-auc").status == 0
    page = (logged.repo.root / "runs.html").read_text()
    assert page.count("<script") == page.count("</script>") == 3
    library = page[page.index("<script>") : page.index("</head>")]
    own = page.replace(library, "")
    assert not re.search(r"<(?:script|link|img|iframe)[^>]* (?:src|href)=", own)
    assert "default-src 'none'" in own
    seen = rendered(page).replace(library, "")
    assert "<title>Runs</title>" in seen
    assert seen.count('aria-roledescription="point"') == 13
    assert seen.count('aria-roledescription="line mark"') == 13
    assert not re.search(r"<img|<script>document", seen)


def test_without_what_draws_the_extra_is_named(logged: Logged) -> None:
    script = "import sys; sys.modules['vl_convert'] = None; from actum.cli.main import main; sys.exit(main())"
    words = [sys.executable, "-c", script, "ls", "runs", "--plot", "none.svg"]
    done = subprocess.run(words, cwd=logged.repo.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "error: what draws charts is not installed\nhint: pip install 'actum[plot]'\n",
    )


COLUMNS: dict[str, list[Any]] = {
    "id": ["A", "B", "C"],
    "started_at": ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"],
    "params.rate": [0.001, 0.1, 1],
    "params.kind": ["linear", None, "forest"],
    "params.same": [4, 4, 4],
    "params.layers": [[1], [2], [1]],
    "metrics.auc": [0.5, 0.75, 1.0],
}


def test_params_that_differ_have_an_axis_and_a_run_without_one_a_gap() -> None:
    lines = chart_of(COLUMNS, "metrics.auc")["vconcat"][1]["layer"][1]["data"]["values"]
    places = {(line["axis"], line["run"]): line["at"] for line in lines}
    assert {axis for axis, _ in places} == {"params.rate (log)", "params.kind", "params.layers", "metrics.auc"}
    assert [places["params.kind", run] for run in "ABC"] == [1.0, None, 0.0]
    assert [places["metrics.auc", run] for run in "ABC"] == [0.0, 0.5, 1.0]
    assert places["params.rate (log)", "B"] == pytest.approx(2 / 3)


def test_the_metric_that_was_named_is_drawn_or_else_the_first() -> None:
    columns = COLUMNS | {"metrics.loss": [1, 2, 3], "metrics.note": ["a", "b", "c"]}
    assert metric_of(columns, ["params.rate", "metrics.loss"]) == "metrics.loss"
    assert metric_of(columns, ["metrics.note"]) == "metrics.auc"
    with pytest.raises(UserError, match="no run has a metric that is a number"):
        metric_of({"id": ["A"], "metrics.note": ["a"]}, [])


def test_more_params_than_there_is_room_for_are_named() -> None:
    many = COLUMNS | {f"params.p{at:02}": [1, 2, at] for at in range(20)}
    assert chart_of(many, "metrics.auc")["vconcat"][1]["title"]["subtitle"] == (
        "13 params more differ: params.p07, params.p08, params.p09, params.p10, ..."
    )


def test_where_no_param_differs_there_is_one_chart() -> None:
    alike = {
        name: values for name, values in COLUMNS.items() if not name.startswith("params.") or name.endswith("same")
    }
    assert len(chart_of(alike, "metrics.auc")["vconcat"]) == 1
