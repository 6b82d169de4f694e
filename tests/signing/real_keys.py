"""Real keys by real ssh-keygen, and signatures made without any code of ours."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class RealKey:
    """A key pair on disk. ``address``: whose it is."""

    path: Path
    address: str

    @property
    def public(self) -> str:
        """The public key as ``type base64``."""
        return " ".join(Path(f"{self.path}.pub").read_text().split()[:2])

    def line(self, options: str = "", *, address: str = "") -> str:
        """Return a line of an allowed-signers file."""
        return " ".join(part for part in (address or self.address, options, self.public) if part) + "\n"

    def sign(self, payload: bytes, namespace: str = "actum-approval") -> str:
        return run("-q", "-Y", "sign", "-n", namespace, "-f", self.path, stdin=payload)


def make_key(folder: Path, address: str, *, passphrase: str = "", kind: str = "ed25519", name: str = "") -> RealKey:
    path = folder / (name or address.partition("@")[0])
    run("-q", "-t", kind, "-N", passphrase, "-C", address, "-f", path)
    return RealKey(path, address)


def run(*words: str | Path, stdin: bytes | None = None) -> str:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs the program ssh-keygen")
    done = subprocess.run(["ssh-keygen", *words], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
