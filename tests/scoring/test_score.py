"""``actum score``: decide, seal, commit; real git, DVC and a locked environment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actum import layout
from actum.decisions import proving
from actum.decisions.seals import body
from actum.git.repository import Git
from actum.revisions import open_head
from tests.real_git import git
from tests.scored_project import FIRST, MODEL, ROWS, TABLE, Loans, copied, decide


def _json(loans: Loans, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert loans.actum(*words, "--json") == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_one_commit_holds_the_seal_and_the_bytes_are_in_cache_and_remote(
    loans: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    before = loans.repo.head()
    answer = _json(loans, capsys, *FIRST)
    data, (event,) = answer["data"], loans.seals
    seal = body(event)
    record = layout.event(MODEL, event.id, "seal")
    assert loans.repo.parents(loans.repo.head()) == (before,)
    assert loans.repo.changed(before, loans.repo.head()) == {
        "decisions/.gitignore": "A",
        f"{seal.path}.dvc": "A",
        record: "A",
    }
    assert (data["rows"], data["version"], data["stage"], data["new"]) == (ROWS, "loans@v1.0.0", "production", True)
    assert sum(data["outcomes"].values()) == ROWS
    assert (seal.rows, seal.version, seal.stage, seal.input) == (ROWS, "1.0.0", "production", TABLE)
    assert (f"{seal.first_moment:%m-%d %H}", f"{seal.last_moment:%m-%d %H}") == ("02-01 00", "03-14 23")
    assert seal.card == loans.head.tree[layout.card(MODEL)].blob
    assert seal.trusted_types == loans.head.tree[layout.TRUSTED_TYPES].blob
    assert proving.verify(loans.object(seal.md5)) == proving.Verified(rows=ROWS, root=seal.merkle_root, problems=())
    assert (loans.root / "../store/files/md5" / seal.md5[:2] / seal.md5[2:]).is_file()
    assert answer["next"] == [f"actum why {one}" for one in data["examples"]]
    assert loans.repo.dirty() == {}


def test_the_same_order_again_does_nothing(decided: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    head = decided.repo.head()
    assert decided.actum(*FIRST) == 0
    segment = body(decided.seals[0]).segment
    assert capsys.readouterr().out == f"nothing to do: segment {segment} holds these 1,032 decisions, sealed\n"
    assert decided.repo.head() == head


def test_what_stood_at_the_business_time_decides(loans: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    data = _json(loans, capsys, "score", MODEL, TABLE, "--as-of", "2020-04-30", "--since", "2020-03-15", "-n")["data"]
    assert (data["version"], data["dry_run"], data["seal"]) == ("loans@v2.0.0", True, None)
    assert loans.repo.dirty() == {}


def test_a_table_that_is_older_than_the_promotion_is_led_to_the_version_by_name(
    loans: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loans.actum("score", MODEL, TABLE, "--until", "2020-03-01") == 1
    said = capsys.readouterr().err
    assert ", when loans@v2.0.0 took production; none was decided\n" in said
    assert said.endswith(f"hint: actum score loans@v2.0.0 {TABLE}  # a version by its name, under no promotion\n")


def test_rows_outside_of_the_promotions_time_are_refused_and_counted(
    loans: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loans.actum("score", MODEL, TABLE, "--as-of", "2020-03-14T23:00:00Z") == 1
    said = capsys.readouterr().err
    assert (
        "error: 288 rows are before 2020-02-01T00:00:00Z, when loans@v1.0.0 took production and 680 rows are after"
        " 2020-03-14T23:00:00Z, the time asked for (--as-of); of 2,000 rows none was decided\n"
        "hint: actum score loans data/loans.parquet --since 2020-02-01T00:00:00Z --until 2020-03-14T23:00:00Z"
        " --as-of 2020-03-14T23:00:00Z\n"
    ) in said
    assert loans.seals == ()
    assert not (loans.root / "decisions").exists()


def test_before_any_promotion_nothing_decides(loans: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    assert loans.actum("score", MODEL, TABLE, "--as-of", "2020-01-25") == 1
    assert "nothing stands at loans#production on 2020-01-25" in capsys.readouterr().err


def test_a_second_seal_names_the_one_before_and_a_lost_model_is_fetched(decided: Loans) -> None:
    version = decided.head.version(MODEL, "2.0.0")
    assert version is not None
    decided.drop(version.artifact.md5)
    assert decided.actum("score", MODEL, TABLE, "--as-of", "2020-05-01", "--since", "2020-03-15", "--local") == 0
    first, second = decided.seals
    assert (body(first).previous, body(second).previous) == (None, first.id)
    assert body(second).version == "2.0.0"
    assert body(second).segment > first.id
    stored = decided.root / "../store/files/md5" / body(second).md5[:2] / body(second).md5[2:]
    assert not stored.exists(), "--local pushes nothing"


@pytest.fixture(scope="module")
def local_template(bare_template: Path, shared_environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loans-local")
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        decide(bare_template, folder, "--local")
    return folder


@pytest.fixture
def kept_local(local_template: Path, tmp_path: Path) -> Loans:
    """Decisions that were sealed and not pushed."""
    return copied(local_template, tmp_path)


def _of_the_segment(loans: Loans, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what fsck says of the segment's bytes."""
    capsys.readouterr()
    loans.actum("fsck", "--json")
    faults = json.loads(capsys.readouterr().out)["data"]["faults"]
    return [fault for fault in faults if fault["where"] == body(loans.seals[0]).path]


