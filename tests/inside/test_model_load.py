"""Loading: digest before parsing, reviewed types only, pickles never by accident, bombs and wrecks refused."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from actum.inside.archive import ALWAYS_ALLOWED_BYTES
from actum.inside.digests import digest_of
from actum.inside.formats import sniff
from actum.inside.opening import open_model
from actum.models import ModelError, load, save
from tests.inside.asking import SOURCE

TREE = "sklearn.tree._tree.Tree"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a type that skops does not trust by itself."""
    from sklearn.tree import DecisionTreeClassifier

    path = tmp_path_factory.mktemp("tree") / "tree.skops"
    save(DecisionTreeClassifier(random_state=0).fit([[0.0], [1.0]], [0, 1]), path)
    return path


def refusal(path: Path, **options: Any) -> str:
    """Return what a refused load says, without the path."""
    with pytest.raises(ModelError) as refused:
        load(path, **options)
    return str(refused.value).removeprefix(f"{path}: ")


def test_an_unreviewed_type_is_refused_by_name(tree: Path) -> None:
    assert refusal(tree) == f"holds types that nobody has reviewed: {TREE}"
    assert refusal(tree, trusted=["numpy.dtype"]) == f"holds types that nobody has reviewed: {TREE}"
    assert load(tree, trusted=[TREE]).predict([[1.0]]).tolist() == [1]


