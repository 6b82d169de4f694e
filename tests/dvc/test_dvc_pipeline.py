from __future__ import annotations

import time

import pytest

from actum.dvc.lockfile import Entry, LockedStage, read_lock, without_stages
from actum.dvc.pipeline import Artifact, Out, read_pipeline
from actum.errors import InvalidRecordError, NotFoundError
from tests.dvc.dvc_project import Files, Project

MD5 = "26ab0db90d72e28ad0ba1e22ee510510"
MD5_OF_PREPARED = "6ddb4095eb719e2a9f0a3f95677d24e0"


def test_stages_come_in_the_order_in_which_they_run(project: Project) -> None:
    pipeline = read_pipeline(project.read, "dvc.yaml")
    assert [stage.name for stage in pipeline.stages] == ["prepare", "train", "score"]
    assert pipeline.stage("train").params == {"params.yaml": ("rate", "seed")}
    assert pipeline.stage("score").outs == (
        Out(path="scored.txt", cached=False),
        Out(path="metrics.json", kind="metric", cached=False),
        Out(path="curve.csv", kind="plot"),
    )
    assert pipeline.artifacts == {"churn": Artifact(path="made/model.bin", type="model", labels=("tree",))}
    assert (pipeline.metrics, pipeline.plots) == (("metrics.json",), ("curve.csv",))


def test_a_lock_is_read_with_values_as_dvc_means_them(project: Project) -> None:
    lock = read_lock(project.read, "dvc.lock")
    assert lock.stages["train"] == LockedStage(
        cmd=("sh -c 'mkdir -p made; cat prepared.txt > made/model.bin; echo b > made/b'",),
        deps=(Entry(path="prepared.txt", md5=MD5_OF_PREPARED, size=4, hash="md5"),),
        params={"params.yaml": {"rate": 1e-05, "seed": 7}},
        outs=lock.stages["train"].outs,
    )
    (made,) = lock.stages["train"].outs
    assert (made.path, made.is_dir, made.nfiles, made.legacy) == ("made", True, 2, False)
    assert [entry.path for entry in lock.stages["prepare"].deps] == ["rows"]


def test_paths_start_at_the_root_whatever_the_working_folder(reader: Files) -> None:
    read = reader(
        {
            "sub/dvc.yaml": "stages: {a: {cmd: x, wdir: ../work, deps: [in], outs: [../out, s3://b/k], params: [p]}}\n",
            "sub/dvc.lock": f"schema: '2.0'\nstages: {{a: {{cmd: x, outs: [{{path: ../out, md5: {MD5}}}]}}}}\n",
        }
    )
    stage = read_pipeline(read, "sub/dvc.yaml").stage("a")
    assert (stage.wdir, stage.deps, [out.path for out in stage.outs]) == ("work", ("work/in",), ["out", "s3://b/k"])
    assert stage.params == {"work/params.yaml": ("p",)}
    assert read_lock(read, "sub/dvc.lock").stages["a"].outs == (Entry(path="out", md5=MD5),)


def test_templated_stages_are_what_the_lock_says(reader: Files) -> None:
    read = reader(
        {
            "dvc.yaml": """
vars: [{where: models}]
stages:
  fit:
    foreach: [lin, tree]
    do:
      cmd: fit ${item}
      deps: [data]
      outs:
      - ${where}/${item}.json: {cache: false}
      - ${where}/${item}.bin
  plain: {cmd: "echo ${where}", deps: [models], outs: [x]}
""",
            "dvc.lock": f"""
schema: '2.0'
stages:
  fit@lin: {{cmd: fit lin, outs: [{{path: models/lin.json, md5: {MD5}}}, {{path: models/lin.bin, md5: {MD5}}}]}}
  plain: {{cmd: echo models, deps: [{{path: models, md5: {MD5}.dir}}], outs: [{{path: x, md5: {MD5}}}]}}
  fit@tree: {{cmd: fit tree, outs: [{{path: models/tree.bin, md5: {MD5}}}]}}
""",
        }
    )
    stages = read_pipeline(read, "dvc.yaml").stages
    assert [(stage.name, stage.cmd, stage.templated) for stage in stages] == [
        ("fit@lin", ("fit lin",), True),
        ("fit@tree", ("fit tree",), True),
        ("plain", ("echo models",), True),
    ]
    assert stages[0].outs == (Out(path="models/lin.json", cached=False), Out(path="models/lin.bin"))