def test_what_was_kept_local_is_no_fault_and_fsck_says_how_it_is_pushed(
    kept_local: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    seal = body(kept_local.seals[0])
    (fault,) = _of_the_segment(kept_local, capsys)
    assert fault == {
        "part": "objects",
        "weight": "note",
        "where": seal.path,
        "what": f"object {seal.md5} is on this machine alone, store lacks it",
        "mend": f"dvc push {seal.path}.dvc",
    }
    subprocess.run([sys.executable, "-m", *fault["mend"].split()], cwd=kept_local.root, check=True, capture_output=True)
    assert _of_the_segment(kept_local, capsys) == []


def test_of_a_segment_that_no_store_holds_fsck_says_that_it_is_lost(
    kept_local: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    kept_local.drop(body(kept_local.seals[0]).md5)
    (fault,) = _of_the_segment(kept_local, capsys)
    assert (fault["weight"], fault["what"].partition(" is ")[2]) == ("wrong", "neither in the cache nor in the remote")


def test_the_same_order_again_pushes_what_was_kept_local(kept_local: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    seal, head = body(kept_local.seals[0]), kept_local.repo.head()
    stored = kept_local.root / "../store/files/md5" / seal.md5[:2] / seal.md5[2:]
    for still_local in ("--local", "--dry-run"):
        assert kept_local.actum(*FIRST, still_local) == 0
        assert not stored.exists()
    capsys.readouterr()
    told = f"segment {seal.segment} holds these 1,032 decisions, sealed"
    assert kept_local.actum(*FIRST) == 0
    assert capsys.readouterr().out == f"pushed to store: {told} before\n"
    assert stored.is_file()
    assert kept_local.actum(*FIRST) == 0
    assert capsys.readouterr().out == f"nothing to do: {told}\n"
    assert kept_local.repo.head() == head


def test_a_segment_of_the_evidence_branch_is_pushed_by_its_order(
    loans: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    git(loans.root, "checkout", "-q", "--detach")
    assert loans.actum(*FIRST, "--local") == 0
    (fault,) = _of_the_segment(loans, capsys)
    assert fault["mend"] == f"actum score {MODEL} INPUT  # the same order again, without --local"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: it has neither columns nor rows"),
        (b"case,at,income,age,city,branch\n", "has columns and no row, at least one to decide about was wanted"),
    ],
)
def test_an_empty_table_is_said_to_be_empty(
    bare_template: Path, tmp_path: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "empty.csv"
    table.write_bytes(content)
    assert Loans(bare_template / "project").actum("score", MODEL, str(table)) == 1
    assert f"error: {table}: {said}\n" in capsys.readouterr().err


def test_one_row_is_one_row(loans: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    one = ("--since", "2020-02-01", "--until", "2020-02-01T01:00:00Z")
    two = ("--since", "2020-02-01", "--until", "2020-02-01T02:00:00Z")
    assert loans.actum("score", MODEL, TABLE, "--as-of", "2020-02-01T00:00:00Z", *two) == 1
    said = "error: 1 row is after 2020-02-01T00:00:00Z, the time asked for (--as-of); of 2 rows none was decided\n"
    assert said in capsys.readouterr().err
    assert loans.actum("score", MODEL, TABLE, "--as-of", "2020-03-01", *one) == 0
    assert capsys.readouterr().out.startswith("decided 1 row by loans@v1.0.0\n")
    assert git(loans.root, "log", "-1", "--format=%s") == f"Seal 1 decision of {MODEL} 1.0.0"


def test_a_detached_head_seals_on_the_evidence_branch(loans: Loans) -> None:
    git(loans.root, "checkout", "-q", "--detach")
    head = loans.repo.head()
    assert loans.actum(*FIRST) == 0
    (event,) = loans.seals
    evidence = loans.repo.tree(layout.EVIDENCE_REF)
    assert loans.repo.head() == head
    assert sorted(evidence) == sorted([f"{body(event).path}.dvc", layout.event(MODEL, event.id, "seal")])
    assert loans.repo.dirty() == {}
    assert loans.object(body(event).md5).is_file()


def test_a_remote_that_does_not_take_the_segment_leaves_nothing(
    loans: Loans, capsys: pytest.CaptureFixture[str]
) -> None:
    (loans.root / "../store/files").rename(loans.root / "../store/away")
    (loans.root / "../store/files").write_text("not a folder")
    assert loans.actum(*FIRST) == 4
    assert "remote 'store'" in capsys.readouterr().err
    assert loans.seals == ()
    assert list((loans.root / "decisions").rglob("*.parquet*")) == []


def test_a_kill_leaves_an_unsealed_segment_and_a_retry_succeeds(loans: Loans) -> None:
    left = loans.root / "decisions" / MODEL / "01ARZ3NDEKTSV4RRFFQ69G5FAV.parquet"
    left.parent.mkdir(parents=True)
    (loans.root / "decisions/.gitignore").write_text("*.parquet\n")
    left.write_bytes(b"half")
    assert loans.actum(*FIRST) == 0
    assert len(loans.seals) == 1
    assert left.read_bytes() == b"half"


def test_a_seal_written_but_not_committed_is_finished(decided: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    event = decided.seals[0]
    git(decided.root, "reset", "-q", "HEAD~1")  # as a kill right before the commit leaves it
    assert decided.head.event(event.id) is None
    assert decided.actum(*FIRST) == 0
    said = capsys.readouterr()
    assert f"finishing a seal that was interrupted: event/{event.id}\n" in said.err
    assert said.out.startswith("nothing to do: segment")
    assert decided.head.event(event.id) == event
    assert decided.repo.dirty() == {}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("score", "loans/01ARZ3NDEKTSV4RRFFQ69G5FAV", TABLE), 2, "cannot decide"),
        (("score", MODEL, "data/nothing.parquet"), 1, "nothing.parquet is not there"),
        (("score", "churn", TABLE), 1, "there is no model churn (models: loans)"),
        (("score", "loans@v9.0.0", TABLE), 1, "loans has no version 9.0.0"),
        (("score", "loans@v1.0.0", TABLE, "--since", "yesterday"), 2, "'yesterday' is not a time"),
    ],
)
def test_what_cannot_be_scored_is_said(
    bare_template: Path, words: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    loans = Loans(bare_template / "project")
    assert loans.actum(*words) == status
    assert said in capsys.readouterr().err
    assert open_head(Git(loans.root)).events(MODEL)[-1].kind == "promotion"
