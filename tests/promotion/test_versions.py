"""A new version is held against the run, the commits and the card that it names, field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import pytest

from actum import digests, layout
from actum.records.forms import FileFact, Person
from actum.records.version import Blob, ModelVersion, Probe
from tests.promotion.release_project import CONTENT, NOW, Project

PATH = layout.version("churn", "1.2.0")
REF = layout.version_ref("churn", "1.2.0")
NONE = "0" * 32
SHA = "sha256:" + "0" * 64
PROBE = "registry/churn/probe.csv"
Change = Callable[[ModelVersion], ModelVersion]


def top(**changes: Any) -> Change:
    return lambda version: replace(version, **changes)


def artifact(**changes: Any) -> Change:
    return lambda version: replace(version, artifact=replace(version.artifact, **changes))


def environment(**changes: Any) -> Change:
    return lambda version: replace(version, environment=replace(version.environment, **changes))


def wing(**changes: Any) -> Change:
    def change(version: ModelVersion) -> ModelVersion:
        return environment(wing=replace(version.environment.wing, **changes))(version)

    return change


def probe(**changes: Any) -> Change:
    facts: dict[str, Any] = {"path": PROBE, "md5": NONE, "rows": 1, "predictions": SHA} | changes
    return top(probe=Probe(**facts))


def data(*more: FileFact, **changes: Any) -> Change:
    return lambda version: replace(version, data=(*(replace(one, **changes) for one in version.data), *more))


def content(**changes: Any) -> Change:
    return lambda version: replace(version, content=(replace(version.content[0], **changes), *version.content[1:]))


def twice(name: str) -> Change:
    def change(version: ModelVersion) -> ModelVersion:
        items = getattr(version, name)
        return top(**{name: (items[0], *items)})(version)

    return change


# What was changed, and all that must be said of it. {v}: the honest version, {result} and {code}: its commits.
TAMPERED: list[tuple[str, Change, tuple[str, ...]]] = [
    (
        "artifact.path",
        artifact(path="rows.txt"),
        (
            "artifact.format: is bytes/bin, rows.txt has bytes/txt",
            "artifact.path: is rows.txt, registry/churn/model.yaml says models/churn.bin",
            "artifact.path: is rows.txt, run/{v.run} says it made models/churn.bin, plots/curve.csv",
        ),
    ),
    (
        "artifact.path",
        artifact(path="plots/curve.csv", format="bytes/csv"),
        ("artifact.path: is plots/curve.csv, registry/churn/model.yaml says models/churn.bin",),
    ),
    ("artifact.md5", artifact(md5=NONE), (f"artifact.md5: is {NONE}, run/{{v.run}} says {{v.artifact.md5}}",)),
    (
        "artifact.sha256",
        artifact(sha256=SHA),
        (f"artifact.sha256: is {SHA[:15]}, run/{{v.run}} says {{v.artifact.sha256:.15}}",),
    ),
    ("artifact.size", artifact(size=7), ("artifact.size: is 7, run/{v.run} says 6",)),
    (
        "artifact.format",
        artifact(format="canonical-skops/1"),
        ("artifact.format: is canonical-skops/1, models/churn.bin has bytes/bin",),
    ),
    (
        "artifact.format",
        artifact(format="joblib"),
        ("artifact.state: is nothing, models/churn.bin was loaded",),
    ),
    (
        "artifact.state",
        artifact(state=SHA),
        ("artifact.state: is given, nothing of ours can open models/churn.bin",),
    ),
    (
        "artifact.state",
        artifact(path="models/churn.skops"),
        (
            "artifact.format: is bytes/bin, models/churn.skops has one of its own",
            "artifact.path: is models/churn.skops, registry/churn/model.yaml says models/churn.bin",
            "artifact.path: is models/churn.skops, run/{v.run} says it made models/churn.bin, plots/curve.csv",
            "artifact.state: is nothing, models/churn.skops has one",
        ),
    ),
    (
        "probe.md5",
        probe(),
        (
            f"probe.md5: is {NONE}, {PROBE}.dvc says {{probe}}",
            "probe.predictions: is given, nothing of ours can open models/churn.bin",
        ),
    ),
    (
        "probe.path",
        probe(path="rows.txt"),
        (
            f"probe.md5: is {NONE}, rows.txt.dvc says nothing",
            f"probe.path: is rows.txt, registry/churn/model.yaml says {PROBE}",
            "probe.predictions: is given, nothing of ours can open models/churn.bin",
        ),
    ),
    (
        "registered_at",
        top(registered_at=NOW - timedelta(minutes=6)),
        ("registered_at: is 2024-05-02 09:24, run/{v.run} ended 2024-05-02 09:30",),
    ),
    (
        "registered_at",
        top(registered_at=NOW + timedelta(minutes=6)),
        ("registered_at: is 2024-05-02 09:36, which is yet to come",),
    ),
    ("code_commit", top(code_commit="0" * 40), (f"code_commit: is {'0' * 40}, run/{{v.run}} says {{v.code_commit}}",)),
    (
        "result_commit",
        top(result_commit="0" * 40),
        (
            "result_commit: is 0000000000, " + REF + " keeps {result}",
            "result_commit: 0000000000 is not here, and nothing was compared with it",
        ),
    ),
    ("pipeline", top(pipeline="sub"), ("pipeline: is sub, run/{v.run} says .",)),
    (
        "environment.python",
        environment(python="3.12.1"),
        ("environment.python: is 3.12.1, run/{v.run} says 3.11.7",),
    ),
    (
        "environment.platform",
        environment(platform="linux-aarch64"),
        ("environment.platform: is linux-aarch64, run/{v.run} says linux-x86_64",),
    ),
    (
        "environment.lock",
        environment(lock="other.lock"),
        ("environment.lock: is other.lock, run/{v.run} says requirements.lock",),
    ),
    (
        "environment.lock_sha256",
        environment(lock_sha256=SHA),
        tuple(
            f"environment.lock_sha256: is {SHA[:15]}, {who} says {{v.environment.lock_sha256:.15}}"
            for who in ("commit {result}", "run/{v.run}")
        ),
    ),
    (
        "environment.exactness",
        environment(exactness="relaxed"),
        ("environment.exactness: is relaxed, run/{v.run} says strict",),
    ),
    (
        "environment.wheels",
        environment(wheels=NONE + ".dir"),
        (f"environment.wheels: is {NONE}.dir, environments/wheels/{{lock8}}.dvc says nothing",),
    ),
    (
        "environment.wing.path",
        wing(path="wing.zip"),
        ("environment.wing.path: is wing.zip, run/{v.run} says environments/wings/wing.zip",),
    ),
    (
        "environment.wing.md5",
        wing(md5=NONE),
        (f"environment.wing.md5: is {NONE}, run/{{v.run}} says {{v.environment.wing.md5}}",),
    ),
    (
        "environment.wing.sha256",
        wing(sha256=None),
        ("environment.wing.sha256: is nothing, run/{v.run} says {v.environment.wing.sha256:.15}",),
    ),
    ("environment.wing.size", wing(size=2), ("environment.wing.size: is 2, run/{v.run} says 4",)),
    ("params", top(params={"train.rate": 0.2}), ("params.train.rate: is 0.2, run/{v.run} says 0.1",)),
    ("params", top(params={}), ("params.train.rate: is nothing, run/{v.run} says 0.1",)),
    (
        "params",
        top(params={"train.rate": 0.1, "train.depth": 3}),
        ("params.train.depth: is 3, run/{v.run} says nothing",),
    ),
    ("metrics", top(metrics={"auc": 0.99, "brier": 0.1}), ("metrics.auc: is 0.99, run/{v.run} says 0.9",)),
    ("metrics", top(metrics={"auc": 0.9}), ("metrics.brier: is nothing, run/{v.run} says 0.1",)),
    (
        "metrics",
        top(metrics={"auc": 0.9, "brier": 0.1, "gini": 1.0}),
        ("metrics.gini: is 1.0, run/{v.run} says nothing",),
    ),
    ("plots", top(plots=()), ("plots: is nothing, commit {result} says plots/curve.csv",)),
    (
        "plots",
        top(plots=("plots/curve.csv", "plots/other.csv")),
        ("plots: is plots/curve.csv, plots/other.csv, commit {result} says plots/curve.csv",),
    ),
    ("data", top(data=()), ("data[data/seed.csv]: is nothing, commit {result} says {seed.md5}",)),
    ("data", data(md5=NONE), (f"data[data/seed.csv].md5: is {NONE}, commit {{result}} says {{seed.md5}}",)),
    (
        "data",
        data(sha256=SHA),
        (f"data[data/seed.csv].sha256: is {SHA[:15]}, commit {{result}} says {{seed.sha256:.15}}",),
    ),
    ("data", data(size=1), ("data[data/seed.csv].size: is 1, commit {result} says 5",)),
    (
        "data",
        data(FileFact(path="data/more.csv", md5=NONE)),
        (f"data[data/more.csv]: is {NONE}, commit {{result}} says nothing",),
    ),
    ("data", twice("data"), ("data: is data/seed.csv, data/seed.csv, commit {result} says data/seed.csv",)),
    ("content", content(blob="0" * 40), (f"content[dvc.lock].blob: is {'0' * 40}, commit {{result}} says {{lock}}",)),
    (
        "content",
        content(path="README.md"),
        (
            "content[README.md]: is {lock}, commit {result} says nothing",
            "content[dvc.lock]: is nothing, commit {result} says {lock}",
        ),
    ),
    (
        "content",
        twice("content"),
        (f"content: is dvc.lock, {', '.join(CONTENT)}, commit {{result}} says {', '.join(CONTENT)}",),
    ),
]
# Whose path says it, and who may be anybody.
ELSEWHERE = {"schema", "model", "version", "registered_by"}
# Of a model that can be opened, only who opens it can tell: the locked environment, in a rebuild.
ONLY_A_REBUILD_KNOWS = {"probe.rows", "probe.predictions"}
# Another run or commit differs in most fields at once; each has a test of its own, and features have a file.
TESTED_APART = {"run", "features.set", "features.digests", "features.keys"}


def tampered(project: Project, change: Change) -> ModelVersion:
    """Change the version that the branch brings; return it as it was."""
    honest = project.read(PATH)
    assert isinstance(honest, ModelVersion)
    project.record(PATH, change(honest))
    project.commit("tamper")
    return honest


def filled(project: Project, messages: tuple[str, ...], honest: ModelVersion) -> list[str]:
    facts = {
        "v": honest,
        "result": honest.result_commit[:10],
        "seed": project.fact("data/seed.csv"),
        "lock": project.git("rev-parse", "HEAD:dvc.lock"),
        "lock8": digests.short(honest.environment.lock_sha256),
        "probe": project.fact(PROBE).md5,
    }
    return [message.format(**facts) for message in messages]


def test_an_honest_version_is_clean(registered: Project) -> None:
    assert registered.found() == []


@pytest.mark.parametrize(("field", "change", "messages"), TAMPERED)
def test_a_field_that_says_other_than_its_run_or_commit_is_named(
    registered: Project, field: str, change: Change, messages: tuple[str, ...]
) -> None:
    honest = tampered(registered, change)
    wanted = filled(registered, messages, honest)
    assert [(weight, path) for weight, _, path, _ in registered.found()] == [("block", PATH)] * len(wanted)
    assert sorted(message for _, _, _, message in registered.found()) == sorted(wanted)


def test_a_pickle_that_was_loaded_with_leave_has_a_state(registered: Project) -> None:
    tampered(registered, artifact(format="joblib", state=SHA))
    assert registered.found() == []


def leaves(kind: type[Any], prefix: str = "") -> set[str]:
    """Return the fields of a record and of the records in it; of lists and mappings their own name."""
    found = set()
    hints = get_type_hints(kind)
    for field in fields(kind):
        inner = next((one for one in (hints[field.name], *get_args(hints[field.name])) if is_dataclass(one)), None)
        is_one = inner is not None and inner not in (Person, Blob) and field.name != "data"
        found |= leaves(inner, f"{prefix}{field.name}.") if is_one else {prefix + field.name}  # type: ignore[arg-type]
    return found


def test_no_field_of_a_version_is_believed() -> None:
    told = {field for field, _, _ in TAMPERED} | ELSEWHERE | ONLY_A_REBUILD_KNOWS | TESTED_APART
    assert sorted(leaves(ModelVersion) ^ told) == []


def test_who_registers_may_be_somebody_else_than_who_ran(registered: Project) -> None:
    tampered(registered, top(registered_by=Person(name="Ben", email="ben@example.org")))
    assert registered.found() == []


def test_the_run_of_another_version_does_not_vouch(registered: Project) -> None:
    other = registered.store().version("churn", "1.1.0")
    assert other is not None
    honest = tampered(registered, top(run=other.run))
    found = [message.partition(":")[0] for _, _, _, message in registered.found()]
    wanted = {"artifact.md5", "artifact.sha256", "artifact.size", "code_commit", "metrics.auc", "metrics.brier"}
    assert set(found) == wanted | {"result_commit"}
    first = registered.repo.introduced("work", layout.run(other.run, NOW))
    assert first is not None
    told = f"result_commit: is {honest.result_commit[:10]}, but {first[:10]} brought run/{other.run}"
    assert told in [message for _, _, _, message in registered.found()]


def test_a_version_of_no_run_is_refused(registered: Project) -> None:
    ghost = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    tampered(registered, top(run=ghost))
    assert registered.found() == [("block", "version-run", PATH, f"run: run/{ghost} is not on record")]


def test_a_version_of_a_dirty_run_is_refused(registered: Project) -> None:
    run = registered.read(PATH).run
    path = layout.run(run, NOW)
    registered.record(path, replace(registered.read(path), dirty=True))
    registered.commit()
    assert ("block", "version-run", PATH, f"run: run/{run} ran a dirty work tree") in registered.found()


def test_another_versions_result_commit_is_refused(registered: Project) -> None:
    other = registered.store().version("churn", "1.1.0")
    assert other is not None
    registered.git("update-ref", "-d", REF)
    honest = tampered(registered, top(result_commit=other.result_commit))
    message = f"result_commit: is {other.result_commit[:10]}, but it does not hold run/{honest.run}"
    assert registered.found() == [("block", "version-commit", PATH, message)]


def test_run_and_version_forged_together_meet_the_result_commit(registered: Project) -> None:
    honest = tampered(registered, top(metrics={"auc": 0.99, "brier": 0.1}))
    path = layout.run(honest.run, NOW)
    registered.record(path, replace(registered.read(path), metrics={"auc": 0.99, "brier": 0.1}))
    registered.commit()
    message = f"run: run/{honest.run} is another one in commit {honest.result_commit[:10]}"
    assert registered.found() == [("block", "version-commit", PATH, message)]


def test_code_that_came_with_the_results_was_not_run(project: Project) -> None:
    project.begin("work")
    run = project.train("three\n", auc=0.9, brier=0.1)
    project.write("extra.py", "import os\n")
    project.git("add", "extra.py")
    project.git("commit", "-q", "--amend", "--no-edit")
    version = project.register("1.2.0", run)
    short = version.result_commit[:10]
    message = f"result_commit: commit {short} holds more than the results of run/{run.id}: extra.py"
    assert project.found() == [("block", "version-commit", PATH, message)]


def test_a_lock_that_the_run_did_not_write_is_said(project: Project) -> None:
    project.begin("work")
    run = project.train("three\n", auc=0.9, brier=0.1)
    text = (project.root / "dvc.lock").read_text()
    project.write("dvc.lock", text.replace("rate: 0.1", "rate: 0.2"))
    project.git("commit", "-qa", "--amend", "--no-edit")
    version = project.register("1.2.0", run)
    short = version.result_commit[:10]
    message = f"result_commit: dvc.lock of commit {short} does not say of stage train what run/{run.id} recorded"
    assert ("block", "version-commit", PATH, message) in project.found()


def test_a_result_commit_that_a_squash_left_behind_is_fetched_by_its_ref(registered: Project) -> None:
    honest = registered.read(PATH)
    registered.git("switch", "-q", "main")
    registered.git("merge", "-q", "--squash", "work")
    registered.commit("squashed")
    registered.git("branch", "-D", "work")
    there = registered.root.parent / "clone"
    registered.git("clone", "-q", f"file://{registered.root}", str(there))
    clone = Project(there, registered.env, registered.ids)
    (found,) = clone.check(base="HEAD^1").blocks
    short = honest.result_commit[:10]
    assert (found.kind, found.path) == ("version-commit", PATH)
    assert found.message == f"result_commit: {short} is not here, and nothing was compared with it"
    assert found.hint == f"git fetch origin {REF}:{REF}"
    clone.git(*found.hint.split()[1:])
    assert clone.found(base="HEAD^1") == []