def test_a_stage_that_dvc_yaml_no_longer_knows_is_stale(reader: Files) -> None:
    read = reader(
        {"dvc.yaml": "stages: {a: {cmd: x}}\n", "dvc.lock": "schema: '2.0'\nstages: {a: {cmd: x}, gone: {cmd: y}}\n"}
    )
    lock = read_lock(read, "dvc.lock")
    assert (list(lock.stages), list(lock.stale)) == (["a"], ["gone"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: {a: {cmd: x}}\n", "dvc.lock: schema: is None, must be '2.0'"),
        (
            "schema: '2.0'\nstages: {a: {cmd: x, outs: [{path: m, md5: ../../etc}]}}\n",
            "dvc.lock: stages.a.outs[0].md5: is '../../etc', must be 32 hex digits, with .dir for a folder",
        ),
        ("schema: '2.0'\nstages: {a: {outs: []}}\n", "dvc.lock: stages.a.cmd: is required"),
        ("schema: '2.0'\nstages: [a]\n", "dvc.lock: stages: is list, must be a mapping"),
    ],
)
def test_a_malformed_lock_is_refused_with_its_place(reader: Files, text: str, message: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        read_lock(reader({"dvc.lock": text}), "dvc.lock")
    assert str(caught.value) == message


def test_an_absent_lock_names_the_next_command(reader: Files) -> None:
    with pytest.raises(NotFoundError, match=r"dvc\.lock: is not there") as caught:
        read_lock(reader({}), "dvc.lock")
    assert caught.value.hint == "actum run"


def test_a_circle_of_stages_is_refused(reader: Files) -> None:
    text = "stages: {a: {cmd: x, deps: [b], outs: [a]}, b: {cmd: x, deps: [a], outs: [b]}}\n"
    with pytest.raises(InvalidRecordError, match="stages a, b depend on each other in a circle"):
        read_pipeline(reader({"dvc.yaml": text}), "dvc.yaml")


def test_a_cut_lock_keeps_every_other_byte(project: Project) -> None:
    whole = project.read("dvc.lock") or b""
    lines = whole.splitlines(keepends=True)
    start = lines.index(b"  train:\n")
    end = next(n for n in range(start + 1, len(lines) + 1) if n == len(lines) or not lines[n].startswith(b"    "))
    assert without_stages(whole, {"train"}) == b"".join(lines[:start] + lines[end:])
    assert without_stages(whole, {"nothing"}) == whole
    assert without_stages(whole, {"prepare", "train", "score"}) == b"schema: '2.0'\nstages: {}\n"


def test_a_cut_in_front_of_another_section_leaves_it_alone() -> None:
    text = b"schema: '2.0'\nstages:\n  a:\n    cmd: x\ndatasets:\n- name: d\n"
    assert without_stages(text, {"a"}) == b"schema: '2.0'\nstages: {}\ndatasets:\n- name: d\n"


def test_a_big_lock_is_read_and_cut_quickly(reader: Files) -> None:
    entries = "".join(
        f"  s{n}:\n    cmd: run {n}\n    outs:\n    - path: o{n}\n      hash: md5\n      md5: {MD5}\n      size: 3\n"
        for n in range(1000)
    )
    lock = "schema: '2.0'\nstages:\n" + entries
    read = reader({"dvc.lock": lock, "dvc.yaml": "stages:\n" + "".join(f"  s{n}: {{cmd: x}}\n" for n in range(1000))})
    start = time.process_time()
    assert len(read_lock(read, "dvc.lock").stages) == 1000
    assert b"  s500:" not in without_stages(lock.encode(), {"s500"})
    assert time.process_time() - start < 5
