"""The records of one revision, joined with the evidence branch."""

from __future__ import annotations

from typing import Any

import pytest

from actum import layout
from actum.errors import InvalidRecordError, NotFoundError
from actum.evidence import evidence_commit
from actum.filing import read_record, write_record
from actum.git import writing
from actum.git.repository import Git
from actum.revisions import evidence_tips, open_head, open_trunk, trunk_commit
from actum.store import Store
from tests.real_git import git
from tests.records import samples
from tests.records.samples import FULL, NOON, ONE, THREE, TWO
from tests.store.conftest import Keep, Records

REMOTE_EVIDENCE = f"refs/remotes/origin/{layout.EVIDENCE_BRANCH}"
PATHS = {
    "settings": layout.SETTINGS,
    "model": layout.card("churn"),
    "model-version": layout.version("churn", "1.1.0"),
    "stage": layout.stage("churn", "production"),
    "promotion": layout.event("churn", TWO, "promotion"),
    "attestation": layout.event("churn", THREE, "attestation"),
    "seal": layout.event("churn", TWO, "seal"),
    "run": layout.run(ONE, NOON),
    "policy": layout.policy("strict"),
}


def attested(ulid: str, **changes: Any) -> dict[str, Any]:
    event = samples.attestation(**changes)
    return {layout.event("churn", ulid, "attestation"): type(event)(**{**_fields(event), "id": ulid})}


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@pytest.mark.parametrize("kind", PATHS)
def test_what_is_written_is_read_back_by_its_path_alone(kind: str) -> None:
    data = write_record(FULL[kind], path=PATHS[kind])
    assert read_record(PATHS[kind], data) == FULL[kind]
    assert write_record(read_record(PATHS[kind], data), path=PATHS[kind]) == data


def test_each_record_is_read_where_it_lies(keep: Keep) -> None:
    version, run, older = samples.version(), samples.run(), samples.version(version="1.0.0")
    changes = {path: FULL[kind] for kind, path in PATHS.items() if kind not in ("model-version", "run", "seal")}
    store = keep(
        {**changes, PATHS["model-version"]: version, layout.version("churn", "1.0.0"): older, PATHS["run"]: run}
    )
    assert store.settings() == FULL["settings"]
    assert (store.models(), store.card("churn")) == (("churn",), FULL["model"])
    assert store.versions("churn") == (older, version)
    assert (store.version("churn", "1.1.0"), store.version("churn", "9.0.0")) == (version, None)
    assert store.pointers("churn") == {"production": FULL["stage"]}
    assert store.events("churn") == (FULL["promotion"], FULL["attestation"])
    assert (store.event(THREE), store.event(ONE)) == (FULL["attestation"], None)
    assert (store.run(ONE), store.run(TWO)) == (run, None)
    assert (store.policy("strict"), store.policy("other")) == (FULL["policy"], None)
    assert store.versions("other") == ()


def test_versions_are_ordered_by_number_and_runs_newest_first(keep: Keep) -> None:
    versions = {layout.version("churn", n): samples.version(version=n) for n in ("1.10.0", "1.9.0", "1.10.0-rc.1")}
    runs = {layout.run(ulid, NOON): samples.run(id=ulid) for ulid in (TWO, THREE, ONE)}
    store = keep(versions | runs)
    assert [version.version for version in store.versions("churn")] == ["1.9.0", "1.10.0-rc.1", "1.10.0"]
    assert [run.id for run in store.runs()] == [THREE, TWO, ONE]


def test_a_read_is_of_a_revision_and_not_of_the_work_tree(repo: Git, records: Records) -> None:
    first = records({PATHS["model"]: samples.card(owner="ana")})
    second = records({PATHS["model"]: samples.card(owner="ben")})
    (repo.root / "registry").mkdir()
    owners = [Store(repo, commit).card("churn").owner for commit in (first, second)]
    assert owners == ["ana", "ben"]
    assert Store(repo, second).beside(first).card("churn").owner == "ana"


def test_what_is_not_there_is_said_with_what_is(keep: Keep) -> None:
    store = keep({PATHS["model"]: samples.card()})
    with pytest.raises(NotFoundError, match=r"^there is no model chrun \(models: churn\)$") as caught:
        store.card("chrun")
    assert caught.value.hint == "actum ls models"
    with pytest.raises(NotFoundError, match=r"^there is no model \.\./x \(models: churn\)$"):
        store.card("../x")
    with pytest.raises(NotFoundError, match=rf"^{store.commit[:12]} has no actum\.yaml$") as caught:
        store.settings()
    assert caught.value.hint == "actum init && git add . && git commit"