def test_the_nearest_list_above_the_working_directory_is_read(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/trusted-types.txt").write_text(f"# reviewed by ana\n\n{TREE}  # bounds checked\n")
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    assert load(tree).predict([[0.0]]).tolist() == [0]
    assert refusal(tree, trusted=[]) == f"holds types that nobody has reviewed: {TREE}"


def test_the_variable_names_the_list(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTUM_TRUSTED_TYPES", str(tmp_path / "list.txt"))
    with pytest.raises(ModelError, match="cannot read the list of trusted types"):
        load(tree)
    (tmp_path / "list.txt").write_text(f"{TREE}\n* all of them\n")
    with pytest.raises(ModelError) as refused:
        load(tree)
    assert str(refused.value) == f"{tmp_path / 'list.txt'}:2: '* all of them' is not a dotted type name"
    (tmp_path / "list.txt").write_text(TREE)
    assert load(tree).predict([[0.0]]).tolist() == [0]


def test_another_digest_is_refused_before_anything_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"not even a zip")
    wanted = "sha256:" + "0" * 64
    said = refusal(tmp_path / "m", expected_digest=wanted)
    assert said == f"{digest_of(b'not even a zip')} found, {wanted} wanted"


class Payload:
    """A pickle that leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.trace),))


@pytest.mark.parametrize("kind", ["pickle", "joblib"])
def test_a_pickle_runs_only_with_its_digest_and_leave(tmp_path: Path, kind: str) -> None:
    import joblib

    trace, file = tmp_path / "trace", tmp_path / "model.skops"  # its name does not help it
    if kind == "pickle":
        file.write_bytes(pickle.dumps(Payload(trace)))
    else:
        joblib.dump(Payload(trace), file, compress=3)
    digest = digest_of(file.read_bytes())
    forbidden = f"a {kind} file runs code when it is loaded, and that is not allowed here"
    assert refusal(file, expected_digest=digest) == forbidden
    assert refusal(file, allow_pickle=True) == f"a {kind} file is only loaded with the digest it must have"
    assert "found" in refusal(file, allow_pickle=True, expected_digest="sha256:" + "0" * 64)
    assert not trace.exists()
    load(file, allow_pickle=True, expected_digest=digest)
    assert trace.is_dir()


def test_formats_are_told_by_content(tree: Path, tmp_path: Path) -> None:
    import joblib
    import numpy as np
    import skops.io

    joblib.dump({"a": np.arange(3)}, tmp_path / "raw")
    joblib.dump({"a": 1}, tmp_path / "small", compress=("gzip", 1))
    found = {
        "ours": sniff(tree.read_bytes(), "m"),
        "theirs": sniff(skops.io.dumps([1, 2]), "m"),
        "raw": sniff((tmp_path / "raw").read_bytes(), "m"),
        "small": sniff((tmp_path / "small").read_bytes(), "m"),
        "pickle": sniff(pickle.dumps([1]), "m"),
    }
    assert found == {
        "ours": "canonical-skops/1",
        "theirs": "skops",
        "raw": "joblib",
        "small": "joblib",
        "pickle": "pickle",
    }
    assert open_model(tree, trusted=[TREE]).format == "canonical-skops/1"


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def schema(**fields: Any) -> bytes:
    root = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [], "protocol": 2}
    return json.dumps({**root, **fields}).encode()


def repeated() -> bytes:
    """A schema whose every node reads one large member anew."""
    node = {"__class__": "bytes", "__module__": "builtins", "__loader__": "BytesNode", "file": "zeros.bin"}
    return zipped({"zeros.bin": bytes(2**20), "schema.json": schema(content=[node] * 300)})


WRECKS = {
    "empty": (b"", "not a model file: neither skops nor joblib nor pickle"),
    "text": (b"hello", "not a model file: neither skops nor joblib nor pickle"),
    "cut": (zipped({"schema.json": schema()})[:60], "damaged zip: File is not a zip file"),
    "no schema": (zipped({"a": b""}), "a zip without schema.json: not a skops file"),
    "no object": (zipped({"schema.json": b"[]"}), "schema.json is not an object"),
    "no json": (zipped({"schema.json": b"{"}), "schema.json is not valid JSON"),
    "deep": (zipped({"schema.json": b"[" * 100_000}), "schema.json is not valid JSON"),
    "no loader": (zipped({"schema.json": b'{"protocol": 2}'}), "KeyError: '__loader__'"),
    "no member": (
        zipped(
            {
                "schema.json": schema(
                    content=[{"__class__": "bytes", "__module__": "builtins", "__loader__": "BytesNode", "file": "x"}]
                )
            }
        ),
        "KeyError: \"There is no item named 'x' in the archive\"",
    ),
    "new protocol": (
        zipped({"schema.json": schema(protocol=99)}),
        "ValueError: The file was saved with skops protocol 99",
    ),
    "repeated": (repeated(), f"bytes would unpack to {300 * 2**20}, at most {ALWAYS_ALLOWED_BYTES} are read"),
}


@pytest.mark.parametrize("wreck", WRECKS)
def test_a_wreck_is_refused_with_a_reason(tmp_path: Path, wreck: str) -> None:
    data, said = WRECKS[wreck]
    (tmp_path / "m").write_bytes(data)
    assert said in refusal(tmp_path / "m")


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", schema())
        with archive.open("zeros.bin", "w") as member:
            for _ in range(5):
                member.write(bytes(ALWAYS_ALLOWED_BYTES // 4))
    assert "at most 268435456 are read" in refusal(tmp_path / "m")


def test_a_damaged_pickle_with_its_digest_is_a_refusal_too(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps([1, 2, 3])[:-2])
    digest = digest_of((tmp_path / "m").read_bytes())
    with pytest.raises(ModelError):
        load(tmp_path / "m", expected_digest=digest, allow_pickle=True)


def test_a_missing_file_and_a_string_for_a_list_are_named(tmp_path: Path, tree: Path) -> None:
    assert refusal(tmp_path / "none") == "cannot be read: No such file or directory"
    with pytest.raises(ModelError) as refused:
        load(tree, trusted=TREE)
    assert str(refused.value) == f"trusted: a list of type names was wanted, found the string '{TREE}'"


def test_importing_the_wing_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'pyarrow', 'sklearn', 'scipy', 'skops', 'joblib', 'threadpoolctl'}"
    jobs = "actum.inside.facts, actum.inside.describe, actum.inside.score, actum.inside.replay, actum.inside.compare"
    code = f"import sys, actum.models, {jobs}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, check=True
    )
    assert done.stdout == b"[]\n"
