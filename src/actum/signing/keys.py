"""Which key signs: the one that was named, or the one that git signs with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from actum.errors import UserError
from actum.signing.public_keys import public_key

KEYGEN = "ssh-keygen"
_NAME_ONE = "git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519, or --key FILE"


@dataclass(frozen=True, slots=True)
class Key:
    """A file (private, or public where an agent holds the private half), or the text of a public key, for an agent.

    ``program``: what signs instead of ssh-keygen, as git's gpg.ssh.program names it.
    """

    path: Path | None = None
    text: str = ""
    program: str = KEYGEN

    def __str__(self) -> str:
        return str(self.path) if self.path else self.text


def chosen_key(option: Path | None, config: Callable[[str], str | None], *, root: Path, home: str) -> Key:
    """Return the key in the file *option*, or without it the one that git is told to sign with.

    Args:
        config: Returns a setting of git.
        root: Where a relative path in git's settings begins.

    Raises:
        UserError: No key is named, git signs in another way, or there is no such file.
    """
    program = config("gpg.ssh.program") or KEYGEN
    if option is not None:
        return Key(path=_existing(option), program=program)
    named = config("user.signingkey")
    if named is None:
        raise UserError("git names no key to sign with", hint=_NAME_ONE)
    form = config("gpg.format") or "openpgp"
    if form != "ssh":
        raise UserError(f"git signs with {form} here, an approval is signed with an SSH key", hint=_NAME_ONE)
    literal = named.removeprefix("key::")
    if literal != named or re.match(r"(ssh|ecdsa|sk)-", named):
        text = public_key(literal)
        if text is None:
            raise UserError("user.signingKey is no public key that OpenSSH knows", hint=_NAME_ONE)
        return Key(text=text, program=program)
    expanded = home + named[1:] if named.startswith("~/") else named
    return Key(path=_existing(root / expanded), program=program)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UserError(f"there is no key {path}", hint=_NAME_ONE)
    return path
