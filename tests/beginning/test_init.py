"""``actum init``: what is absent is written, what is there stays as it is."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actum import layout
from actum.beginning.place import find_place
from actum.environment.machine import platform_name
from actum.errors import UserError
from actum.files import line_of
from actum.filing import read_record
from actum.records.card import ModelCard, RebuildRule
from actum.records.settings import EnvironmentSettings, Project, Settings
from tests.beginning.beginning_project import Actum, everything, git

HERE = ".".join(platform.python_version_tuple()[:2])
FILES = "actum.yaml policies/trusted-types.txt"
COMMIT = "git commit -m 'Begin with actum'"
ADVICE = ".gitattributes is yours; so that pull requests fold what machines write, add:"
REQUIREMENTS = r"printf 'skops\npyarrow\n' >> requirements.in  # and what else your stages import"
FIRST = (".actum/schemas/   (git ignores it)",)


def settings(root: Path) -> Settings:
    found = read_record(layout.SETTINGS, (root / layout.SETTINGS).read_bytes())
    assert isinstance(found, Settings)
    return found


@contextmanager
def somebody_else() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_new_folder_becomes_a_repository_with_dvc_and_what_a_project_begins_with(
    tmp_path: Path, actum: Actum
) -> None:
    said = actum("init", "flights", cwd=tmp_path)
    assert said.out.splitlines() == [
        "made a git repository, branch main",
        "made a DVC project",
        "wrote .dvc/.gitignore",
        "wrote .dvc/config",
        "wrote .dvcignore",
        "wrote actum.yaml",
        "wrote policies/trusted-types.txt",
        "wrote .gitattributes",
        "wrote .actum/schemas/   (git ignores it)",
        "nothing else touched",
    ]
    root = tmp_path / "flights"
    assert said.code == 0
    assert said.err.splitlines() == [
        f"next: cd {root}",
        "      dvc remote add --default storage /path/or/address",
        f"      {REQUIREMENTS}",
        "      actum lock",
        f"      git add .dvc .dvcignore {FILES} .gitattributes requirements.in requirements.lock && {COMMIT}",
        "      actum doctor",
    ]
    assert git(root, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert settings(root) == Settings(
        schema="settings/1",
        project=Project(name="flights", owner="ana@example.org"),
        environment=EnvironmentSettings(python=HERE, platform=platform_name()),
    )
    attributes = (root / ".gitattributes").read_text().splitlines()
    assert attributes[1:] == ["runs/** linguist-generated", "*.lock linguist-generated"]


def test_the_first_line_leads_an_editor_to_the_schema(tmp_path: Path, actum: Actum) -> None:
    actum("init", "flights", "--model", "late", cwd=tmp_path)
    for path in ("actum.yaml", "registry/late/model.yaml"):
        file = tmp_path / "flights" / path
        first = file.read_text().splitlines()[0]
        schema = file.parent / first.removeprefix("# yaml-language-server: $schema=")
        assert schema.is_file(), first


def test_nothing_that_is_there_changes_in_a_repository_that_is_adopted(adopted: Path, actum: Actum) -> None:
    status, head = git(adopted, "status", "-s"), git(adopted, "rev-parse", "HEAD")
    before = everything(adopted)
    said = actum("init", "--model", "churn", cwd=adopted)
    after = everything(adopted)
    assert said.code == 0
    assert {path: after[path] for path in before} == before
    new = {path for path in after if path not in before and not path.startswith(".actum/")}
    assert new == {"actum.yaml", "policies/trusted-types.txt", "registry/churn/model.yaml"}
    assert git(adopted, "rev-parse", "HEAD") == head
    assert [line for line in git(adopted, "status", "-s").splitlines() if line[:2] != "??"] == status.splitlines()
    assert said.err.splitlines() == [
        f"{ADVICE} runs/** linguist-generated; *.lock linguist-generated",
        f"next: {REQUIREMENTS}",
        "      actum lock",
        f"      git add {FILES} registry/churn/model.yaml requirements.in requirements.lock && {COMMIT}",
        "      actum doctor",
    ]


def test_the_trunk_is_the_branch_that_the_repository_has(adopted: Path, actum: Actum) -> None:
    actum("init", cwd=adopted)
    assert settings(adopted).trunk == "master"


def test_the_trunk_of_a_clone_is_the_one_that_origin_chose(adopted: Path, tmp_path: Path, actum: Actum) -> None:
    git(adopted, "branch", "release")
    git(adopted, "symbolic-ref", "HEAD", "refs/heads/release")
    git(tmp_path, "clone", "-q", str(adopted), "clone")
    git(tmp_path / "clone", "switch", "-qc", "master")
    actum("init", cwd=tmp_path / "clone")
    assert settings(tmp_path / "clone").trunk == "release"


def test_a_second_time_changes_nothing_and_says_so(adopted: Path, actum: Actum) -> None:
    actum("init", "--model", "churn", cwd=adopted)
    before = everything(adopted)
    said = actum("init", "--model", "churn", cwd=adopted)
    there = "actum.yaml, policies/trusted-types.txt, .gitattributes, registry/churn/model.yaml"
    assert said.out == f"nothing to do: {there} are there, and nothing was touched\n"
    assert everything(adopted) == before


def test_a_dry_run_names_the_same_files_and_writes_none(adopted: Path, actum: Actum) -> None:
    before = everything(adopted)
    dry = actum("init", "-n", "--json", cwd=adopted).json["data"]
    assert everything(adopted) == before
    wet = actum("init", "--json", cwd=adopted).json["data"]
    assert dry == wet | {"dry_run": True}
    assert wet == {
        "root": str(adopted),
        "made": [],
        "wrote": ["actum.yaml", "policies/trusted-types.txt", *FIRST],
        "kept": [".gitattributes"],
        "outdated": [],
        "dry_run": False,
    }


def test_a_dry_run_makes_no_folder(tmp_path: Path, actum: Actum) -> None:
    said = actum("init", "-n", "new", cwd=tmp_path)
    assert said.out.splitlines()[0] == "would make a git repository, branch main"
    assert not (tmp_path / "new").exists()


def test_a_git_repository_without_dvc_gets_it_and_keeps_its_commits(adopted: Path, actum: Actum) -> None:
    shutil.rmtree(adopted / ".dvc")
    git(adopted, "rm", "-qr", "--cached", ".dvc")
    git(adopted, "commit", "-qm", "No DVC")
    head = git(adopted, "rev-parse", "HEAD")
    said = actum("init", "--json", cwd=adopted).json
    assert said["data"]["made"] == ["dvc"]
    assert said["data"]["wrote"][:2] == [".dvc/.gitignore", ".dvc/config"]
    assert said["next"][0] == "dvc remote add --default storage /path/or/address"
    assert git(adopted, "rev-parse", "HEAD") == head
    assert (adopted / ".dvc" / "config").read_bytes() == b""


def test_a_card_validates_and_takes_the_artifact_that_dvc_yaml_names(adopted: Path, actum: Actum) -> None:
    actum("init", "--model", "churn", cwd=adopted)
    path = layout.card("churn")
    data = (adopted / path).read_bytes()
    card = read_record(path, data)
    assert card == ModelCard(
        schema="model/1",
        model="churn",
        owner="ana@example.org",
        artifact="out/churn.joblib",
        purpose=card.purpose,
        rebuild=RebuildRule(),
    )
    assert card.purpose.startswith("TODO: ")
    assert line_of(data, ("purpose",)) == 7


def test_a_card_belongs_to_the_owner_that_actum_yaml_names(adopted: Path, actum: Actum) -> None:
    actum("init", cwd=adopted)
    text = (adopted / layout.SETTINGS).read_text()
    (adopted / layout.SETTINGS).write_text(text.replace("owner: ana@example.org\n", "owner: bo@example.org\n", 1))
    actum("init", "--model", "risk", cwd=adopted)
    card = read_record(layout.card("risk"), (adopted / layout.card("risk")).read_bytes())
    assert (card.owner, card.artifact) == ("bo@example.org", "models/risk.skops")


def test_a_name_that_yaml_would_take_for_something_else_stays_a_name(tmp_path: Path, actum: Actum) -> None:
    for name in ("1.10", "no", "a: b # c", "it's"):
        assert actum("init", name, cwd=tmp_path).code == 0
        assert settings(tmp_path / name).project.name == name


def test_without_a_git_identity_the_owner_is_left_to_be_written(tmp_path: Path, home: Path, actum: Actum) -> None:
    (home / ".gitconfig").unlink()
    assert actum("init", "flights", cwd=tmp_path).code == 0
    assert settings(tmp_path / "flights").project.owner == "TODO: the address of who answers for it"


def test_a_file_is_refused(tmp_path: Path, actum: Actum) -> None:
    (tmp_path / "file").write_text("")
    for word in ("file", "file/below"):
        said = actum("init", word, cwd=tmp_path)
        assert (said.code, said.err) == (1, f"error: {tmp_path}/file is not a folder\nhint: actum init DIR\n")


@pytest.mark.skipif(not os.stat("/").st_mode & 0o001, reason="only root may enter / on this machine")
def test_a_folder_that_may_not_be_written_is_refused() -> None:
    with somebody_else(), pytest.raises(UserError) as caught:
        find_place(Path("/usr/share/project"))
    assert (str(caught.value), caught.value.hint) == ("/usr/share may not be written by you", "ls -ld /usr/share")


def test_a_bare_repository_is_refused(adopted: Path, tmp_path: Path, actum: Actum) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(adopted), "bare.git")
    bare = tmp_path / "bare.git"
    said = actum("init", cwd=bare)
    message = f"error: {bare} is a bare repository, it has no work tree\nhint: git clone {bare} DIR\n"
    assert (said.code, said.err) == (1, message)


def test_a_folder_inside_dot_git_is_refused(adopted: Path, actum: Actum) -> None:
    for word in (".git", ".git/refs", ".git/refs/new"):
        said = actum("init", word, cwd=adopted)
        assert said.code == 1
        assert said.err.splitlines()[0].endswith("is git's own folder")


def test_a_folder_inside_a_repository_is_refused_with_both_ways_out(adopted: Path, actum: Actum) -> None:
    said = actum("init", "data/new", cwd=adopted)
    assert (said.code, said.err.splitlines()) == (
        1,
        [
            f"error: {adopted}/data/new lies inside the repository {adopted}, and records lie at its root",
            f"hint: actum init {adopted}  # or git init {adopted}/data/new, for a repository of its own",
        ],
    )
    assert not (adopted / "data" / "new").exists()


def test_a_git_file_that_leads_nowhere_is_not_taken_for_no_repository(tmp_path: Path, actum: Actum) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / ".git").write_text("gitdir: /nowhere\n")
    said = actum("init", "broken", cwd=tmp_path)
    assert (said.code, (tmp_path / "broken" / "actum.yaml").exists()) == (1, False)
    assert "not in a git repository" in said.err


def test_a_file_in_the_way_is_found_before_anything_is_written(adopted: Path, actum: Actum) -> None:
    (adopted / "policies").write_text("ours\n")
    before = everything(adopted)
    said = actum("init", cwd=adopted)
    message = f"error: {adopted}/policies is a file, policies/trusted-types.txt needs a folder there"
    assert (said.code, said.err.splitlines()[0]) == (1, message)
    assert everything(adopted) == before


def test_a_malformed_actum_yaml_is_said_and_left_alone(adopted: Path, actum: Actum) -> None:
    (adopted / "actum.yaml").write_text("schema: settings/1\nprojekt: {}\n")
    before = everything(adopted)
    said = actum("init", cwd=adopted)
    message = "error: actum.yaml:2: projekt: is not known here, did you mean project?"
    assert (said.code, said.err.splitlines()[0]) == (1, message)
    assert everything(adopted) == before


def test_a_model_needs_a_name(tmp_path: Path, actum: Actum) -> None:
    said = actum("init", "--model", "a/b", cwd=tmp_path)
    assert said.code == 2
    assert not (tmp_path / ".git").exists()


def test_a_repository_of_sha256_names_is_refused_before_anything_is_written(tmp_path: Path, actum: Actum) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    said = actum("init", cwd=tmp_path)
    problem = f"{tmp_path}: git names its objects by sha256 here, which DVC and half of git's hosts cannot read"
    assert (said.code, said.err.splitlines()[0]) == (1, f"error: {problem}")
    assert not (tmp_path / ".dvc").exists()
