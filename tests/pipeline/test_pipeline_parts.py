"""What is read, cut and gathered around ``dvc repro``; DVC itself runs in tests/dvc and the journeys."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from actum import pipeline, process
from actum.dvc.pipeline import Out, Pipeline, Stage
from actum.errors import InvalidRecordError, NotFoundError, UserError
from tests.real_git import write

# prepare -> train -> score; report stands alone
STAGES = (
    Stage(name="prepare", cmd=("a",), wdir=".", deps=("raw",), outs=(Out(path="data/made"),)),
    Stage(name="report", cmd=("b",), wdir=".", outs=(Out(path="report.html"),)),
    Stage(
        name="train",
        cmd=("c",),
        wdir=".",
        deps=("data/made/rows.csv",),
        outs=(Out(path="model.bin"), Out(path="m.json", kind="metric")),
    ),
    Stage(name="score", cmd=("d",), wdir=".", deps=("model.bin", "data"), outs=(Out(path="s.yaml", kind="metric"),)),
)
DESCRIBED = Pipeline(stages=STAGES, metrics=("m.json", "s.yaml", "elsewhere.json"))
DVC_YAML = "stages:\n  one:\n    cmd: echo 1 > one\n    outs: [one]\n"
DVC_LOCK = """\
schema: '2.0'
stages:
  one:
    cmd: echo 1 > one
    outs:
    - path: one
      hash: md5
      md5: {0}
      size: 2
"""


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        ((), ["prepare", "report", "train", "score"]),
        (("prepare",), ["prepare"]),
        (("score",), ["prepare", "train", "score"]),
        (("report", "train"), ["prepare", "report", "train"]),
    ],
)
def test_a_target_needs_what_feeds_it_also_through_folders(targets: tuple[str, ...], names: list[str]) -> None:
    assert [stage.name for stage in pipeline.closure(DESCRIBED, targets)] == names


def test_a_target_that_is_no_stage_is_said() -> None:
    with pytest.raises(NotFoundError, match=r"^there is no stage 'trian' in the pipeline$"):
        pipeline.closure(DESCRIBED, ["trian"])


def test_a_reader_reads_files_of_the_work_tree_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "root/file", "x")
    write(tmp_path, "secret", "y")
    (tmp_path / "root/link").symlink_to("../secret")
    reader = pipeline.reader_of(tmp_path / "root")
    assert (reader("file"), reader("missing")) == (b"x", None)
    for path in ("../secret", "link"):
        with pytest.raises(UserError):
            reader(path)


def test_an_absent_lock_is_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path, "deep/dvc.yaml", DVC_YAML)
    described, lock = pipeline.read(tmp_path, "deep")
    assert [stage.name for stage in described.stages] == ["one"]
    assert lock.stages == {}
    write(tmp_path, "deep/dvc.lock", DVC_LOCK.format("a" * 32))
    described, lock = pipeline.read(tmp_path, "deep")
    assert [entry.path for entry in lock.stages["one"].outs] == ["deep/one"]


def test_a_stage_that_is_cut_is_gone_from_the_lock(tmp_path: Path) -> None:
    write(tmp_path, "dvc.yaml", DVC_YAML)
    write(tmp_path, "dvc.lock", DVC_LOCK.format("a" * 32))
    before = (tmp_path / "dvc.lock").read_bytes()
    pipeline.cut(tmp_path, ".", [])
    assert (tmp_path / "dvc.lock").read_bytes() == before
    pipeline.cut(tmp_path, ".", ["one"])
    assert pipeline.read(tmp_path, ".")[1].stages == {}
    pipeline.cut(tmp_path, "nowhere", ["one"])
    assert not (tmp_path / "nowhere").exists()


def test_metrics_are_those_of_the_stages_asked_about(tmp_path: Path) -> None:
    write(tmp_path, "m.json", '{"auc": 0.5}')
    write(tmp_path, "s.yaml", "brier: 0.1\n")
    assert pipeline.metrics_of(tmp_path, DESCRIBED, ["train"]) == {"m.json": {"auc": 0.5}}
    assert pipeline.metrics_of(tmp_path, DESCRIBED, ["train", "score"]) == {
        "m.json": {"auc": 0.5},
        "s.yaml": {"brier": 0.1},
    }
    assert pipeline.metrics_of(tmp_path, DESCRIBED, []) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "m.json: the stage did not write its metrics"),
        ("[1]", "m.json: the top level is a list, must be a mapping"),
        ('{"auc": NaN}', "m.json:1:9: holds NaN, must be a finite number"),
    ],
)
def test_metrics_that_say_nothing_true_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        write(tmp_path, "m.json", content)
    with pytest.raises(UserError) as caught:
        pipeline.metrics_of(tmp_path, DESCRIBED, ["train"])
    assert str(caught.value) == message


def test_metrics_of_another_format_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "m.csv", "auc\n")
    described = Pipeline(stages=(Stage(name="a", cmd=("a",), wdir=".", outs=(Out(path="m.csv"),)),), metrics=("m.csv",))
    with pytest.raises(InvalidRecordError, match=r"^m\.csv: metrics must be JSON or YAML$"):
        pipeline.metrics_of(tmp_path, described, ["a"])


def test_the_shell_gives_a_stage_its_environment_whatever_the_folder_is_called(tmp_path: Path) -> None:
    book = tmp_path / "it's a $book"
    book.mkdir()
    wing = Path(pipeline.__file__).parents[1]
    shell = pipeline.write_shell(book, {"ONLY": "thïs", "PATH": "/usr/bin:/bin"}, Path(sys.executable), wing)
    env = {"PATH": "/usr/bin:/bin", "SECRET": "1", "DVC_STAGE": "train"}
    # As DVC does: the leader of a session of its own starts the shell and waits.
    done = process.run(["sh", "-c", '"$0" -c env; exit $?', shell], cwd=tmp_path, env=env)
    assert done.code == 0, done.last_words
    seen = dict(line.split("=", 1) for line in done.out.decode().splitlines())
    assert {name: seen[name] for name in seen if name not in ("PWD", "SHLVL", "_", "OLDPWD")} == {
        "ONLY": "thïs",
        "PATH": "/usr/bin:/bin",
    }
    lines = [json.loads(line) for line in (book / "journal.jsonl").read_text().splitlines()]
    assert [(line["event"], line["stage"], line["cmd"]) for line in lines] == [
        ("command-started", "train", "env"),
        ("command-ended", "train", "env"),
    ]
