"""The documents keep up with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from click.testing import CliRunner

from actum.cli.main import COMMANDS, cli
from actum.schemas import CURRENT

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    missing = [name for name in COMMANDS if not re.search(rf"`actum {name}\b|^    actum {name}\b", README, re.M)]
    assert missing == []


def test_every_command_shows_help_with_an_example() -> None:
    for name in COMMANDS:
        shown = CliRunner().invoke(cli, [name, "--help"])
        assert shown.exit_code == 0, name
        assert f"Example: actum {name}" in shown.output, name


def test_every_schema_is_in_the_glossary_or_the_layout() -> None:
    words = README + (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    kinds = {path.name.rpartition("-")[0] for path in (ROOT / "schemas").glob("*.json")}
    assert kinds == CURRENT.keys()
    named = {kind: kind.replace("model-version", "version").replace("-", " ") for kind in sorted(kinds)}
    assert [kind for kind, word in named.items() if word not in words] == []


def test_every_link_in_the_documents_leads_somewhere() -> None:
    broken = []
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_the_readme_gives_the_two_commands_that_do_all_their_set_up() -> None:
    assert "    pip install '.[demo]' && actum demo\n" in README
    assert "    pip install -e '.[test]' && pytest\n" in README
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"demo", "test"} <= extras.keys()


def test_no_file_names_a_host_of_a_package_index() -> None:
    lock = (ROOT / "example_project/requirements.lock").read_text()
    constraints = (ROOT / "constraints.txt").read_text()
    assert "://" not in lock
    assert "://" not in constraints