BAD = (
    (
        layout.version("churn", "1.2.0"),
        write_record(samples.version(), path=PATHS["model-version"]),
        "registry/churn/versions/1.2.0.yaml: says it is churn 1.1.0, but lies where churn 1.2.0 belongs",
    ),
    (
        layout.event("other", TWO, "promotion"),
        write_record(samples.event(), path=PATHS["promotion"]),
        (
            f"registry/other/events/{TWO}-promotion.yaml: says it is churn {TWO} promotion, "
            f"but lies where other {TWO} promotion belongs"
        ),
    ),
    (
        layout.run(TWO, NOON),
        write_record(samples.run(), path=PATHS["run"]),
        f"runs/2026/11/{TWO}.json: says it is {ONE}, but lies where {TWO} belongs",
    ),
    (
        PATHS["model"],
        b"schema: model/1\nmodel: churn\nowner: 3\nartifact: m\n",
        'registry/churn/model.yaml:3: owner: is int, must be str: quote it, "3"',
    ),
    (
        PATHS["model"],
        b"schema: model/1\nmodel: churn\nowner: ana\nartefact: m\nartifact: m\n",
        "registry/churn/model.yaml:4: artefact: is not known here, did you mean artifact?",
    ),
    (
        PATHS["policy"],
        b"schema: policy/1\npolicy: strict\nthresholds:\n- metric: auc\n  at_least: 0.7\n- metric: x\n  at_lest: 1\n",
        "policies/strict.yaml:7: thresholds[1].at_lest: is not known here, did you mean at_least?",
    ),
    (PATHS["run"], b'{"schema": "run/1"}', f"runs/2026/11/{ONE}.json: id: is required"),
    (
        PATHS["run"],
        b'{"schema": "run/1", "metrics": {"auc": NaN}}',
        f"runs/2026/11/{ONE}.json:1:40: holds NaN, must be a finite number",
    ),
    ("README.md", b"", "README.md: is no record that actum knows"),
)


