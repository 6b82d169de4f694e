"""Public keys as OpenSSH writes them on one line, and the lists of them: who may sign, and which keys no longer may.

ssh-keygen decides whether a signature is good; what it is given is composed from what is read here, so that it
never meets a pattern that stands for anybody, an authority that vouches for others, or a line that nobody understood.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from actum.errors import InvalidRecordError

MOST_BYTES = 1_000_000
_KRL = b"SSHKRL\n\0"
_TYPE = r"(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
_KEY = re.compile(rf"({_TYPE})[ \t]+([A-Za-z0-9+/]+={{0,2}})(?:[ \t].*)?")
_OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"\\]*)")?')
_QUOTED = re.compile(r'(?:[^\s"]|"[^"]*")+')
_TIME = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


Restriction = Literal["namespaces", "valid_after", "valid_before"]


class LineError(ValueError):
    """A line of a list does not count, and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """One line: the addresses in lower case, the key as ``type base64``, and what restricts it, times in UTC."""

    addresses: tuple[str, ...]
    key: str
    namespaces: str | None = None
    valid_after: str | None = None
    valid_before: str | None = None

    def free_of(self, *names: Restriction) -> Signer:
        """Return the same line without some of its restrictions."""
        changes: dict[str, Any] = dict.fromkeys(names)
        return replace(self, **changes)

    def line(self, principal: str) -> str:
        """Return the line as ssh-keygen takes it, for one principal."""
        told = {"namespaces": self.namespaces, "valid-after": self.valid_after, "valid-before": self.valid_before}
        options = ",".join(f'{name}="{value}"' for name, value in told.items() if value is not None)
        return " ".join(part for part in (principal, options, self.key) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signers:
    """Who may sign. ``faults``: the lines that do not count, and why."""

    signers: tuple[Signer, ...]
    faults: tuple[str, ...] = ()

    def of(self, address: str) -> tuple[Signer, ...]:
        """Return the lines that name an address, whatever the case of its letters."""
        return tuple(signer for signer in self.signers if address.casefold() in signer.addresses)

    def holders(self, key: str) -> frozenset[str]:
        """Return every address under which a key is listed."""
        return frozenset(address for signer in self.signers if signer.key == key for address in signer.addresses)


@lru_cache(maxsize=4)
def read_signers(data: bytes) -> Signers:
    """Read an OpenSSH allowed-signers file. A line of certificates, of patterns or of unknown options does not count.

    Raises:
        InvalidRecordError: It is too large.
    """
    found, faults = [], []
    for number, line in _lines(data, "the list of signers"):
        try:
            found.append(_signer(line))
        except LineError as error:
            faults.append(f"line {number}: {error}")
    return Signers(signers=tuple(found), faults=tuple(faults))


@lru_cache(maxsize=4)
def read_revoked(data: bytes) -> bytes:
    """Return the revoked keys as ssh-keygen takes them: a revocation list of its own (KRL), or a key a line.

    A line may be one of an allowed-signers file; its key is what counts.

    Raises:
        InvalidRecordError: It is too large, or a line holds no public key: what it was to revoke is unknown.
    """
    what = "the list of revoked keys"
    if data.startswith(_KRL):
        _require_small(data, what)
        return data
    keys = []
    for number, line in _lines(data, what):
        found = re.search(rf"(?:^|[ \t]){_KEY.pattern}", line)
        if found is None:
            raise InvalidRecordError(f"{what}: line {number} holds no public key, so nobody knows which one it revokes")
        try:
            keys.append(_key(found[1], found[2]))
        except LineError as error:
            raise InvalidRecordError(f"{what}: line {number}: {error}") from error
    return "".join(f"{key}\n" for key in keys).encode()


def public_key(text: str) -> str | None:
    """Return a public key as ``type base64``, None where the text is none."""
    found = _KEY.fullmatch(text.strip())
    try:
        return _key(found[1], found[2]) if found else None
    except LineError:
        return None


def key_of(blob: bytes) -> str:
    """Return the line of a public key from its binary form, as a signature holds it.

    Raises:
        ValueError: It is none.
    """
    length = int.from_bytes(blob[:4], "big")
    return f"{blob[4 : 4 + length].decode('ascii')} {base64.b64encode(blob).decode()}"


def is_krl(data: bytes) -> bool:
    return data.startswith(_KRL)


def _require_small(data: bytes, what: str) -> None:
    if len(data) > MOST_BYTES:
        raise InvalidRecordError(f"{what} has {len(data):,} bytes, must have at most {MOST_BYTES:,}")


def _lines(data: bytes, what: str) -> Iterator[tuple[int, str]]:
    _require_small(data, what)
    for number, raw in enumerate(data.split(b"\n"), start=1):
        line = raw.decode(errors="surrogateescape").strip(" \t\r")
        if line and not line.startswith("#"):
            yield number, line


def _signer(line: str) -> Signer:
    if not line.replace("\t", " ").isprintable():
        raise LineError("holds what no screen shows")
    principals, rest = _word(line)
    key, options = _KEY.fullmatch(rest), ""
    if key is None:
        options, rest = _word(rest)
        key = _KEY.fullmatch(rest)
    if key is None:
        raise LineError("is no line of addresses, options and a public key")
    told = _options(options)
    return Signer(
        addresses=_addresses(principals.strip('"')),
        key=_key(key[1], key[2]),
        namespaces=told.get("namespaces"),
        valid_after=_time(told.get("valid-after")),
        valid_before=_time(told.get("valid-before")),
    )


def _word(text: str) -> tuple[str, str]:
    """Split off the first word; white space within quotes does not end it."""
    found = _QUOTED.match(text)
    end = found.end() if found else 0
    return text[:end], text[end:].lstrip(" \t")


def _addresses(text: str) -> tuple[str, ...]:
    named = tuple(one.casefold() for one in text.split(","))
    if any(re.search(r"[*?!\s\"]", one) or not one for one in named):
        raise LineError(f"{text[:80]!r} does not name people: write each address in full")
    return named


def _options(text: str) -> dict[str, str]:
    told: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _OPTION.match(text, at)
        if found is None or text[found.end() : found.end() + 1] not in ("", ","):
            raise LineError(f"its options {text[:80]!r} cannot be read")
        name, at = found[1].lower(), found.end() + 1
        if name == "cert-authority":
            raise LineError("is an authority for certificates: list the keys of people")
        if name not in ("namespaces", "valid-after", "valid-before") or found[2] is None or name in told:
            raise LineError(f"its option {name} is unknown, empty or given twice")
        told[name] = found[2]
    return told


def _time(text: str | None) -> str | None:
    """Return a time without its zone: a bare one would mean the zone of whatever machine looks."""
    if text is None:
        return None
    digits = text.removesuffix("Z")
    try:
        if not digits.isdecimal() or not digits.isascii():
            raise ValueError
        datetime.strptime(digits, _TIME[len(digits)])
    except (ValueError, KeyError) as error:
        raise LineError(f"{text[:40]!r} is no time such as 20261231Z or 202612311200Z") from error
    return digits


def _key(kind: str, text: str) -> str:
    """Return a key in one spelling; its text must be of the kind that it says."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LineError("its key is no base64") from error
    if not blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        raise LineError(f"its key is not of the kind {kind}")
    return f"{kind} {base64.b64encode(blob).decode()}"
