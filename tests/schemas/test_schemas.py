"""What validation finds, in our words and with our lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actum import files, schemas
from actum.records.card import ModelCard
from actum.records.codec import FieldError, decode, encode

CARD = b"""\
# yaml-language-server: $schema=../../.actum/schemas/model-1.json
schema: model/1
model: churn
owner: ana
artifact: models/churn.skops
inputs:
  - name: age
    type: int
  - {name: city, type: string}
rebuild:
  level: bytes
"""
EVENT = {
    "schema": "event/1",
    "id": "01JDC8ZZZZZZZZZZZZZZZZZZZZ",
    "kind": "promotion",
    "model": "churn",
    "recorded_at": "2026-11-23T00:00:00Z",
    "effective_at": "2026-11-23T00:00:00Z",
    "clock": "real",
    "by": {"name": "ana", "email": "ana@example.org"},
    "promotion": {
        "stage": "production",
        "version": "1.0.0",
        "artifact": "sha256:" + "0" * 64,
        "plan": "sha256:" + "1" * 64,
    },
}


def found(old: str, new: str) -> list[str]:
    """Return the findings of the card with one text replaced."""
    assert CARD.count(old.encode()) == 1
    data = CARD.replace(old.encode(), new.encode())
    return schemas.validate(files.read_yaml(data, where="model.yaml"), "model", where="model.yaml", data=data)


def test_a_record_in_its_form_has_no_findings() -> None:
    assert schemas.validate(files.read_yaml(CARD, where="m"), "model", where="m", data=CARD) == []
    assert schemas.validate(EVENT, "event", where="e") == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("owner: ana\n", "", "model.yaml: owner: is required"),
        ("owner: ana", "ownr: ana\nowner: ana", "model.yaml:4: ownr: is not known here, did you mean owner?"),
        ("owner: ana", "owner: 1.10", 'model.yaml:4: owner: is float, must be str: quote it, "1.1"'),
        ("owner: ana", "owner:", "model.yaml:4: owner: is null, must be str"),
        ("owner: ana", "owner: {a: b}", "model.yaml:4: owner: is a mapping, must be str"),
        (
            "model: churn",
            "model: ch/urn",
            "model.yaml:3: model: is 'ch/urn', must be letters, digits, - and _, at most 64",
        ),
        (
            "model: churn",
            'model: "churn\\n"',
            "model.yaml:3: model: is 'churn\\n', must be letters, digits, - and _, at most 64",
        ),
        ("/1\nm", "/2\nm", "model.yaml:2: schema: is 'model/2', must be one of model/1, did you mean model/1?"),
        ("type: int", "typ: int\n    type: int", "model.yaml:8: inputs[0].typ: is not known here, did you mean type?"),
        ("    type: int\n", "", "model.yaml:7: inputs[0].type: is required"),
        (", type: string", "", "model.yaml:9: inputs[1].type: is required"),
        (
            "type: string",
            "type: str",
            "model.yaml:9: inputs[1].type: is 'str', must be one of float, int, string, bool, did you mean string?",
        ),
        ("level: bytes", "valid_days: 0", "model.yaml:11: rebuild.valid_days: is 0, must be at least 1"),
        ("level: bytes", "valid_days: 90.0", "model.yaml:11: rebuild.valid_days: is float, must be int"),
        ("level: bytes", "valid_days: true", "model.yaml:11: rebuild.valid_days: is bool, must be int"),
        ("level: bytes", "tolerance: true", "model.yaml:11: rebuild.tolerance: is bool, must be float"),
        ("rebuild:\n  level: bytes", "rebuild: []", "model.yaml:10: rebuild: is a list, must be a mapping"),
        (
            "models/churn.skops",
            "../x",
            "model.yaml:5: artifact: is '../x', must be a path inside the repository, not in .git",
        ),
    ],
)
def test_a_finding_says_where_what_and_what_was_wanted(old: str, new: str, finding: str) -> None:
    assert found(old, new) == [finding]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("owner", 1.1),
        ("owner", []),
        ("model", "ch/urn"),
        ("model", "a\n"),
        ("schema", "modle/1"),
        ("inputs", {}),
        ("inputs", [{"name": "a", "type": "str"}]),
        ("inputs", [{"name": "a"}]),
        ("risk", {"exposure": "low", "purpose": "low", "expsure": "low"}),
        ("ownr", "x"),
        ("rebuild", {"valid_days": "3"}),
    ],
)
def test_a_finding_and_the_typed_decoder_say_the_same(key: str, value: object) -> None:
    raw = files.read_yaml(CARD, where="m") | {key: value}
    with pytest.raises(FieldError) as caught:
        decode(ModelCard, raw, strict=True)
    assert schemas.validate(raw, "model", where="m") == [f"m: {caught.value}"]


def test_all_findings_are_collected_and_sorted_by_line() -> None:
    data = CARD.replace(b"owner: ana", b"ownr: ana").replace(b"type: int", b"type: 1").replace(b"churn\n", b"no/pe\n")
    raw = files.read_yaml(data, where="m")
    wanted = [
        "m: owner: is required",
        "m:3: model: is 'no/pe', must be letters, digits, - and _, at most 64",
        "m:4: ownr: is not known here, did you mean owner?",
        "m:8: inputs[0].type: is 1, must be one of float, int, string, bool",
    ]
    assert schemas.validate(raw, "model", where="m", data=data) == wanted


def test_several_required_fields_are_each_told_once() -> None:
    assert schemas.validate({"schema": "stage/1", "model": "a", "stage": "b"}, "stage", where="s") == [
        "s: event: is required",
        "s: version: is required",
    ]


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        (
            {"recorded_at": "2026-11-23"},
            ["e: recorded_at: is '2026-11-23', must be a time such as 2020-04-01T12:00:00Z"],
        ),
        ({"promotion": None}, ["e: promotion: is null, must be a mapping"]),
        ({"kind": "seal"}, ["e: promotion: does not belong to a seal", "e: seal: is required"]),
        ({"from_the_future": 1}, []),
    ],
)
def test_an_event_has_the_body_of_its_kind_and_may_be_newer(changes: dict[str, Any], findings: list[str]) -> None:
    assert schemas.validate(EVENT | changes, "event", where="e") == findings


@pytest.mark.parametrize("bounds", [{}, {"at_least": 1, "at_most": 2}])
def test_a_threshold_has_one_bound(bounds: dict[str, float]) -> None:
    raw = {"schema": "policy/1", "policy": "p", "thresholds": [{"metric": "auc", **bounds}]}
    assert schemas.validate(raw, "policy", where="p") == ["p: thresholds[0]: needs one of at_least and at_most"]


def test_what_a_record_encodes_to_is_valid() -> None:
    card = decode(ModelCard, files.read_yaml(CARD, where="m"), strict=True)
    data = files.write_yaml(encode(card), schema_uri=schemas.schema_uri("model", 2))
    assert schemas.validate(files.read_yaml(data, where="m"), "model", where="m", data=data) == []


@pytest.mark.parametrize(
    ("kind", "depth", "uri"),
    [
        ("settings", 0, ".actum/schemas/settings-1.json"),
        ("policy", 1, "../.actum/schemas/policy-1.json"),
        ("model", 2, "../../.actum/schemas/model-1.json"),
    ],
)
def test_a_record_points_its_editor_at_the_copy_in_its_repository(kind: str, depth: int, uri: str) -> None:
    assert schemas.schema_uri(kind, depth) == uri


def test_the_copies_lie_where_records_point(tmp_path: Path) -> None:
    schemas.place_schemas(tmp_path)
    record = tmp_path / "registry" / "churn" / "model.yaml"
    record.parent.mkdir(parents=True)
    copy = record.parent / schemas.schema_uri("model", 2)
    assert files.read_json(copy.read_bytes(), where="copy") == schemas.load_schema("model")
    before = copy.stat().st_mtime_ns
    (tmp_path / ".actum/schemas/stage-1.json").write_bytes(b"old")
    schemas.place_schemas(tmp_path)
    assert copy.stat().st_mtime_ns == before
    assert len(list((tmp_path / ".actum/schemas").iterdir())) == len(schemas.CURRENT)
    assert (tmp_path / ".actum/schemas/stage-1.json").read_bytes() != b"old"


def test_a_wheel_finds_its_schemas_inside_the_package(tmp_path: Path) -> None:
    package = Path(schemas.__file__).parent
    shutil.copytree(package, tmp_path / "actum", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(package.parent.parent / "schemas", tmp_path / "actum" / "_schemas")
    program = "from actum import schemas; print(schemas.__file__, schemas.load_schema('stage')['title'])"
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert said.stdout == f"{tmp_path}/actum/schemas.py Stage pointer\n"


def test_an_unknown_kind_is_our_bug() -> None:
    with pytest.raises(KeyError, match="monitor"):
        schemas.load_schema("monitor")


def test_validation_alone_loads_jsonschema() -> None:
    program = "import sys, actum.schemas, actum.files; print('jsonschema' in sys.modules)"
    env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    assert said.stdout == "False\n"
