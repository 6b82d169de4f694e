"""``docs/questions.md`` names what can be asked, and what it shows can be typed."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from actum.cli.ls import command
from actum.querying.named_columns import known_columns
from tests.columns.logged import Logged
from tests.in_process import typed

PAGE = (Path(__file__).parents[2] / "docs/questions.md").read_text()


def test_every_column_that_any_run_may_have_is_named() -> None:
    (listed,) = re.findall(r"every run may say: (.*?)\.\n", PAGE, re.DOTALL)
    assert re.findall(r"`([^`]+)`", listed) == known_columns(())


def test_every_option_of_runs_is_named() -> None:
    options = {name for option in command.params for name in option.opts if name.startswith("--")}
    assert {name for name in options if name not in PAGE} == {"--json"}


def test_what_the_page_shows_can_be_typed(tmp_path: Path) -> None:
    logged = Logged(tmp_path / "repo")
    runs = logged.start(12)
    logged.add(logged.run(metrics={"auc": 0.85}))
    lines = re.findall(r"^    (actum .*)$", PAGE.replace(" \\\n       ", ""), re.MULTILINE)
    ids = {"01M8A...": runs[0].id, "01M8B...": runs[1].id}
    assert len(lines) == 4
    for line in lines:
        typed_words = shlex.split(line, comments=True)[1:]
        words = [re.sub("|".join(map(re.escape, ids)), lambda found: ids[found[0]], word) for word in typed_words]
        status, out, err = typed(words, cwd=logged.repo.root, env=os.environ)
        assert (status, err, out != "") == (0, "", True), line


@pytest.mark.parametrize("filter_", ["metrics.auc is null", "tags.team = 'risk'", "started_at >= '2026-11-01'"])
def test_the_filters_that_the_page_shows_are_filters(filter_: str, tmp_path: Path) -> None:
    assert f"`{filter_}`" in PAGE
    logged = Logged(tmp_path / "repo")
    logged.start(3)
    assert typed(("ls", "runs", "--where", filter_), cwd=logged.repo.root, env=os.environ)[0] == 0