@pytest.mark.parametrize(("path", "data", "message"), BAD)
def test_a_bad_record_is_refused_with_its_place(path: str, data: bytes, message: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        read_record(path, data)
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", ["model-version", "stage", "promotion", "run"])
def test_a_newer_tools_key_is_tolerated_in_what_tools_write(kind: str) -> None:
    data = write_record(FULL[kind], path=PATHS[kind])
    more = data.replace(b"{\n", b'{\n  "newer": 1,\n', 1) if kind == "run" else data + b"newer: 1\n"
    assert read_record(PATHS[kind], more) == FULL[kind]


@pytest.mark.parametrize("kind", ["settings", "model", "policy"])
def test_an_unknown_key_is_refused_in_what_people_write(kind: str) -> None:
    data = write_record(FULL[kind], path=PATHS[kind])
    with pytest.raises(InvalidRecordError, match=r": zzz: is not known here$"):
        read_record(PATHS[kind], data + b"zzz: 1\n")


def test_a_link_is_no_record(repo: Git, keep: Keep) -> None:
    keep({"elsewhere.yaml": write_record(samples.card(), path=PATHS["model"])})
    place = repo.root / PATHS["model"]
    git(repo.root, "reset", "-q", "--hard")
    place.parent.mkdir(parents=True)
    place.symlink_to("../../elsewhere.yaml")
    git(repo.root, "add", ".")
    git(repo.root, "commit", "-qm", "link")
    store = open_head(repo)
    with pytest.raises(InvalidRecordError) as caught:
        store.card("churn")
    assert str(caught.value) == "registry/churn/model.yaml: is a link or a submodule, must be a regular file"
    assert store.read(PATHS["model"]) is None


def test_a_listing_leaves_a_bad_record_out_and_names_it(keep: Keep) -> None:
    store = keep({PATHS["model-version"]: samples.version(), layout.version("churn", "1.0.0"): b"schema: 1\n"})
    with pytest.raises(InvalidRecordError):
        store.versions("churn")
    tolerant = store.tolerant()
    assert tolerant.versions("churn") == (samples.version(),)
    assert {path: str(error) for path, error in (tolerant.skipped or {}).items()} == {
        "registry/churn/versions/1.0.0.yaml": "registry/churn/versions/1.0.0.yaml:1:"
        " schema: is 1, must be one of model-version/1"
    }
    with pytest.raises(InvalidRecordError):
        tolerant.version("churn", "1.0.0")


def test_trusted_types_are_lines_without_comments(keep: Keep) -> None:
    store = keep({layout.TRUSTED_TYPES: b"# reviewed\nsklearn.A  # fine\n\n  numpy.B\n"})
    assert store.trusted_types() == ("sklearn.A", "numpy.B")
    assert keep({layout.TRUSTED_TYPES: None}).trusted_types() == ()


def test_evidence_is_joined_and_the_revision_wins(repo: Git, records: Records) -> None:
    own = records({PATHS["model"]: samples.card(), **attested(THREE)})
    tip = records({**attested(THREE, level="state"), **attested(TWO)}, ref=layout.EVIDENCE_REF)
    store = Store(repo, own, (tip,))
    assert [(e.id, e.attestation.level) for e in store.events("churn") if e.attestation] == [
        (TWO, "bytes"),
        (THREE, "bytes"),
    ]


def test_the_evidence_branch_moves_no_stage_and_makes_no_version(repo: Git, records: Records) -> None:
    own = records({PATHS["model"]: samples.card()})
    smuggled = {path: FULL[kind] for kind, path in PATHS.items() if kind not in ("seal", "attestation", "model")}
    store = Store(repo, own, (records(smuggled | attested(THREE), ref=layout.EVIDENCE_REF),))
    assert store.pointers("churn") == {}
    assert store.versions("churn") == ()
    assert [event.kind for event in store.events("churn")] == ["attestation"]
    assert list(store.runs()) == []
    assert list(store.tree) == [*attested(THREE), PATHS["model"]]


def test_diverged_evidence_is_joined_the_same_way_each_time(repo: Git, records: Records) -> None:
    own = records({PATHS["model"]: samples.card()})
    base = records(attested(ONE), ref=layout.EVIDENCE_REF)
    writing.move_ref(repo, REMOTE_EVIDENCE, base, expected=None)
    here = records(attested(TWO), ref=layout.EVIDENCE_REF)
    there = records(attested(THREE), ref=REMOTE_EVIDENCE)
    assert evidence_tips(repo) == (there, here)
    assert [event.id for event in Store(repo, own, evidence_tips(repo)).events("churn")] == [ONE, TWO, THREE]
    tip = evidence_commit(repo)
    assert tip is not None
    assert repo.parents(tip) == (there, here)
    assert evidence_commit(repo) == tip
    assert (repo.resolve(layout.EVIDENCE_REF), repo.resolve(REMOTE_EVIDENCE)) == (here, there)


def test_of_two_evidence_branches_the_one_that_is_ahead_holds(repo: Git, records: Records) -> None:
    assert evidence_commit(repo) is None
    base = records(attested(ONE), ref=layout.EVIDENCE_REF)
    assert evidence_commit(repo) == base
    ahead = records(attested(TWO), ref=layout.EVIDENCE_REF)
    writing.move_ref(repo, REMOTE_EVIDENCE, base, expected=None)
    assert evidence_commit(repo) == ahead
    writing.move_ref(repo, REMOTE_EVIDENCE, ahead, expected=base)
    writing.move_ref(repo, layout.EVIDENCE_REF, base, expected=ahead)
    assert evidence_commit(repo) == ahead
    writing.delete_ref(repo, layout.EVIDENCE_REF)
    assert evidence_commit(repo) == ahead


def test_the_trunk_is_origins_where_there_is_one(repo: Git, records: Records) -> None:
    first = records({layout.SETTINGS: samples.settings()})
    second = records({PATHS["model"]: samples.card()})
    assert trunk_commit(repo, "main") == second
    writing.move_ref(repo, "refs/remotes/origin/main", first, expected=None)
    assert trunk_commit(repo, "main") == first
    assert trunk_commit(repo, "other") is None
    assert (open_head(repo).commit, open_trunk(repo).commit) == (second, first)


def test_without_a_trunk_the_truth_is_what_is_checked_out(repo: Git, records: Records) -> None:
    at = records({layout.SETTINGS: samples.settings(trunk="gone")})
    assert open_trunk(repo).commit == at


def test_what_is_too_large_to_be_read_is_said_and_not_asked_for(repo: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = writing.commit_files(
        repo, None, {PATHS["policy"]: b"#" * (1 << 20) + b"#", "notes": b"x" * 101}, "Large ones"
    )
    store = Store(repo, commit)
    with pytest.raises(InvalidRecordError) as refused:
        store.policy("strict")
    assert str(refused.value) == "policies/strict.yaml: has 1,048,577 bytes, must have at most 1,048,576"
    assert store.read("notes") == b"x" * 101
    monkeypatch.setattr("actum.store.MOST_BYTES", 100)
    with pytest.raises(InvalidRecordError, match=r"^notes: has 101 bytes, must have at most 100$"):
        store.read("notes")
