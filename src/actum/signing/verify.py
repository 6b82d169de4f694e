"""Whose signature is it, and does it count? ssh-keygen says so by its exit status, of which nothing else is believed.

It prints ``Good signature`` for keys that nobody knows too. Why a signature does not count is found by asking again
with one restriction fewer.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from actum import process
from actum.errors import InvalidRecordError, ToolFailedError
from actum.signing.keys import KEYGEN
from actum.signing.public_keys import Signer, is_krl, key_of, read_revoked, read_signers
from actum.signing.sign import INSTALL, NAMESPACE

Says = Literal["good", "unknown key", "expired", "not yet valid", "revoked", "malformed", "wrong namespace"]
MOST_BYTES = 20_000
_ARMOUR = re.compile(r"\s*-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\s*")
_WHO = "approver"  # the only name that ssh-keygen hears: no pattern, and nothing from outside


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is to be thought of a signature.

    Attributes:
        because: In words; "" for a good one.
        key: The key that signed, ``type base64``; "" where that cannot be told.
        holders: Every address under which that key is listed.
    """

    says: Says
    because: str = ""
    key: str = ""
    holders: frozenset[str] = frozenset()


class Signature(NamedTuple):
    """What a signature says of itself; true only once ssh-keygen has agreed."""

    key: str
    namespace: str


def verify(
    payload: bytes,
    signature: str,
    principal: str,
    *,
    signers: bytes,
    revoked: bytes,
    at: datetime,
    namespace: str = NAMESPACE,
) -> Verdict:
    """Say whether *signature* over *payload* is of *principal*, by a key that was valid at a moment and is not revoked.

    Args:
        signers: The text of an allowed-signers file, from the base and never from what is judged.
        revoked: Public keys, one a line, or a key revocation list; empty for none.

    Raises:
        InvalidRecordError: One of the two lists cannot be read.
        ToolFailedError: There is no ssh-keygen.
    """
    known, gone = read_signers(signers), read_revoked(revoked)
    told = parsed(signature)
    if told is None:
        return Verdict(says="malformed", because="is no SSH signature")
    if told.namespace != namespace:
        because = f"is a signature for {told.namespace[:40]!r}, not for {namespace!r}"
        return Verdict(says="wrong namespace", because=because, key=told.key)
    if not 1970 < at.year < 9999:
        return Verdict(says="malformed", because=f"the year {at.year} is out of range", key=told.key)
    own = known.of(principal)
    with tempfile.TemporaryDirectory(prefix="actum-verifying-") as folder:
        asked = _Asked(Path(folder), payload, signature, namespace, gone, at)
        says, because = _judged(asked, told.key, own, principal)
    holders = known.holders(told.key)
    if says == "unknown key" and (others := sorted(holders - {principal.casefold()})):
        because = f"the key is of {', '.join(others)[:200]}, not of {principal}"
    return Verdict(says=says, because=because, key=told.key, holders=holders)


def parsed(signature: str) -> Signature | None:
    """Return what a signature says of itself, None where it has not the form.

    Source: OpenSSH, PROTOCOL.sshsig.
    """
    found = _ARMOUR.fullmatch(signature) if len(signature) <= MOST_BYTES else None
    try:
        blob = base64.b64decode(found[1].replace("\n", ""), validate=True) if found else b""
        if blob[:10] != b"SSHSIG\0\0\0\1":
            return None
        key, rest = _string(blob[10:])
        namespace, _ = _string(rest)
        return Signature(key_of(key), namespace.decode())
    except (ValueError, binascii.Error):
        return None


def _string(blob: bytes) -> tuple[bytes, bytes]:
    end = 4 + int.from_bytes(blob[:4], "big")
    if len(blob) < max(end, 4):
        raise ValueError("is cut off")
    return blob[4:end], blob[end:]


def _judged(asked: _Asked, key: str, own: tuple[Signer, ...], principal: str) -> tuple[Says, str]:
    if asked.good(own):
        return "good", ""
    if not asked.fits():
        return "malformed", "it does not fit what it stands over: one of the two was edited"
    bare = [signer.free_of("namespaces", "valid_after", "valid_before") for signer in own]
    if not asked.good(bare, revocations=False):
        return "unknown key", f"no key of {principal} is listed" if not own else f"the key is none of {principal}"
    if not asked.good(bare):
        asked.require_readable_list(key)
        return "revoked", "the key is revoked"
    if asked.good([signer.free_of("valid_before") for signer in own]):
        return "expired", f"the key was no longer valid on {asked.at:%Y-%m-%d}"
    if asked.good([signer.free_of("valid_after") for signer in own]):
        return "not yet valid", f"the key was not yet valid on {asked.at:%Y-%m-%d}"
    return "wrong namespace", f"the key is not listed for {asked.namespace!r}"


class _Asked:
    """One signature that ssh-keygen is asked about, in a folder of its own."""

    def __init__(
        self, folder: Path, payload: bytes, signature: str, namespace: str, revoked: bytes, at: datetime
    ) -> None:
        self._folder, self._payload, self.namespace, self._revoked, self.at = folder, payload, namespace, revoked, at
        (folder / "signature").write_text(signature)
        (folder / "revoked").write_bytes(revoked)

    def good(self, lines: Iterable[Signer], *, revocations: bool = True) -> bool:
        text = "".join(f"{signer.line(_WHO)}\n" for signer in lines)
        if not text:
            return False
        (self._folder / "signers").write_text(text)
        words = ["-f", "signers", "-I", _WHO, f"-Overify-time={self.at.astimezone(UTC):%Y%m%d%H%M%S}"]
        words += ["-r", "revoked"] if revocations and self._revoked else []
        return self._code("verify", *words) == 0

    def fits(self) -> bool:
        """Whether the key in the signature, whosever it is, signed these bytes."""
        return self._code("check-novalidate") == 0

    def require_readable_list(self, key: str) -> None:
        """Raises: InvalidRecordError when the key is refused because the revocation list is broken, not in it."""
        if is_krl(self._revoked):
            (self._folder / "key.pub").write_text(f"{key}\n")
            if self._run("-Q", "-f", "revoked", "key.pub").code != 1:
                raise InvalidRecordError(
                    "the list of revoked keys cannot be read by ssh-keygen: it is cut off or damaged"
                )

    def _code(self, verb: str, *words: str) -> int:
        return self._run("-Y", verb, "-n", self.namespace, "-s", "signature", *words).code

    def _run(self, *words: str) -> process.Finished:
        # UTC: a time without a zone in the list would mean another moment on each machine.
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        try:
            return process.run([KEYGEN, *words], cwd=self._folder, env=env, stdin=self._payload, brief=True)
        except FileNotFoundError as error:
            raise ToolFailedError(f"{KEYGEN} is not installed", hint=INSTALL) from error
