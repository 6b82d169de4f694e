"""Canonical .skops: equal models are equal bytes, and what cannot be is refused by name."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from actum.inside.canonical import canonical
from actum.inside.digests import digest_of
from actum.models import ModelError, fingerprint, load, save
from tests.inside.asking import SOURCE
from tests.inside.make_models import TRUSTED, kinds


@pytest.fixture(scope="module")
def digests_by_seed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Digests of every kind from three processes with three hash seeds."""
    script = Path(__file__).with_name("make_models.py")
    found = []
    for seed in ("0", "1", "12345"):
        folder = tmp_path_factory.mktemp(f"seed{seed}")
        pins = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        env = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin", **pins}
        done = subprocess.run([sys.executable, str(script), str(folder)], env=env, capture_output=True, check=True)
        found.append(json.loads(done.stdout))
    return found


@pytest.mark.parametrize("kind", ["logreg", "forest", "hist", "boosting", "pipeline", "kmeans", "mlp", "svc", "pca"])
def test_bytes_depend_neither_on_process_nor_on_hash_seed(digests_by_seed: list[dict[str, str]], kind: str) -> None:
    assert len({digests[kind] for digests in digests_by_seed}) == 1


def test_a_saved_model_comes_back_and_saves_to_the_same_bytes(tmp_path: Path) -> None:
    for name, model in kinds():
        digest = save(model, tmp_path / name)
        back = load(tmp_path / name, expected_digest=digest, trusted=TRUSTED)
        assert (name, fingerprint(back)) == (name, fingerprint(model))
        assert (name, save(back, tmp_path / "again")) == (name, digest)


def test_the_fingerprint_is_the_same_from_joblib_and_from_skops(tmp_path: Path) -> None:
    import joblib

    for name, model in kinds():
        joblib.dump(model, tmp_path / name, compress=3)
        digest = digest_of((tmp_path / name).read_bytes())
        back = load(tmp_path / name, expected_digest=digest, allow_pickle=True)
        assert (name, fingerprint(back)) == (name, fingerprint(model))


def test_the_fingerprint_sees_a_single_bit_and_not_how_many_jobs() -> None:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    x = np.arange(8.0).reshape(4, 2)
    model = LogisticRegression().fit(x, [0, 0, 1, 1])
    before = fingerprint(model)
    model.verbose, model.n_jobs = 1, 2
    assert fingerprint(model) == before
    model.coef_ = np.nextafter(model.coef_, 1.0)
    assert fingerprint(model) != before


def test_a_word_named_like_a_skipped_attribute_is_state() -> None:
    from sklearn.preprocessing import FunctionTransformer

    assert fingerprint(FunctionTransformer(kw_args={"verbose": 1})) != fingerprint(FunctionTransformer(kw_args={}))


def test_the_rewriting_has_a_golden_file() -> None:
    """Format ``canonical-skops/1``: these bytes must never change."""
    text = {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": '"b"',
        "__id__": 8_000_001,
    }
    two = [{**text, "content": '"b"'}, {**text, "content": '"a"', "__id__": 8_000_002}]
    held = {"__class__": "set", "__module__": "builtins", "__loader__": "SetNode", "content": two, "__id__": 8_000_003}
    raw = {
        "__class__": "bytes",
        "__module__": "builtins",
        "__loader__": "BytesNode",
        "file": "f0.bin",
        "__id__": 8_000_004,
    }
    root = {
        "__class__": "list",
        "__module__": "builtins",
        "__loader__": "ListNode",
        "content": [held, held, raw],
        "__id__": 8_000_005,
        "protocol": 2,
        "_skops_version": "0.16.0",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("f0.bin", b"bytes")
        archive.writestr("schema.json", json.dumps(root, indent=2))
    data = canonical(buffer.getvalue())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.filename: (entry.date_time, entry.compress_type) for entry in archive.infolist()} == {
            "000000.bin": ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED),
            "schema.json": ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED),
        }
        schema = json.loads(archive.read("schema.json"))
    assert [item["content"] for item in schema["content"][0]["content"]] == ['"a"', '"b"']
    assert [item.get("__id__") for item in schema["content"]] == [1, 1, None]
    assert digest_of(data) == "sha256:a8d67d401ddf4bc7d7ea1cc7b97b9cbbb88b1f7e02f886e0a853b6b80808733d"


def test_a_sparse_matrix_and_a_random_source_are_stable(tmp_path: Path) -> None:
    import numpy as np
    from scipy import sparse
    from sklearn.preprocessing import FunctionTransformer

    held = {"matrix": sparse.eye(3, format="csr"), "source": np.random.default_rng(3), "old": np.random.RandomState(3)}
    first = save(FunctionTransformer(kw_args=held), tmp_path / "a")
    assert save(load(tmp_path / "a", trusted=["scipy.sparse._csr.csr_matrix"]), tmp_path / "b") == first


