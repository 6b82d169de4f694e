"""Identity, history, clock, signing, trunk: each broken for real, and mended by what the finding says."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from actum.git.repository import Git
from actum.health.finding import note, ok, wrong
from actum.health.repository import look_at_repository
from actum.health.signing import look_at_signing
from tests.health.healthy_project import Project, bad, now


def look(project: Project) -> list[object]:
    return [*bad(look_at_repository(project.repo, now()))]


def test_without_an_identity_nothing_can_be_committed(project: Project) -> None:
    Path(project.env["HOME"], ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    mend = "git config --global user.name NAME && git config --global user.email ADDRESS"
    assert look(project) == [wrong("identity", "git does not know who you are", mend)]


def test_a_repository_without_a_commit_is_a_finding(project: Project) -> None:
    project.git("update-ref", "-d", "HEAD")
    [finding] = bad(look_at_repository(project.repo, now()))
    mend = "git add . && git commit -m 'Begin with actum'"
    assert finding == wrong("head", "the repository has no commit yet", mend)
    project.mend(finding)
    assert look(project) == []


def test_a_detached_head_is_worth_knowing_and_no_fault(project: Project) -> None:
    project.git("switch", "-q", "--detach")
    says = "HEAD is detached: reads and rebuild work, what commits to a branch refuses"
    assert look(project) == [note("head", says, "git switch -c NAME")]


def test_a_shallow_clone_is_found_and_fetched_whole(project: Project, tmp_path: Path) -> None:
    project.commit("more.txt", "more")
    project.git("clone", "-q", "--depth=1", f"file://{project.root}", str(tmp_path / "shallow"))
    clone = Project(tmp_path / "shallow", project.env)
    [finding] = bad(look_at_repository(clone.repo, now()))
    says = "this clone is shallow, what lies before its edge is unknown"
    assert finding == wrong("history", says, "git fetch --unshallow")
    clone.mend(finding)
    assert look(clone) == []


def test_a_partial_clone_is_found_and_filled(project: Project, tmp_path: Path) -> None:
    project.commit("more.txt", "more")
    project.commit("more.txt", "other")
    project.git("config", "uploadpack.allowFilter", "true")
    project.git("clone", "-q", "--filter=blob:none", f"file://{project.root}", str(tmp_path / "partial"))
    clone = Project(tmp_path / "partial", project.env)
    [finding] = bad(look_at_repository(clone.repo, now()))
    says = "this clone is partial: objects that nobody asked for yet are only at origin"
    assert (finding.check, finding.state, finding.says) == ("history", "wrong", says)
    clone.mend(finding)
    assert look(clone) == []
    clone.git("remote", "remove", "origin")
    assert clone.git("cat-file", "-p", "HEAD~1:more.txt") == "more"


def test_replaced_commits_are_a_finding(project: Project) -> None:
    project.commit("more.txt", "more")
    project.git("replace", "--graft", "HEAD")
    [finding] = bad(look_at_repository(project.repo, now()))
    says = "1 commits replaced by others: history reads differently here than elsewhere"
    assert finding == wrong("history", says, "git replace -d $(git replace -l)")
    project.mend(finding)
    assert look(project) == []


def test_grafts_are_a_finding(project: Project) -> None:
    grafts = project.root / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(project.git("rev-parse", "HEAD") + "\n")
    [finding] = bad(look_at_repository(project.repo, now()))
    assert finding == wrong("history", "grafts change what this clone takes for history", f"rm {grafts}")
    project.mend(finding)
    assert look(project) == []


def test_a_commit_from_the_future_is_a_clock_that_goes_wrong(project: Project) -> None:
    env = {**project.env, "GIT_COMMITTER_DATE": "2099-01-02T03:04:05Z"}
    subprocess.run(["git", "commit", "-qm", "later", "--allow-empty"], cwd=project.root, env=env, check=True)
    [finding] = bad(look_at_repository(project.repo, now()))
    assert finding.check == "clock"
    assert finding.says.startswith("HEAD was committed at 2099-01-02T03:04:05Z, and this machine's clock says 20")
    assert finding.mend == "timedatectl set-ntp true  # or ask who committed with a wrong clock"


def test_two_clocks_may_differ_by_minutes(project: Project) -> None:
    assert bad(look_at_repository(project.repo, now() - timedelta(minutes=4))) == []


def test_signing_that_nobody_asked_for_needs_no_key(project: Project) -> None:
    project.git("config", "user.signingkey", "/nowhere")
    assert look_at_signing(project.repo, project.env) == ok("signing", "not asked for")


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs the program {program}")


@needs("ssh-keygen")
def test_an_ssh_key_that_is_not_there_is_found_before_a_commit_fails(project: Project) -> None:
    project.git("config", "commit.gpgsign", "true")
    project.git("config", "gpg.format", "ssh")
    mend = "git config user.signingkey KEY"
    says = "commit.gpgsign is set, but user.signingkey names no key"
    assert look_at_signing(project.repo, project.env) == wrong("signing", says, mend)
    project.git("config", "user.signingkey", "~/.ssh/id_ed25519")
    key = Path(project.env["HOME"], ".ssh", "id_ed25519")
    says = f"commit.gpgsign is set, but the key {key} is not there"
    assert look_at_signing(project.repo, project.env) == wrong("signing", says, mend)
    key.parent.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    assert look_at_signing(project.repo, project.env) == ok("signing", "ssh")
    project.commit("signed.txt", "signed")  # git agrees


@needs("gpg")
def test_a_gpg_key_that_is_not_there_is_found_and_no_home_is_made_for_it(project: Project) -> None:
    project.git("config", "tag.gpgsign", "true")
    home = Path(project.env["HOME"], ".gnupg")
    says = f"tag.gpgsign is set, but {home} is not there, so there is no key of ana@example.org"
    assert look_at_signing(project.repo, project.env) == wrong("signing", says, "git config user.signingkey KEY")
    assert not home.exists()


@needs("gpg")
def test_a_gpg_key_counts_only_with_its_secret_half(project: Project, tmp_path: Path) -> None:
    project.git("config", "commit.gpgsign", "true")
    home = Path(project.env["HOME"], ".gnupg")
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--batch", "--quiet", "--homedir", str(home)]
    made = ["--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", "ana@example.org", "ed25519", "sign"]
    try:
        subprocess.run([*gpg, *made], check=True, capture_output=True)
        assert look_at_signing(project.repo, project.env) == ok("signing", "openpgp")
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    for secret in (home / "private-keys-v1.d").iterdir():
        secret.unlink()
    says = "commit.gpgsign is set, but gpg has no secret key of ana@example.org"
    assert look_at_signing(project.repo, project.env) == wrong("signing", says, "git config user.signingkey KEY")


@pytest.mark.parametrize("program", ["gpg", "ssh-keygen"])
def test_a_signing_program_that_is_not_there_is_a_finding(project: Project, tmp_path: Path, program: str) -> None:
    project.git("config", "commit.gpgsign", "true")
    project.git("config", "gpg.format", {"gpg": "openpgp", "ssh-keygen": "ssh"}[program])
    (tmp_path / "empty").mkdir()
    env = {**project.env, "PATH": str(tmp_path / "empty")}
    says = f"commit.gpgsign is set, but {program} is not installed"
    assert look_at_signing(Git(project.root), env) == wrong("signing", says, "git config user.signingkey KEY")
