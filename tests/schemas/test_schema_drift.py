"""Each schema says what its dataclass says: neither can change alone."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import types
import typing
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum import layout, schemas
from actum.records import forms, view
from actum.records.card import ModelCard
from actum.records.decision import Decision
from actum.records.event import Event, EventKind
from actum.records.feature_set import FeatureSet
from actum.records.imported import ImportedVersion
from actum.records.policy import Policy
from actum.records.run import ASKED, Run
from actum.records.settings import Settings
from actum.records.stage import StagePointer
from actum.records.version import ModelVersion
from actum.records.view import FeatureView

RECORDS: dict[str, type] = {
    "settings": Settings,
    "model": ModelCard,
    "policy": Policy,
    "feature-view": FeatureView,
    "feature-set": FeatureSet,
    "model-version": ModelVersion,
    "imported-version": ImportedVersion,
    "stage": StagePointer,
    "event": Event,
    "run": Run,
    "decision": Decision,
}
FORMS = ("Name", "Ulid", "Semver", "Sha256", "Md5", "Commit", "RepoPath", "Variable", "VariableTemplate", "Duration")
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
SCHEMAS = Path(__file__).parents[2] / "schemas"
kinds = pytest.mark.parametrize("kind", RECORDS)


def check_of(form: str) -> Callable[[str], str]:
    found = getattr(forms, form, None) or getattr(view, form)
    check: Callable[[str], str] = found.__metadata__[0]
    return check


def own_form(check: Callable[[str], str]) -> str:
    return next(name for name in FORMS if check_of(name) is inspect.unwrap(check))  # of what may be absent, too


def is_optional(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def hold(schema: dict[str, Any], record: type, definitions: dict[str, Any], closed: bool) -> None:
    """Compare a schema of a mapping with a dataclass, all the way down."""
    fields, hints = dataclasses.fields(record), typing.get_type_hints(record, include_extras=True)
    assert list(schema["properties"]) == [field.name for field in fields], record
    assert schema.get("required", []) == [field.name for field in fields if not is_optional(field)], record
    assert schema.get("additionalProperties", True) is not closed, record
    for field in fields:
        part = schema["properties"][field.name]
        assert part["description"], f"{record}.{field.name}"
        if "default" in part:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            assert part["default"] == default, f"{record}.{field.name}"
        hold_type(part, hints[field.name], definitions, closed)


def hold_type(schema: dict[str, Any], annotation: Any, definitions: dict[str, Any], closed: bool) -> None:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        some = [choice for choice in arguments if choice is not type(None)]
        if all(typing.get_origin(choice) is Literal for choice in some):
            assert choices(schema) == [value for choice in some for value in typing.get_args(choice)]
        else:
            assert len(some) == 1
            hold_type(schema, some[0], definitions, closed)
    elif origin is Annotated:
        assert schema["$ref"] == f"#/definitions/{own_form(arguments[1])}"
    elif origin is Literal:
        assert choices(schema) == list(arguments)
    elif origin is tuple:
        assert schema["type"] == "array"
        hold_type(schema["items"], arguments[0], definitions, closed)
    elif origin is dict:
        assert schema["type"] == "object"
        assert ("additionalProperties" in schema) == (arguments[1] is not Any)
        if arguments[1] is not Any:
            hold_type(schema["additionalProperties"], arguments[1], definitions, closed)
    elif annotation is datetime:
        assert schema["$ref"] == "#/definitions/Moment"
    elif dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        assert schema["$ref"] == f"#/definitions/{annotation.__name__}"
        hold(definitions[annotation.__name__], annotation, definitions, closed)
    else:
        assert schema["type"] == SCALARS[annotation]


def choices(schema: dict[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema["enum"])


def references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return {schema["$ref"]} if "$ref" in schema else set().union(*map(references, schema.values()))
    return set().union(*map(references, schema)) if isinstance(schema, list) else set()


@kinds
def test_a_schema_has_the_fields_of_its_record(kind: str) -> None:
    schema = schemas.load_schema(kind)
    hold(schema, RECORDS[kind], schema.get("definitions", {}), closed=kind in layout.WRITTEN_BY_PEOPLE)


@kinds
def test_a_schema_is_draft_07_and_says_what_it_is(kind: str) -> None:
    from jsonschema import Draft7Validator

    schema = schemas.load_schema(kind)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["title"]
    assert schema["description"]
    assert schema["properties"]["schema"]["const"] == f"{kind}/{schemas.CURRENT[kind]}"


@kinds
def test_every_definition_is_used_and_every_reference_defined(kind: str) -> None:
    schema = schemas.load_schema(kind)
    defined = {f"#/definitions/{name}" for name in schema.get("definitions", {})}
    assert references(schema) == defined


def test_every_schema_file_is_of_a_known_kind() -> None:
    wanted = sorted(f"{kind}-{number}.json" for kind, number in schemas.CURRENT.items())
    assert sorted(path.name for path in SCHEMAS.glob("*.json")) == wanted
    assert list(schemas.CURRENT) == list(RECORDS)


def test_an_event_asks_for_the_body_of_each_kind() -> None:
    bodies = [rule["if"]["properties"]["kind"]["const"] for rule in schemas.load_schema("event")["allOf"]]
    assert bodies == list(typing.get_args(EventKind))


def test_a_run_asks_of_each_kind_what_its_record_asks() -> None:
    rules = schemas.load_schema("run")["allOf"]
    assert {rule["if"]["properties"]["kind"]["const"]: tuple(rule["then"]["required"]) for rule in rules} == ASKED


def definitions() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind in RECORDS:
        for name, definition in schemas.load_schema(kind).get("definitions", {}).items():
            assert found.setdefault(name, definition) == definition or kind in layout.WRITTEN_BY_PEOPLE, name
    return found


DEFINITIONS = definitions()
LIKELY = {
    "Name": r"[a-zA-Z0-9_\-.\n]{1,66}",
    "Ulid": r"[0-9A-Z]{25,27}\n?",
    "Semver": r"v?[0-9]{1,2}(\.[0-9]{1,10}){1,3}(-[0-9a-z.\-]{0,6})?\n?",
    "Sha256": r"(sha256:)?[0-9a-f]{64}\n?",
    "Md5": r"[0-9a-f]{32}(\.dir)?\n?",
    "Commit": r"([0-9a-f]{40}|[0-9a-f]{64})\n?",
    "RepoPath": r"(\.|\.\.|/|a|\.git|\.GIT|C:|\\|\n| |b\.c){0,6}",
    "Variable": r"[a-z_0-9]{0,3}(a{20,21}){0,3}A?\n?",
    "VariableTemplate": r"[a-z_0-9]{0,3}(\{over\}){0,2}(a{20,21}){0,3}(\{over\})?[a-z]{0,2}\n?",
    "Duration": r"[0-9]{0,6}[smhdwy]{0,2}\n?",
}


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_a_pattern_takes_exactly_what_its_check_takes(form: str, data: st.DataObject) -> None:
    likely = st.from_regex(re.compile(LIKELY[form], re.ASCII), fullmatch=True)
    text = data.draw(st.one_of(likely, st.text(max_size=30)))
    check = check_of(form)
    assert bool(re.fullmatch(DEFINITIONS[form]["pattern"], text)) == (check(text) == ""), text


@pytest.mark.parametrize("form", FORMS)
def test_a_pattern_complains_in_the_words_of_its_check(form: str) -> None:
    told = check_of(form)("\\")
    assert f"is {chr(92)!r}, {DEFINITIONS[form]['patternErrorMessage']}".startswith(told)


@kinds
def test_a_schema_file_is_laid_out_as_the_others(kind: str) -> None:
    data = (SCHEMAS / f"{kind}-{schemas.CURRENT[kind]}.json").read_text()
    assert data == json.dumps(json.loads(data), indent=2, ensure_ascii=False) + "\n"
