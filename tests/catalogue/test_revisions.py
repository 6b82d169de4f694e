"""What a read looks at: the trunk, the checkout beside it, a revision, a date; and what it must never touch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from actum import layout
from actum.catalogue.listing import version_rows
from tests.catalogue.make_registry import MODEL, Actum, Registry, Story, holdings_of

HEAVY = {"pandas", "duckdb", "jsonschema", "rich", "dvc", "numpy", "sklearn", "pyarrow"}


def data(actum: Actum, root: Path, *words: str) -> Any:
    return json.loads(actum(root, *words, "--json").out)["data"]


def test_a_version_that_only_the_checkout_has_is_not_merged(copy: Story, actum: Actum) -> None:
    copy.registry.git("switch", "--quiet", "-c", "work")
    run = copy.registry.run("2013-12-01T09:00")
    copy.registry.version("2.1.0", "2013-12-02T12:00", run)
    copy.registry.commit()
    assert [(row["version"], row["state"]) for row in data(actum, copy.root, "ls", "versions")] == [
        ("2.1.0", "not merged"),
        ("2.0.0", "production"),
        ("1.0.0", "registered"),
    ]
    assert [row["merged"] for row in data(actum, copy.root, "ls", "runs")] == [False, True, True]
    assert [row["merged"] for row in data(actum, copy.root, "log", "--limit", "3")] == [False, False, True]
    copy.registry.git("switch", "--quiet", "main")
    assert [row["version"] for row in data(actum, copy.root, "ls", "versions")] == ["2.0.0", "1.0.0"]


def test_a_promotion_that_is_not_merged_moves_no_stage(copy: Story, actum: Actum) -> None:
    copy.registry.git("switch", "--quiet", "-c", "promote/late-arrival/production")
    copy.registry.promotion(copy.versions[0], "production", "2013-12-01")
    copy.registry.commit()
    assert data(actum, copy.root, "ls", "stages")[0]["version"] == "2.0.0"
    told = data(actum, copy.root, "log", "--limit", "1")[0]
    assert (told["what"], told["merged"]) == ("late-arrival 1.0.0 -> production, replaces 2.0.0", False)
    history = data(actum, copy.root, "show", "late-arrival#production")["history"]
    assert [held["version"] for held in history] == ["2.0.0", "1.0.0"]


def test_a_detached_head_reads_the_same(copy: Story, actum: Actum) -> None:
    before = actum(copy.root, "log")
    copy.registry.git("checkout", "--quiet", "--detach", "HEAD~2")
    assert actum(copy.root, "log") == before


def test_a_revision_shows_what_it_had(story: Story, actum: Actum) -> None:
    rows = data(actum, story.root, "ls", "versions", "--at", "HEAD~1")
    assert [(row["version"], row["state"]) for row in rows] == [("1.0.0", "production")]


def test_on_a_date_a_version_is_known_that_was_promoted_by_then_though_registered_later(copy: Story) -> None:
    late = copy.registry.version("3.0.0", "2026-11-23", copy.runs[0])
    copy.registry.promotion(late, "staging", "2013-04-10", "2026-11-23T12:00")
    copy.registry.commit()
    rows = version_rows(holdings_of(copy.root, "2013-04-18"), MODEL)
    assert [(row.version, row.state) for row in rows] == [("3.0.0", "staging"), ("1.0.0", "production")]


def test_an_attestation_expires_by_the_moment_asked_about(copy: Story, actum: Actum) -> None:
    then = data(actum, copy.root, "show", "late-arrival@v1.0.0", "--at", "2013-06-01")["attestations"]
    assert [one["expired"] for one in then] == [False]
    now = data(actum, copy.root, "show", "late-arrival@v1.0.0")["attestations"]
    assert [one["expired"] for one in now] == [False, True]


def test_a_shallow_clone_says_that_it_is(story: Story, tmp_path: Path, actum: Actum) -> None:
    command = ["git", "clone", "--quiet", "--depth", "1", f"file://{story.root}", str(tmp_path / "clone")]
    subprocess.run(command, env=story.registry.environ, check=True)
    warning = "this clone is shallow: what lies before its edge is unknown (git fetch --unshallow)"
    printed = actum(tmp_path / "clone", "ls", "stages")
    assert printed.err == f"warning: {warning}\n"
    assert printed.out == actum(story.root, "ls", "stages").out
    assert json.loads(actum(tmp_path / "clone", "log", "--json").out)["warnings"] == [warning]
    assert actum(tmp_path / "clone", "ls", "--at", "v0").err == (
        "error: --at v0 is neither a revision nor a date; this clone is shallow and may lack it\n"
        "hint: git log --oneline\n"
    )


def test_reads_touch_neither_work_tree_nor_index(copy: Story, actum: Actum) -> None:
    (copy.root / "params.yaml").write_text("depth: 99\n")
    before = {path: path.stat().st_mtime_ns for path in copy.root.rglob("*")}
    for words in (["ls"], ["log"], ["show", "late-arrival@v2.0.0"], ["diff", MODEL, "late-arrival@v1.0.0"]):
        assert actum(copy.root, *words).status == 0
    assert {path: path.stat().st_mtime_ns for path in copy.root.rglob("*")} == before


def test_reads_import_nothing_heavy(story: Story) -> None:
    commands = [["ls"], ["log"], ["show", MODEL], ["show", "late-arrival@v1.0.0"], ["diff", MODEL, MODEL]]
    script = (
        "import json, sys; from actum.cli.main import main\n"
        f"for words in {commands!r}: assert main(words) == 0\n"
        "print(json.dumps([name.partition('.')[0] for name in sys.modules]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=story.root, capture_output=True, check=True)
    assert HEAVY & set(json.loads(done.stderr.decode().splitlines()[-1])) == set()


def test_one_malformed_record_hides_no_other(copy: Story, actum: Actum) -> None:
    path = layout.version(MODEL, "1.0.0")
    text = (copy.root / path).read_text()
    copy.registry.put(path, text.replace("run: 017", "run: nonsense-017").encode())
    copy.registry.commit()
    line = 1 + next(at for at, told in enumerate(text.splitlines()) if told.startswith("run:"))
    wrong = f"{path}:{line}: run: is 'nonsense-{copy.runs[0].id}', must be a ULID of 26 characters"
    for words in (["ls"], ["ls", "versions"], ["log"]):
        printed = actum(copy.root, *words)
        assert (printed.status, printed.err) == (0, f"warning: {wrong}\n")
        assert "2.0.0" in printed.out
    assert actum(copy.root, "show", "late-arrival@v1.0.0") == (1, "", f"error: {wrong}\n")
    assert actum(copy.root, "diff", "late-arrival@v1.0.0", MODEL) == (1, "", f"error: {wrong}\n")


def test_a_pointer_that_cannot_be_read_is_not_told_as_an_empty_stage(copy: Story, actum: Actum) -> None:
    path = layout.stage(MODEL, "production")
    copy.registry.put(path, b"schema: stage/1\nmodel: [\n")
    copy.registry.commit()
    printed = actum(copy.root, "ls")
    assert printed.status == 0
    assert printed.out.splitlines()[1] == (
        "late-arrival  delay cover  2.0.0   production unreadable                     ana@example.org"
    )
    assert printed.err.startswith(f"warning: {path}:")
    assert actum(copy.root, "show", "late-arrival#production").status == 1


def test_a_pointer_at_an_event_that_is_not_there_is_said(copy: Story, actum: Actum) -> None:
    event = copy.promotions[2]
    (copy.root / layout.event(MODEL, event.id, "promotion")).unlink()
    copy.registry.commit()
    printed = actum(copy.root, "ls", "stages", MODEL)
    assert printed.out.splitlines()[1] == "production  unreadable"
    assert printed.err == f"warning: late-arrival#production points at event {event.id}, which is not there\n"


def test_a_card_that_cannot_be_read_leaves_the_model_in_the_list(copy: Story, actum: Actum) -> None:
    copy.registry.put(layout.card(MODEL), b"schema: model/1\nmodel: late-arrival\nowner: ana\n")
    copy.registry.card("churn", title="who leaves")
    copy.registry.commit()
    printed = actum(copy.root, "ls")
    assert [line.split()[0] for line in printed.out.splitlines() if line[0] != " "] == ["model", "churn", MODEL]
    assert "card is unreadable" in printed.out
    assert printed.err == f"warning: {layout.card(MODEL)}: artifact: is required\n"


def test_a_copied_record_is_not_taken_for_the_original(copy: Story, actum: Actum) -> None:
    copied = (copy.root / layout.version(MODEL, "1.0.0")).read_bytes()
    copy.registry.put(layout.version(MODEL, "1.5.0"), copied)
    copy.registry.commit()
    assert [row["version"] for row in data(actum, copy.root, "ls", "versions")] == ["2.0.0", "1.0.0"]


def test_a_model_that_only_the_checkout_has_is_listed(registry: Registry, actum: Actum) -> None:
    registry.git("switch", "--quiet", "-c", "work")
    registry.card()
    registry.commit()
    assert actum(registry.root, "ls").out == (
        "model         title                     newest    owner\n"
        "late-arrival  delay cover (not merged)  none yet  ana@example.org\n"
    )
