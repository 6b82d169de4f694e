"""What is about to be committed, looked over by the command as people and hooks call it."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from actum import layout
from actum.checking.staged import RULES
from actum.cli.main import main
from tests.in_process import typed
from tests.promotion.release_project import CARD, POLICY, Project

V1 = layout.version("churn", "1.0.0")
CARD_PATH, POLICY_PATH = layout.card("churn"), layout.policy("churn")


def lint(project: Project, *words: str) -> tuple[int, list[str]]:
    """Type the command in the project, and return its status and what it prints."""
    status, out, err = typed(["lint", *words], cwd=project.root, env=project.env)
    assert status in (0, 3), err
    return status, out.splitlines()


def stage(project: Project, path: str, data: str | bytes) -> None:
    project.write(path, data)
    project.git("add", "--force", "--", path)


def test_with_nothing_staged_there_is_nothing_to_say(project: Project) -> None:
    assert lint(project) == (0, ["clean: 0 staged files: 0 block, 0 warn"])


def test_an_ordinary_commit_is_clean(project: Project) -> None:
    stage(project, CARD_PATH, CARD + "title: who leaves\n")
    stage(project, "train.py", "print('fit')\n")
    assert lint(project) == (0, ["clean: 2 staged files: 0 block, 0 warn"])


def test_a_misspelt_key_is_said_with_its_line_and_the_word_that_was_meant(project: Project) -> None:
    stage(project, POLICY_PATH, POLICY + "evidnce: {}\n")
    line = f"block  {POLICY_PATH}: line 6: evidnce: is not known here, did you mean evidence?"
    assert lint(project) == (3, [line, "refused: 1 staged file: 1 block, 0 warn"])


def test_it_is_the_index_that_is_judged_unless_files_are_named(project: Project) -> None:
    stage(project, POLICY_PATH, POLICY + "evidnce: {}\n")
    project.write(POLICY_PATH, POLICY)
    assert lint(project)[0] == 3
    assert lint(project, POLICY_PATH) == (0, ["clean: 1 file: 0 block, 0 warn"])
    project.git("add", POLICY_PATH)
    project.write(POLICY_PATH, "schema: policy/1\n")
    assert lint(project)[0] == 0
    assert lint(project, "policies") == (
        3,
        [f"block  {POLICY_PATH}: policy: is required", "refused: 1 file: 1 block, 0 warn"],
    )


def test_files_are_named_from_where_one_stands(project: Project) -> None:
    project.write(POLICY_PATH, "schema: policy/1\n")
    _, out, _ = typed(["lint", "churn.yaml"], cwd=project.root / "policies", env=project.env)
    assert out.startswith(f"block  {POLICY_PATH}: policy: is required\n")


@pytest.mark.parametrize(("path", "status"), [("nowhere/x.yaml", 1), ("../outside.yaml", 2)])
def test_a_file_that_is_not_there_or_not_ours_is_said(project: Project, path: str, status: int) -> None:
    assert main(["-C", str(project.root), "lint", path]) == status


def test_a_file_that_was_removed_is_looked_over_and_one_that_never_was_is_refused(project: Project) -> None:
    (project.root / CARD_PATH).unlink()
    assert lint(project, CARD_PATH)[0] in (0, 3)
    status, _, err = typed(["lint", "registry/churn/modle.yaml"], cwd=project.root, env=project.env)
    assert (status, err) == (1, "error: registry/churn/modle.yaml: is not there\nhint: git status\n")


def test_a_record_that_is_out_of_form_is_brought_into_it(project: Project) -> None:
    messy = CARD.replace("owner: ana", "owner:   ana").replace("[checkout]", "[checkout] # the shop") + "\n\n"
    stage(project, CARD_PATH, messy)
    wanted = f"block  {CARD_PATH}: line 3: is not in its form (actum lint --fix '{CARD_PATH}')"
    assert lint(project) == (3, [wanted, "refused: 1 staged file: 1 block, 0 warn"])
    status, told = lint(project, "--fix")
    assert (status, told[:2]) == (3, [f"formatted {CARD_PATH}", wanted.replace("actum lint --fix", "git add")])
    assert (project.root / CARD_PATH).read_text() == CARD.replace("[checkout]", "[checkout] # the shop")
    project.git("add", CARD_PATH)
    assert lint(project)[0] == 0


def test_named_files_are_in_form_once_they_are_mended(project: Project) -> None:
    project.write(CARD_PATH, CARD + "\n\n")
    assert lint(project, "--fix", CARD_PATH) == (0, [f"formatted {CARD_PATH}", "clean: 1 file: 0 block, 0 warn"])
    assert lint(project, "--fix", CARD_PATH) == (0, ["clean: 1 file: 0 block, 0 warn"])


def test_a_text_that_is_no_yaml_has_no_form(project: Project) -> None:
    stage(project, CARD_PATH, "schema: [model/1\n")
    assert len(lint(project)[1]) == 2
    assert lint(project, "--only", "format")[1][0].startswith(f"block  {CARD_PATH}: line 2: column 1: did not find")
    assert lint(project, "--only", "immutable")[0] == 0


def test_a_text_that_has_no_form_is_said_and_left_alone(project: Project) -> None:
    odd = "a:\n     ? ''\n     :    b: 3\n          c: true\n"
    stage(project, CARD_PATH, odd)
    line = f"block  {CARD_PATH}: cannot be brought into form without changing what it says"
    assert lint(project, "--only", "format", "--fix")[1][0].startswith(line)
    assert (project.root / CARD_PATH).read_text() == odd


def test_the_form_of_a_new_run_is_that_of_its_tool(project: Project) -> None:
    path = project.store().paths("run")[0]
    copy = path.replace(Path(path).stem, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    raw = json.loads((project.root / path).read_text()) | {"id": Path(copy).stem}
    stage(project, copy, json.dumps(raw))
    assert lint(project, "--only", "format")[0] == 3
    assert lint(project, "--only", "format", "--fix", copy)[1][0] == f"formatted {copy}"
    assert json.loads((project.root / copy).read_text()) == raw


def test_a_record_that_never_changes_is_not_even_formatted(project: Project) -> None:
    project.write(V1, (project.root / V1).read_text() + "\n")
    assert lint(project, "--only", "format", "--fix", V1) == (0, ["clean: 1 file: 0 block, 0 warn"])
    assert (project.root / V1).read_text().endswith("\n\n")


@pytest.mark.parametrize("what", ["edited", "removed", "replaced by something other than a file"])
def test_what_is_on_record_does_not_change(project: Project, what: str) -> None:
    if what == "edited":
        stage(project, V1, (project.root / V1).read_text().replace("0.7", "0.99"))
    else:
        project.git("rm", "-q", V1)
    if what.startswith("replaced"):
        (project.root / V1).symlink_to("1.1.0.yaml")
        project.git("add", V1)
    head = project.git("rev-parse", "HEAD")[:10]
    message = f"block  {V1}: was {what}; what is on record never changes (git checkout {head} -- '{V1}')"
    assert lint(project, "--only", "immutable") == (3, [message, "refused: 1 staged file: 1 block, 0 warn"])
    assert message in lint(project)[1]


def test_a_version_may_be_added_and_a_card_may_change(project: Project) -> None:
    stage(project, layout.version("churn", "2.0.0"), (project.root / V1).read_text().replace("1.0.0", "2.0.0"))
    stage(project, CARD_PATH, CARD.replace("ana@", "bob@"))
    project.git("rm", "-q", POLICY_PATH)
    assert lint(project, "--only", "immutable")[0] == 0


def test_what_dvc_repro_made_is_nobodys_and_what_a_run_recorded_is_not(project: Project) -> None:
    project.write("rows.txt", "three\n")
    project.dvc("repro", "-q")
    project.git("add", "--update", ".")
    line = "block  dvc.lock: no run on record made what it says of train (actum run)"
    status, told = lint(project)
    assert (status, told[:-1]) == (3, [line])
    project.git("reset", "-q", "--hard")
    run = project.train("four\n", auc=0.7, brier=0.1)
    project.git("reset", "-q", "--soft", run.recipe().code_commit)
    status, told = lint(project)
    assert (status, told[:-1]) == (0, [])


def test_a_lock_with_the_traces_of_a_merge_is_said(project: Project) -> None:
    lock = (project.root / "dvc.lock").read_text()
    stage(project, "dvc.lock", f"<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n")
    status, told = lint(project, "--only", "dvc-lock")
    assert (status, "1: holds an unresolved merge (git checkout HEAD -- dvc.lock " in told[0]) == (3, True)


def test_a_pickle_under_any_name_is_refused(project: Project) -> None:
    data = pickle.dumps(replace)
    stage(project, "notes.md", data)
    because = "is a pickle: loading it can run code, and no output on record or version has these bytes"
    line = f"block  notes.md: {because} (git rm --cached 'notes.md' && dvc add 'notes.md')"
    assert lint(project) == (3, [line, "refused: 1 staged file: 1 block, 0 warn"])
    assert lint(project, "--only", "pickle", "notes.md") == (3, [line, "refused: 1 file: 1 block, 0 warn"])


def test_a_file_of_no_pickle_may_be_called_one(project: Project) -> None:
    stage(project, "model.pkl", "only its name is bad\n")
    assert lint(project)[0] == 0


def test_an_output_on_record_or_a_registered_artifact_may_pass(project: Project) -> None:
    data = pickle.dumps(replace)
    project.write("rows.txt", data)
    project.dvc("repro", "-q")
    project.git("add", "dvc.lock")
    stage(project, "models/churn.bin", data)
    assert lint(project, "--only", "pickle")[0] == 0
    stage(project, "models/churn.bin", data + b"N.")
    assert lint(project, "--only", "pickle")[0] == 3
    stage(project, "elsewhere.bin", data)
    assert lint(project, "--only", "pickle")[1][0].startswith("block  elsewhere.bin: is a pickle")
    artifact = replace(project.read(V1).artifact, sha256=project.fact("rows.txt").sha256)
    project.record(layout.version("churn", "3.0.0"), replace(project.read(V1), version="3.0.0", artifact=artifact))
    project.git("add", layout.version("churn", "3.0.0"))
    assert [line for line in lint(project, "--only", "pickle")[1] if "elsewhere" in line] == []


def test_what_dvc_add_tracks_may_pass_once_that_is_on_record(project: Project) -> None:
    """A .dvc file that comes with the pickle would vouch for anything."""
    project.write("model.bin", pickle.dumps(replace))
    project.dvc("add", "-q", "model.bin")
    project.git("add", "--force", "model.bin", "model.bin.dvc")
    assert lint(project, "--only", "pickle")[1][0].startswith("block  model.bin: is a pickle: ")
    project.git("commit", "-qm", "Track it", "--", "model.bin.dvc")
    assert lint(project, "--only", "pickle") == (0, ["clean: 1 staged file: 0 block, 0 warn"])


def test_a_large_file_is_looked_at_where_it_lies(project: Project) -> None:
    stage(project, "large.bin", pickle.dumps([replace, b"x" * (17 << 20)]))
    assert lint(project)[1][0].startswith("block  large.bin: is a pickle: ")
    (project.root / "large.bin").unlink()
    assert lint(project)[1][0].startswith("block  large.bin: is too large to be looked into (")


def test_a_gigabyte_that_is_named_does_not_enter_git(project: Project) -> None:
    project.write("model.bin", pickle.dumps([replace, b"x" * (5 << 20)]))
    before = project.git("count-objects")
    assert lint(project, "model.bin")[0] == 3
    assert project.git("count-objects") == before


def test_all_that_is_wrong_is_one_document_for_programs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    stage(project, POLICY_PATH, POLICY + "evidnce: {}\n")
    assert main(["-C", str(project.root), "lint", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["data"]["staged"], told["data"]["clean"]) == ("lint/1", True, False)
    assert [(one["kind"], one["path"]) for one in told["data"]["findings"]] == [("record-invalid", POLICY_PATH)]


def test_the_help_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--help"]) == 0
    told = capsys.readouterr().out.split()
    assert [rule for rule in RULES if rule not in told] == []


def test_a_hook_loads_nothing_heavy(project: Project) -> None:
    stage(project, CARD_PATH, CARD + "title: who leaves\n")
    script = "import sys; from actum.cli.main import main; main(['lint', *sys.argv[1:]]); print(*sys.modules)"
    heavy = {"duckdb", "dvc", "pandas", "numpy", "pyarrow", "rich", "uv", "sqlite3", "asyncio", "sklearn", "ruamel"}
    for words in ([], *(["--only", rule] for rule in RULES)):
        told = project.run(sys.executable, "-c", script, *words).stdout.splitlines()[-1]
        needless = {"jsonschema"} if "--only" in words and "validate" not in words else set()
        assert set(told.split()) & (heavy | needless) == set(), words


def test_the_first_commit_of_a_project_is_looked_over(tmp_path: Path, project: Project) -> None:
    project.run("git", "init", "-q", str(tmp_path / "new"))
    new = replace(project, root=tmp_path / "new")
    stage(new, "actum.yaml", "schema: settings/2\n")
    status, told = lint(new)
    assert (status, told[-1]) == (3, "refused: 1 staged file: 3 block, 0 warn")


def test_a_hook_of_plain_git_stops_the_commit(project: Project) -> None:
    hook = project.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -m actum lint\n")
    hook.chmod(0o755)
    project.write(POLICY_PATH, POLICY + "evidnce: {}\n")
    done = project.run("git", "commit", "-qam", "With -a git shows its hooks another index", check=False)
    assert done.returncode == 1
    assert "did you mean evidence?" in done.stdout + done.stderr
    project.write(POLICY_PATH, POLICY + "evidence: {rebuild: bytes}\n")
    project.git("commit", "-qam", "Good")