def test_sets_are_sorted_and_dictionaries_keep_their_order(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    words = {"names": {"delta", "alpha", "charlie", 3, None, ("x", 1)}, "order": {"z": 1, "a": 2}}
    save(FunctionTransformer(kw_args=words), tmp_path / "a")
    back = load(tmp_path / "a").kw_args
    assert back == words
    assert list(back["order"]) == ["z", "a"]


def test_the_bytes_between_the_fields_of_a_structured_array_do_not_count(tmp_path: Path) -> None:
    import numpy as np
    from sklearn.preprocessing import FunctionTransformer

    dtype = np.dtype([("flag", "u1"), ("value", "<f8")], align=True)
    digests = set()
    for filler in (0x00, 0xFF):
        array = np.frombuffer(bytes([filler]) * 32, dtype=dtype).copy()
        array["flag"], array["value"] = 1, 2.5
        digests.add(save(FunctionTransformer(kw_args={"nodes": array}), tmp_path / "a"))
    assert len(digests) == 1


def vectorizers() -> dict[str, Any]:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    text = ["late again", "on time"]
    return {
        "model._stop_words_id of sklearn.feature_extraction.text.TfidfVectorizer": TfidfVectorizer().fit(text),
        "model.steps[0][1]._stop_words_id of sklearn.feature_extraction.text.CountVectorizer": make_pipeline(
            CountVectorizer()
        ).fit(text),
    }


def test_a_text_vectorizer_is_refused_by_name(tmp_path: Path) -> None:
    for place, model in vectorizers().items():
        with pytest.raises(ModelError) as refusal:
            save(model, tmp_path / "a")
        assert str(refusal.value) == f"{place} is a memory address: such a model's bytes are never the same"
        assert list(tmp_path.iterdir()) == []


def test_a_text_vectorizer_is_saved_once_the_address_is_gone(tmp_path: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer().fit(["late again", "on time"])
    del model._stop_words_id
    save(model, tmp_path / "a")
    assert (load(tmp_path / "a").transform(["late"]) != model.transform(["late"])).nnz == 0


def refused() -> list[tuple[Any, str]]:
    """Return transformer arguments that cannot be saved, and what is said of each."""

    def local(x: Any) -> Any:
        return x

    owner = "of sklearn.preprocessing._function_transformer.FunctionTransformer"
    unnamed = f"model.func {owner}: tests.inside.test_model_save.<lambda> has no name it could be loaded by"
    return [
        ({"func": lambda x: x}, unnamed),
        ({"func": local}, f"model.func {owner}: tests.inside.test_model_save.local has no name it could be loaded by"),
        (
            {"kw_args": {"a": {object()}}},
            f"model.kw_args['a'] {owner}: a builtins.set of builtins.object, which has no stable order",
        ),
        (
            {"kw_args": {False: 1}},
            f"model.kw_args {owner}: a dictionary with builtins.bool keys, which skops does not bring back",
        ),
        ({"kw_args": {1: 1, "1": 2}}, "the model holds a dictionary with keys that skops cannot tell apart: '1'"),
        (
            {"kw_args": {"at": id(local), "what": local}},
            f"model.kw_args['at'] {owner} is a memory address: such a model's bytes are never the same",
        ),
        (
            {"kw_args": {(1, 2): 3}},
            "the model cannot be saved: TypeError: keys must be str, int, float, bool or None, not tuple",
        ),
    ]


@pytest.mark.parametrize("case", range(7))
def test_what_cannot_be_stable_is_refused_by_place_and_class(tmp_path: Path, case: int) -> None:
    from sklearn.preprocessing import FunctionTransformer

    arguments, said = refused()[case]
    with pytest.raises(ModelError) as refusal:
        save(FunctionTransformer(**arguments), tmp_path / "a")
    assert str(refusal.value) == said


def test_a_function_that_hides_behind_another_name_does_not_come_back_and_is_refused(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    def save(x: Any) -> Any:  # skops would write test_model_save.save, which is another function
        return x

    with pytest.raises(ModelError, match="does not come back from its file as it was"):
        globals()["save"](FunctionTransformer(save), tmp_path / "a")


def test_a_ufunc_is_named_by_its_public_home_whatever_was_imported_first(tmp_path: Path) -> None:
    import numpy as np
    import scipy.special
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    save(make_pipeline(FunctionTransformer(np.log1p), FunctionTransformer(scipy.special.expit)), tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "a") as archive:
        text = archive.read("schema.json").decode()
    assert '"__class__":"log1p","__loader__":"FunctionNode","__module__":"numpy"' in text
    assert '"__class__":"expit","__loader__":"FunctionNode","__module__":"scipy.special"' in text
    assert [step.func for _, step in load(tmp_path / "a").steps] == [np.log1p, scipy.special.expit]


def test_a_refused_save_leaves_the_old_file(tmp_path: Path) -> None:
    from sklearn.preprocessing import FunctionTransformer

    digest = save(FunctionTransformer(), tmp_path / "a")
    with pytest.raises(ModelError):
        save(FunctionTransformer(lambda x: x), tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert digest_of((tmp_path / "a").read_bytes()) == digest
