"""What lies in ``.actum/scripts`` is nobody's word: damage there is one warning, and the rest is served."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import actum
from actum.runlog import begun, closing, series
from tests.logbook.conftest import Records, listed
from tests.logbook.test_kills import leave


def deep(folder: Path) -> None:
    (folder / begun.SAID).write_text('{"params":' + '{"a":' * 5000 + "1" + "}" * 5001 + "\n")


def deep_but_readable(folder: Path) -> None:
    (folder / begun.SAID).write_text('{"params":{"a":' + "[" * 600 + "]" * 600 + "}}\n")


def no_size(folder: Path) -> None:
    record = begun.record_of(folder)
    assert record is not None
    path = f"runs/{record.started_at:%Y/%m}/{record.id}/x"
    (folder / begun.SAID).write_text(json.dumps({"artifact": {"path": path, "md5": "0" * 32}}) + "\n")


def no_text(folder: Path) -> None:
    (folder / begun.SAID).write_text('{"tags":{"a":1}}\n')


def no_utf8(folder: Path) -> None:
    begun.series_in(folder).write_bytes(series.HEAD.encode() + b"0,0.1,\xff,1.0\n")


def no_number(folder: Path) -> None:
    begun.series_in(folder).write_bytes(series.HEAD.encode() + b"0,0.1,loss\n")


def another_kind(folder: Path) -> None:
    data = (folder / begun.RECORD).read_bytes()
    (folder / begun.RECORD).write_bytes(data.replace(b'"script"', b'"observed"'))


def too_large(folder: Path) -> None:
    (folder / begun.SAID).write_text('{"metrics":{"a":' + "9" * 400 + "}}\n")


DAMAGES = [deep, deep_but_readable, no_size, no_text, no_utf8, no_number, another_kind, too_large]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_one_warning_and_the_rest_is_served(damage: Callable[[Path], None], root: Path) -> None:
    folder = leave(root)
    damage(folder)
    with actum.run("sound") as run:
        pass
    told = listed(root)
    assert [row["id"] for row in told["data"]] == [run.id]
    (warning,) = told["warnings"]
    assert str(folder) in warning
    assert folder.is_dir()
    with pytest.warns(UserWarning, match=re.escape(str(folder))) as caught:
        assert actum.runs()["name"].tolist() == ["sound"]
    assert [str(one.message) for one in caught] == [warning]


def test_whatever_is_changed_in_a_folder_no_read_fails(root: Path) -> None:
    folder = leave(root)
    chance = random.Random(11)
    names = (begun.RECORD, begun.SAID, series.NAME)
    whole = {name: (folder / name).read_bytes() for name in names}
    pieces = (b"[", b"{}", b"\xff", b"null", b'"', b",", b"\n", b"1e999", b"\x00", b"-1", b"{" * 3000)
    outcomes = set()
    for _ in range(100):
        folder.mkdir(exist_ok=True)
        shutil.rmtree(root / "runs", ignore_errors=True)
        for name, data in whole.items():
            at, end = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
            broken = data[:at] + chance.choice(pieces) + data[min(end, at + 9) :]
            (folder / name).write_bytes(broken if chance.random() < 0.5 else data)
        paths, problems = closing.close_killed(root, os.environ)
        assert len(paths) + len(problems) <= 1
        assert all(str(folder) in str(problem) for problem in problems.values())
        outcomes.add((len(paths), len(problems)))
    assert {(1, 0), (0, 1)} <= outcomes


def test_a_metric_with_a_long_name_survives_a_kill(root: Path, records: Records) -> None:
    child = os.fork()
    if not child:
        run = actum.run("killed").begin()
        run.log_metric("x" * 140_000 + ',"', 1, 1)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert listed(root)["warnings"] == []
    (record,) = records().values()
    assert record.metrics == {"x" * 140_000 + ',"': 1.0}
