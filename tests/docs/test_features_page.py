"""What docs/features.md shows is sound: views and set are records without a finding, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from actum.cli.features import SUBCOMMANDS
from actum.cli.features_check import subcommand as check
from actum.definitions.expression import FUNCTIONS
from actum.definitions.parsing import parse
from actum.files.yaml_formatting import format_yaml
from actum.git.repository import Git
from actum.store import Store
from actum.vetting.vet import vet
from actum.vocabulary.remark import KINDS
from tests.real_git import git, write

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/features.md").read_text()
ONLINE = (ROOT / "docs/online.md").read_text()
BLOCKS: list[str] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)


def test_the_views_and_the_set_on_the_page_fit_together(repo: Git) -> None:
    for text in BLOCKS:
        told = yaml.safe_load(text)
        folder = "features/sets" if "set" in told else "features"
        write(repo.root, f"{folder}/{told.get('set') or told['view']}.yaml", text)
    git(repo.root, "add", ".")
    git(repo.root, "commit", "-qm", "Begin")
    assert vet(repo, {}).findings == ()
    definitions = Store(repo, git(repo.root, "rev-parse", "HEAD")).definitions
    assert {"delay_3h_min", "trend_min", "late_3h_share", "hour"} <= definitions.variables.keys()


def test_they_are_in_the_form_that_lint_asks_for() -> None:
    assert [text for text in BLOCKS if format_yaml(text.encode(), where="page").decode() != text] == []


def test_every_function_and_every_operator_word_is_named() -> None:
    assert [name for name in FUNCTIONS if f"`{name}`" not in PAGE] == []
    for text in ("a % b", "a <> 1", "a not in (1)", "a between 1 and 2", "case when a then b else c end"):
        assert parse(text)


def test_every_finding_is_in_the_table_with_its_weight() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (block|warn) \|", PAGE, re.M)
    assert [name for name, _ in rows] == list(dict(rows))
    assert dict(rows).keys() == KINDS.keys()


def test_every_command_and_every_option_of_check_is_shown() -> None:
    assert [name for name in SUBCOMMANDS if f"actum features {name}" not in PAGE + ONLINE] == []
    options = {name for option in check.params for name in (*option.opts, *option.secondary_opts)}
    shown = {name for name in options if name.startswith("--")} - {"--json", "--data"}
    assert [name for name in sorted(shown) if f"actum features check {name}" not in PAGE] == []
