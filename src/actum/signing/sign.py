"""Sign bytes with an SSH key; whoever holds the key may be asked for its passphrase."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from actum import process
from actum.errors import ToolFailedError, UserError
from actum.signing.keys import KEYGEN, Key

NAMESPACE = "actum-approval"
INSTALL = "apt-get install openssh-client"


def sign(payload: bytes, key: Key, *, environ: Mapping[str, str], namespace: str = NAMESPACE) -> str:
    """Return an armoured signature over *payload*.

    Raises:
        UserError: The key has a passphrase, and there is no terminal to type it on.
        ToolFailedError: ssh-keygen is not installed, or could not sign.
    """
    env = {**environ, "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryDirectory(prefix="actum-signing-") as folder:
        data, path = Path(folder, "payload"), key.path or Path(folder, "key.pub")
        data.write_bytes(payload)
        if key.path is None:
            path.write_text(f"{key.text}\n")
        quiet = ["-q"] if key.program == KEYGEN else []
        agent = [] if key.path else ["-U"]  # it holds the private half
        # As git calls it: what else may be set as gpg.ssh.program knows this form and no other.
        command: list[str | Path] = [
            key.program,
            *quiet,
            "-Y",
            "sign",
            "-n",
            namespace,
            "-f",
            path.absolute(),
            *agent,
            data,
        ]
        try:
            done = process.converse(command, cwd=Path(folder), env=env)
        except FileNotFoundError as error:
            raise ToolFailedError(f"{key.program} is not installed", hint=INSTALL) from error
        signature = Path(folder, "payload.sig")
        if done.code or not signature.is_file():
            raise _failed(key, done, env)
        return signature.read_text(encoding="ascii", errors="replace")


def _failed(key: Key, done: process.Finished, env: Mapping[str, str]) -> UserError:
    if key.path and not process.has_terminal() and _has_passphrase(key.path, env):
        return UserError(
            f"the key {key.path} has a passphrase, and there is no terminal to type it on", hint=f"ssh-add {key.path}"
        )
    words = f": {done.last_words}" if done.last_words else ""
    return ToolFailedError(f"{key.program} could not sign with {key}{words}", hint="ssh-add -l, or --key FILE")


def _has_passphrase(path: Path, env: Mapping[str, str]) -> bool:
    """Whether an empty passphrase does not open the key; only its exit status is looked at."""
    private = path.with_suffix("") if path.suffix == ".pub" else path
    if not private.is_file() or private.stat().st_mode & 0o077:
        return False
    return process.run([KEYGEN, "-y", "-P", "", "-f", str(private)], cwd=private.parent, env=env, brief=True).code != 0
