"""A signature counts by the exit status of ssh-keygen, by lists from the base, at a moment; all else has a name."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actum.errors import InvalidRecordError, ToolFailedError
from actum.signing.verify import Verdict, parsed, verify
from tests.signing.real_keys import RealKey, make_key, run

DATA = b'{"plan":"sha256:1"}'
AT = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


def judged(key: RealKey, signers: str, **known: Any) -> Verdict:
    signature = known.pop("signature", None) or key.sign(DATA)
    given: dict[str, Any] = {"revoked": b"", "at": AT} | known
    payload, principal = given.pop("payload", DATA), given.pop("principal", key.address)
    return verify(payload, signature, principal, signers=signers.encode(), **given)


def said(verdict: Verdict) -> tuple[str, str]:
    return verdict.says, verdict.because


def test_a_listed_key_is_good(rosa: RealKey) -> None:
    found = judged(rosa, rosa.line())
    assert found == Verdict(says="good", key=rosa.public, holders=frozenset({"rosa@example.org"}))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_other_kinds_of_keys_are_good_too(kind: str, tmp_path: Path) -> None:
    key = make_key(tmp_path, "rosa@example.org", kind=kind)
    assert judged(key, key.line()).says == "good"


@pytest.mark.parametrize(
    "options",
    [
        'namespaces="actum-approval"',
        'namespaces="git,actum-approval"',
        'valid-after="20240502Z"',
        'valid-before="20240502093000Z"',
        'valid-after="20240101",valid-before="20250101Z",namespaces="actum-*"',
        'VALID-AFTER="20240101"',
    ],
)
def test_a_restriction_that_is_kept_does_not_hinder(options: str, rosa: RealKey) -> None:
    assert judged(rosa, rosa.line(options)).says == "good"


@pytest.mark.parametrize(
    ("options", "says", "because"),
    [
        ('valid-before="20240501Z"', "expired", "the key was no longer valid on 2024-05-02"),
        ('valid-before="20240502092959Z"', "expired", "the key was no longer valid on 2024-05-02"),
        ('valid-after="20240503"', "not yet valid", "the key was not yet valid on 2024-05-02"),
        (
            'valid-after="202405021000Z",valid-before="2025010100Z"',
            "unknown key",
            "no key of rosa@example.org is listed",
        ),
        ('namespaces="git"', "wrong namespace", "the key is not listed for 'actum-approval'"),
        ('valid-before="20240501Z",namespaces="git"', "wrong namespace", "the key is not listed for 'actum-approval'"),
    ],
)
def test_a_restriction_that_is_not_kept_has_its_name(options: str, says: str, because: str, rosa: RealKey) -> None:
    assert said(judged(rosa, rosa.line(options))) == (says, because)


def test_a_time_without_a_zone_is_utc_on_every_machine(rosa: RealKey, monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert judged(rosa, rosa.line('valid-before="20240502"')).says == "expired"
        assert judged(rosa, rosa.line('valid-before="202405020930"')).says == "good"
    monkeypatch.undo()
    time.tzset()


def test_the_case_of_an_address_does_not_matter(rosa: RealKey) -> None:
    assert judged(rosa, rosa.line(address="Rosa@Example.ORG"), principal="ROSA@example.org").says == "good"


def test_one_of_several_keys_of_a_person_is_enough(rosa: RealKey, ben: RealKey) -> None:
    text = ben.line(address=rosa.address) + rosa.line('valid-before="20200101"') + rosa.line()
    assert judged(rosa, text).says == "good"


def test_a_key_that_nobody_listed_is_unknown(rosa: RealKey, ben: RealKey) -> None:
    assert said(judged(rosa, "")) == ("unknown key", "no key of rosa@example.org is listed")
    text = ben.line(address="rosa@example.org")
    assert said(judged(rosa, text)) == ("unknown key", "the key is none of rosa@example.org")


def test_somebody_elses_key_does_not_speak_for_the_principal(rosa: RealKey, ben: RealKey) -> None:
    found = judged(rosa, rosa.line() + ben.line(), principal="ben@example.org")
    assert said(found) == ("unknown key", "the key is of rosa@example.org, not of ben@example.org")


@pytest.mark.parametrize("principal", ["*", "", "rosa@*", "rosa@example.org,ben@example.org", "!x", "-f", "a b", "\n"])
def test_a_principal_is_no_pattern(principal: str, rosa: RealKey) -> None:
    assert judged(rosa, rosa.line(), principal=principal).says == "unknown key"


@pytest.mark.parametrize(
    "line",
    [
        "* {key}",
        "*@example.org {key}",
        "rosa@example.or? {key}",
        "rosa@example.org,!ben@example.org {key}",
        "rosa@example.org,* {key}",
        "rosa@example.org cert-authority {key}",
        'rosa@example.org cert-authority,namespaces="actum-approval" {key}',
        'rosa@example.org zones="all" {key}',
        'rosa@example.org valid-after="20240101",valid-after="20200101" {key}',
        'rosa@example.org valid-after="20240101" valid-before="20300101" {key}',
        "rosa@example.org valid-after=20240101 {key}",
        'rosa@example.org valid-after="20240231" {key}',
        'rosa@example.org valid-after="yesterday" {key}',
        "rosa@example.org\x00 {key}",
        "rosa@example.org\x1b[2K {key}",
        "rosa@example.org\u202e {key}",
        "{key}",
        "rosa@example.org ssh-ed25519 AAAA",
        "rosa@example.org ssh-rsa {body}",
        "# rosa@example.org {key}",
        '"rosa@example.org {key}',
    ],
)
def test_a_line_that_is_not_of_people_and_their_keys_does_not_count(line: str, rosa: RealKey) -> None:
    text = line.format(key=rosa.public, body=rosa.public.split()[1])
    assert judged(rosa, text + "\n").says == "unknown key"
    assert judged(rosa, text + "\n" + rosa.line()).says == "good", "the next line does"


def test_a_certificate_of_an_authority_speaks_for_nobody(rosa: RealKey, ben: RealKey, tmp_path: Path) -> None:
    key = make_key(tmp_path, "rosa@example.org")
    run("-q", "-s", ben.path, "-I", "rosa", "-n", "rosa@example.org", f"{key.path}.pub")
    certified = RealKey(Path(f"{key.path}-cert"), key.address)
    certificate = " ".join(Path(f"{key.path}-cert.pub").read_text().split()[:2])
    signature = run("-q", "-Y", "sign", "-n", "actum-approval", "-f", f"{key.path}-cert.pub", stdin=DATA)
    authority = f"rosa@example.org cert-authority {ben.public}\n"
    assert judged(certified, authority, signature=signature).says == "unknown key"
    assert judged(certified, f"rosa@example.org {certificate}\n", signature=signature).says == "unknown key"


def test_line_ends_of_another_system_and_quoted_addresses_are_read(rosa: RealKey) -> None:
    assert judged(rosa, f'# people\r\n\r\n"{rosa.address}" {rosa.public} her laptop\r\n').says == "good"


def test_a_revoked_key_never_counts(rosa: RealKey, ben: RealKey, tmp_path: Path) -> None:
    forms = [
        rosa.public.encode(),
        f"# lost\n{ben.public}\n{rosa.public} her laptop\n".encode(),
        rosa.line('valid-before="20300101Z"').encode(),  # moved over from the signers as it was
    ]
    krl = tmp_path / "krl"
    run("-q", "-k", "-f", krl, f"{rosa.path}.pub")
    for revoked in (*forms, krl.read_bytes()):
        assert said(judged(rosa, rosa.line(), revoked=revoked)) == ("revoked", "the key is revoked")
        assert judged(rosa, rosa.line('valid-before="20200101"'), revoked=revoked).says == "revoked"


def test_somebody_elses_revocation_changes_nothing(rosa: RealKey, ben: RealKey, tmp_path: Path) -> None:
    krl = tmp_path / "krl"
    run("-q", "-k", "-f", krl, f"{ben.path}.pub")
    for revoked in (b"", b"# nobody\n\n", ben.line().encode(), krl.read_bytes()):
        assert judged(rosa, rosa.line(), revoked=revoked).says == "good"


@pytest.mark.parametrize("revoked", [b"rosa's old laptop\n", b"SHA256:Zm9v\n", b"ssh-ed25519 AAAA\n", b"\xff\xfe\x00"])
def test_a_revocation_that_cannot_be_read_stops_everybody(revoked: bytes, rosa: RealKey) -> None:
    with pytest.raises(InvalidRecordError, match=r"^the list of revoked keys: line 1"):
        judged(rosa, rosa.line(), revoked=revoked)


def test_a_damaged_revocation_list_is_no_revocation(rosa: RealKey) -> None:
    with pytest.raises(InvalidRecordError, match="cannot be read by ssh-keygen: it is cut off or damaged"):
        judged(rosa, rosa.line(), revoked=b"SSHKRL\n\0cut off")


@pytest.mark.parametrize("which", ["signers", "revoked"])
def test_a_list_of_ten_megabytes_is_not_read(which: str, rosa: RealKey) -> None:
    large = b"# " + b"x" * 10_000_000
    given: dict[str, Any] = {"signers": b"", "revoked": b"", "at": AT, which: large}
    with pytest.raises(InvalidRecordError, match="has 10,000,002 bytes, must have at most 1,000,000"):
        verify(DATA, rosa.sign(DATA), rosa.address, **given)


def test_a_signature_over_something_else_is_malformed(rosa: RealKey) -> None:
    found = judged(rosa, rosa.line(), payload=DATA + b" ")
    assert said(found) == ("malformed", "it does not fit what it stands over: one of the two was edited")


def test_a_signature_of_git_is_none_of_ours(rosa: RealKey) -> None:
    found = judged(rosa, rosa.line(), signature=rosa.sign(DATA, "git"))
    assert said(found) == ("wrong namespace", "is a signature for 'git', not for 'actum-approval'")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "good",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n" + "A" * 30_000 + "\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nAAA\n-----END SSH SIGNATURE-----\n",
    ],
)
def test_what_is_no_signature_is_malformed(text: str, rosa: RealKey) -> None:
    found = verify(DATA, text, rosa.address, signers=rosa.line().encode(), revoked=b"", at=AT)
    assert said(found) == ("malformed", "is no SSH signature")


def test_every_cut_of_a_signature_is_malformed(rosa: RealKey) -> None:
    lines = rosa.sign(DATA).splitlines()
    for end in range(2, len(lines) - 1):
        text = "\n".join((*lines[:end], lines[-1])) + "\n"
        found = verify(DATA, text, rosa.address, signers=rosa.line().encode(), revoked=b"", at=AT)
        assert found.says == "malformed"


def test_what_a_signature_says_of_itself_is_read(rosa: RealKey) -> None:
    assert parsed(rosa.sign(DATA, "git")) == (rosa.public, "git")


@pytest.mark.parametrize("year", [1, 1969, 1970, 9999])
def test_a_moment_that_no_key_can_know_is_malformed(year: int, rosa: RealKey) -> None:
    found = judged(rosa, rosa.line(), at=AT.replace(year=year))
    assert said(found) == ("malformed", f"the year {year} is out of range")


def test_the_addresses_that_share_a_key_are_told(rosa: RealKey) -> None:
    found = judged(rosa, rosa.line() + rosa.line(address="Bot@example.org,ops@example.org"))
    assert found.holders == {"rosa@example.org", "bot@example.org", "ops@example.org"}


def test_a_missing_ssh_keygen_is_said(rosa: RealKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = rosa.sign(DATA)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolFailedError, match=r"^ssh-keygen is not installed$") as caught:
        judged(rosa, rosa.line(), signature=signature)
    assert caught.value.hint == "apt-get install openssh-client"
