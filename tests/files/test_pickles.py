"""What would run code when it is loaded is told by its bytes, whatever it is called; nothing is loaded to tell."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from actum.files.pickles import what_loading_runs

REPOSITORY = Path(__file__).parents[2]


class Trap:
    """Makes a file of its unpickling."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.system, ("touch trapped",)


def told(data: bytes) -> str:
    return what_loading_runs(io.BytesIO(data))


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def tarred(name: str, data: bytes, mode: str = "w") -> bytes:
    held, member = io.BytesIO(), tarfile.TarInfo(name)
    member.size = len(data)
    with tarfile.open(fileobj=held, mode=mode) as archive:  # type: ignore[call-overload]
        archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


def dumped(value: object, **how: object) -> bytes:
    held = io.BytesIO()
    joblib.dump(value, held, **how)
    return held.getvalue()


def saved(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=True)
    return held.getvalue()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_told_in_every_protocol(protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    assert told(pickle.dumps(model, protocol)) == "a pickle"
    assert told(pickle.dumps(Trap(), protocol)) == "a pickle"
    assert list(tmp_path.iterdir()) == []


def test_a_large_pickle_is_told_by_its_beginning() -> None:
    values = [Trap() for _ in range(200)], b"x" * (3 << 20), "y" * (3 << 20)
    assert told(pickle.dumps(values, 4)) == "a pickle"
    assert told(pickle.dumps(values, 0)) == "a pickle"


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_joblibs_compression_hides_nothing(method: str) -> None:
    array = np.arange(300_000.0)
    assert told(dumped({"a": array}, compress=(method, 3))) == f"a pickle, compressed with {method}"
    assert told(dumped({"a": array})) == "a pickle"


def test_what_joblib_wrote_before_0_10_is_told() -> None:
    data = pickle.dumps(Trap(), 2)
    assert told(b"ZF" + hex(len(data)).ljust(19).encode() + zlib.compress(data)) == "a pickle, compressed with zlib"


def test_what_cannot_be_opened_is_not_called_harmless() -> None:
    assert told(b"\x04\x22\x4d\x18rest") == "compressed with LZ4, as joblib can do it, and cannot be looked into"


def test_archives_are_looked_into() -> None:
    data = pickle.dumps(Trap())
    torch = zipped(**{"archive/version": b"3\n", "archive/data.pkl": data})
    assert told(torch) == "a zip whose member archive/data.pkl is a pickle"
    assert told(tarred("model/model.joblib", data)) == "a tar whose member model/model.joblib is a pickle"
    assert told(tarred("a.pkl", data, "w:gz")) == "a tar whose member a.pkl is a pickle, compressed with gzip"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_is_looked_into_however_it_is_compressed(method: int) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("a.pkl", pickle.dumps([Trap(), b"x" * (3 << 20)]))
    assert told(held.getvalue()) == "a zip whose member a.pkl is a pickle"


def test_a_zip_of_too_many_members_is_not_called_harmless() -> None:
    """Neither is its directory held in memory, which may be as large as the file."""
    few, many = (zipped(**{f"{number}": b"" for number in range(count)}) for count in (10_000, 10_001))
    assert told(few) == ""
    assert told(many) == "a zip with more members than can be looked into"
    long = zipped(**{f"{number}-{'x' * 60_000}": b"" for number in range(18)})
    assert told(long) == "a zip with more members than can be looked into"


def test_an_array_of_objects_is_a_pickle_and_one_of_numbers_is_not() -> None:
    objects = saved(np.array([Trap(), None], dtype=object))
    assert told(objects) == "an array of objects, which is a pickle"
    assert told(zipped(**{"a.npy": objects})).endswith("a.npy is an array of objects, which is a pickle")
    assert told(saved(np.arange(9.0))) == ""
    assert told(saved(np.array([(1, "O")], dtype=[("a", "i4"), ("b", "U1")]))) == ""


HARMLESS = {
    "nothing": b"",
    "csv.gz": gzip.compress(b"a,b\n1,2\n"),
    "text.bz2": bz2.compress(b"text"),
    "text.xz": lzma.compress(b"text"),
    "names of commands": b"cat\nchmod\nchown\ncp\ncut\n",
    "parquet": b"PAR1\x15\x04\x15\x10PAR1",
    "zip": zipped(**{"schema.json": b"{}", "a.txt": b"text"}),
    "tar": tarred("a.txt", b"text"),
    "cut off": b"\x80\x04\x95",
    "no pickle after all": b"\x80\x04\xff\xff\xff\xff",
    "half a zip": zipped(**{"a.pkl": b"text"})[:40],
    "not gzip": b"\x1f\x8bnothing of the kind",
    "not zlib": b"x = 1\n",
    "a letter and a stop": b"N.",
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=list(HARMLESS))
def test_what_runs_nothing_is_let_pass(data: bytes) -> None:
    assert told(data) == ""


def test_no_file_of_this_repository_passes_for_a_pickle() -> None:
    files = [path for folder in ("src", "tests", "docs", "schemas") for path in (REPOSITORY / folder).rglob("*")]
    texts = [path for path in files if path.suffix in (".py", ".md", ".json", ".txt", ".yml")]
    assert len(texts) > 200
    assert [path.name for path in texts if told(path.read_bytes())] == []


@given(st.text())
def test_no_text_passes_for_a_pickle_unless_it_names_code(text: str) -> None:
    data = text.encode()
    assert not told(data) or data[:1] in b"ci("


MAGIC = (b"", b"\x80\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"x\x9c", b"PK\x03\x04", b"\x93NUMPY", b"ZF0x1")


@given(st.sampled_from(MAGIC), st.binary())
def test_no_bytes_make_it_stumble(magic: bytes, data: bytes) -> None:
    found = told(magic + data)
    assert not found or "pickle" in found or "LZ4" in found
