"""Every record kind: what it says comes back, and what it must not say is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from actum.errors import UserError
from actum.records.card import DecisionRule, ModelCard
from actum.records.codec import FieldError, decode, encode
from actum.records.event import Event, EventKind
from actum.records.forms import FileFact, Person, path_problem
from actum.records.policy import Policy
from actum.records.run import Run
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion
from actum.records.view import FeatureView, Source
from tests.records import samples
from tests.records.samples import FILE, FOLDER, FULL, LATER, LEAST, MD5, OID, ONE, SHA, TWO

# What a view from events cannot say, and what one that is computed cannot.
EITHER_OR = {"feature-view": {"request"}, "computed view": {"entity", "source", "ttl"}}


@pytest.mark.parametrize("record", [*LEAST.values(), *FULL.values()], ids=[*LEAST, *(f"full {k}" for k in FULL)])
def test_what_a_record_says_comes_back(record: Any) -> None:
    assert decode(type(record), encode(record), strict=True) == record


@pytest.mark.parametrize("kind", FULL)
def test_the_full_sample_says_all_that_its_kind_can(kind: str) -> None:
    other_kinds = set(get_args(EventKind)) - {kind} | EITHER_OR.get(kind, set())
    assert encode(FULL[kind]).keys() == {f.name for f in dataclasses.fields(FULL[kind])} - other_kinds


@pytest.mark.parametrize("kind", LEAST)
def test_a_record_is_written_in_the_order_of_its_class(kind: str) -> None:
    order = [field.name for field in dataclasses.fields(LEAST[kind])]
    assert list(encode(LEAST[kind])) == [name for name in order if name in encode(LEAST[kind])]


@pytest.mark.parametrize("record", [*FULL.values()], ids=[*FULL])
def test_a_record_is_a_frozen_value(record: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.schema = "other/1"


@pytest.mark.parametrize("record", [*FULL.values()], ids=[*FULL])
def test_a_newer_schema_is_not_read_as_this_one(record: Any) -> None:
    name, _, number = record.schema.partition("/")
    with pytest.raises(FieldError, match=rf"^schema: is '{name}/{int(number) + 1}', must be one of {name}/{number}"):
        decode(type(record), encode(record) | {"schema": f"{name}/{int(number) + 1}"})


PATHS = (
    ("", "is '', must be a path inside the repository"),
    ("/etc/passwd", "is '/etc/passwd', must be a path inside the repository"),
    ("../secret", "is '../secret', must be a path inside the repository"),
    ("a/../../secret", "is 'a/../../secret', must be a path inside the repository"),
    ("a\\b", "is 'a\\\\b', must be a path inside the repository"),
    ("a\0b", "is 'a\\x00b', must be a path inside the repository"),
    ("a\nb", "is 'a\\nb', must be a path inside the repository"),
    ("C:/x", "is 'C:/x', must be a path inside the repository"),
    (".git/config", "is '.git/config', must not lead into .git"),
    ("a/.GIT/hooks", "is 'a/.GIT/hooks', must not lead into .git"),
    ("./a", "is './a', must be written 'a'"),
    ("a//b", "is 'a//b', must be written 'a/b'"),
    ("a/", "is 'a/', must be written 'a'"),
)


@pytest.mark.parametrize(("path", "problem"), PATHS)
def test_a_path_stays_inside_the_repository_and_has_one_spelling(path: str, problem: str) -> None:
    assert path_problem(path) == problem
    with pytest.raises(FieldError) as caught:
        decode(FileFact, {"path": path, "md5": MD5})
    assert str(caught.value) == f"path: {problem}"


@pytest.mark.parametrize("path", [".", "a", "a/b.csv", "a b/ü.csv", ".gitignore", "a..b", "-rf", "…/x", "ab:c"])
def test_an_ordinary_path_is_fine(path: str) -> None:
    assert path_problem(path) == ""


FORMS: tuple[tuple[type[Any], Mapping[str, Any], Mapping[str, Any], str], ...] = (
    (ModelVersion, encode(samples.version()), {"version": 1.1}, 'version: is float, must be str: quote it, "1.1"'),
    (
        ModelVersion,
        encode(samples.version()),
        {"version": "1.1"},
        "version: is '1.1', must be a semantic version such as \"1.2.0\"",
    ),
    (
        ModelVersion,
        encode(samples.version()),
        {"version": "v1.1.0"},
        "version: is 'v1.1.0', must be a semantic version such as \"1.2.0\"",
    ),
    (
        ModelVersion,
        encode(samples.version()),
        {"run": ONE.lower()},
        f"run: is '{ONE.lower()}', must be a ULID of 26 characters",
    ),
    (
        ModelVersion,
        encode(samples.version()),
        {"code_commit": "abc123"},
        "code_commit: is 'abc123', must be a whole commit id",
    ),
    (
        StagePointer,
        encode(samples.pointer()),
        {"stage": "a/b"},
        "stage: is 'a/b', must be letters, digits, - and _, at most 64",
    ),
    (
        StagePointer,
        encode(samples.pointer()),
        {"artifact": "a" * 64},
        f"artifact: is '{'a' * 64}', must be sha256: and 64 hex digits",
    ),
    (
        FileFact,
        {"path": "a", "md5": MD5},
        {"md5": "x"},
        "md5: is 'x', must be an md5 of 32 hex digits as DVC writes it",
    ),
    (FileFact, {"path": "a", "md5": MD5}, {"size": "12"}, "size: is str, must be int"),
    (ModelCard, encode(samples.card()), {"model": "run"}, "model: is 'run', which ids use for something else"),
    (
        Policy,
        encode(samples.policy()),
        {"thresholds": [{"metric": "auc", "at_least": 0.7}, {"metric": "auc"}]},
        "thresholds[1]: needs one of at_least and at_most",
    ),
    (
        Policy,
        encode(samples.policy()),
        {"thresholds": [{"metric": "auc", "at_least": 0.7, "at_most": 1}]},
        "thresholds[0]: needs one of at_least and at_most",
    ),
    (
        Policy,
        encode(samples.policy()),
        {"evidence": {"rebuild": "byte"}},
        "evidence.rebuild: is 'byte', must be one of bytes, state, predictions, tolerance, none, did you mean bytes?",
    ),
    (Event, encode(samples.event()), {"kind": "seal"}, "promotion: does not belong to a seal"),
    (Event, {k: v for k, v in encode(samples.event()).items() if k != "promotion"}, {}, "promotion: is required"),
    (
        Event,
        encode(samples.event()),
        {"promotion": {"stage": "production", "version": "1.1.0", "artifact": SHA}},
        "promotion.plan: is required",
    ),
    (
        Event,
        encode(LEAST["promotion taken over"]),
        {"promotion": encode(LEAST["promotion taken over"])["promotion"] | {"plan": SHA}},
        "promotion.plan: does not belong to a promotion that was taken over",
    ),
    (
        Settings,
        encode(samples.settings()),
        {"environment": {"python": 3.11}},
        'environment.python: is float, must be str: quote it, "3.11"',
    ),
    (Settings, encode(samples.settings()), {"stages": "production"}, "stages: is str, must be a list"),
)


@pytest.mark.parametrize(("kind", "raw", "changes", "message"), FORMS)
def test_a_field_of_a_wrong_form_is_refused(
    kind: type[Any], raw: Mapping[str, Any], changes: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(FieldError) as caught:
        decode(kind, {**raw, **changes})
    assert str(caught.value) == message


def test_every_rebuild_level_can_be_attested() -> None:
    levels = ["bytes", "state", "predictions", "tolerance", "different"]
    read = [decode(Event, encode(samples.attestation(level=level))).attestation for level in levels]
    assert [body.level for body in read if body] == levels


def test_a_decision_rule_decides_at_its_threshold() -> None:
    rule = DecisionRule(threshold=0.35, at_or_above="decline", below="offer")
    assert [rule.outcome(score) for score in (0.34999, 0.35, 1.0)] == ["offer", "decline", "decline"]


def test_a_run_executed_the_stages_that_cite_it() -> None:
    run = FULL["run"]
    assert (run.stages[0].run, run.stages[1].run) == (ONE, TWO)
    assert run.executed() == ("train",)


def test_a_run_of_a_pipeline_says_all_that_it_is_repeated_by_and_others_need_not() -> None:
    told = samples.run()
    assert told.recipe() == (told.code_commit, told.pipeline, told.environment)
    for name in ("finished_at", "by", "code_commit", "dirty", "pipeline", "environment"):
        with pytest.raises(FieldError) as caught:
            decode(Run, {key: value for key, value in encode(told).items() if key != name})
        assert str(caught.value) == f"{name}: is required"
    with pytest.raises(UserError) as refused:
        samples.script_run(code_commit=OID).recipe()
    assert str(refused.value) == f"run/{ONE} is a script's, not of actum run: it names no pipeline, lock"


def test_an_imported_run_says_where_it_came_from() -> None:
    with pytest.raises(FieldError, match=r"^origin: is required$"):
        samples.script_run(kind="imported")


def test_a_run_whose_end_nobody_saw_has_no_length() -> None:
    assert samples.script_run().seconds is None
    assert samples.script_run(finished_at=LATER).seconds == 5.25


def test_a_run_names_each_file_once_and_knows_what_was_read_and_what_was_made() -> None:
    run = FULL["run"]
    assert run.facts(["data/parts", "unknown"]) == {"data/parts": FOLDER}
    assert run.made() == {"data/parts": FOLDER}
    assert run.read() == {"data/raw.csv": FILE}


def test_a_person_is_called_by_name_or_else_by_address() -> None:
    assert str(Person(name="Ana", email="a@b.c")) == "Ana"
    assert str(Person(name="", email="a@b.c")) == "a@b.c"


def test_the_digest_of_a_folder_ends_in_dir() -> None:
    assert decode(FileFact, {"path": "a", "md5": MD5 + ".dir", "sha256": SHA}) == FileFact(
        path="a", md5=MD5 + ".dir", sha256=SHA
    )


def test_a_view_of_a_database_is_read_back_as_it_was_written() -> None:
    view = samples.view(source=Source(connect="duckdb://data/store.db", table="seen", event_at="at"))
    assert decode(FeatureView, encode(view), strict=True) == view
    with pytest.raises(FieldError, match="must be a path inside the repository"):
        decode(Source, {"path": "../secret.csv"})
    with pytest.raises(FieldError, match="needs one of path and connect"):
        decode(Source, {"path": ""})
