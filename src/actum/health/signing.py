"""Where git is told to sign, is there a key to sign with? Found without signing and without starting an agent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from actum import process
from actum.errors import UserError
from actum.git.repository import Git
from actum.health.finding import Finding, ok, wrong


def look_at_signing(repo: Git, environ: Mapping[str, str]) -> Finding:
    asked = [key for key in ("commit.gpgsign", "tag.gpgsign") if repo.flag(key)]
    if not asked:
        return ok("signing", "not asked for")
    form = repo.config("gpg.format") or "openpgp"
    problem = _ssh_problem(repo, environ) if form == "ssh" else _gpg_problem(repo, environ) if form == "openpgp" else ""
    if problem:
        return wrong("signing", f"{asked[0]} is set, but {problem}", "git config user.signingkey KEY")
    return ok("signing", form)


def _ssh_problem(repo: Git, environ: Mapping[str, str]) -> str:
    program = repo.config("gpg.ssh.program") or "ssh-keygen"
    if shutil.which(program, path=environ.get("PATH")) is None:
        return f"{program} is not installed"
    key = repo.config("user.signingkey")
    if key is None:
        return "" if repo.config("gpg.ssh.defaultKeyCommand") else "user.signingkey names no key"
    if key.startswith(("key::", "ssh-", "ecdsa-", "sk-")):
        return ""  # the key itself; its private half is with an agent
    path = Path(repo.root, _expanded(key, environ))
    return "" if path.is_file() else f"the key {path} is not there"


def _gpg_problem(repo: Git, environ: Mapping[str, str]) -> str:
    program = shutil.which(repo.config("gpg.program") or "gpg", path=environ.get("PATH"))
    if program is None:
        return "gpg is not installed"
    home = Path(environ.get("GNUPGHOME") or _expanded("~/.gnupg", environ))
    name = repo.config("user.signingkey") or _own_address(repo)
    if not home.is_dir():  # gpg would make it
        return f"{home} is not there, so there is no key of {name or 'yours'}"
    listed = process.run(
        [program, "--batch", "--no-auto-check-trustdb", "--with-colons", "--with-keygrip", "--list-keys", name],
        cwd=repo.root,
        env={**environ, "GNUPGHOME": str(home)},
    )
    grips = [line.split(":")[9] for line in listed.out.decode(errors="replace").splitlines() if line.startswith("grp:")]
    if any((home / "private-keys-v1.d" / f"{grip}.key").exists() for grip in grips):
        return ""
    return f"gpg has no secret key of {name or 'yours'}"


def _own_address(repo: Git) -> str:
    try:
        return repo.identity().email
    except UserError:
        return ""  # a finding of its own


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    return home + path[1:] if path.startswith("~/") else path
