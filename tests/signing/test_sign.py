"""The key that was named signs, else git's own; a passphrase is asked for on a terminal and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actum.errors import ToolFailedError, UserError
from actum.signing.keys import Key, chosen_key
from actum.signing.sign import sign
from actum.signing.verify import verify
from tests.signing.real_keys import RealKey, make_key

DATA = b"what is agreed to"
AT = datetime(2024, 5, 2, tzinfo=UTC)
SIGN = """\
import os, sys
from pathlib import Path
from actum.errors import UserError
from actum.signing.keys import Key
from actum.signing.sign import sign
try:
    Path(sys.argv[2]).write_text(sign(b"what is agreed to", Key(path=Path(sys.argv[1])), environ=os.environ))
except UserError as error:
    sys.exit(f"{type(error).__name__}: {error} ({error.hint})")
"""


def config_of(**settings: str) -> Callable[[str], str | None]:
    named = {name.replace("_", "."): value for name, value in settings.items()}
    return lambda key: named.get(key)


def is_good(signature: str, key: RealKey) -> bool:
    found = verify(DATA, signature, key.address, signers=key.line().encode(), revoked=b"", at=AT)
    return found.says == "good"


def test_a_named_key_signs(rosa: RealKey) -> None:
    assert is_good(sign(DATA, Key(path=rosa.path), environ=os.environ), rosa)


def test_the_named_key_comes_before_gits(rosa: RealKey, ben: RealKey, tmp_path: Path) -> None:
    config = config_of(user_signingkey=str(ben.path), gpg_format="ssh")
    assert chosen_key(rosa.path, config, root=tmp_path, home="/nowhere") == Key(path=rosa.path)
    assert chosen_key(None, config, root=tmp_path, home="/nowhere") == Key(path=ben.path)


def test_gits_key_lies_at_home_or_from_the_root(rosa: RealKey, tmp_path: Path) -> None:
    home, name = rosa.path.parent, rosa.path.name
    at_home = config_of(user_signingkey=f"~/{name}", gpg_format="ssh")
    assert chosen_key(None, at_home, root=tmp_path, home=str(home)) == Key(path=home / name)
    at_root = config_of(user_signingkey=name, gpg_format="ssh")
    assert chosen_key(None, at_root, root=home, home="/nowhere") == Key(path=home / name)


@pytest.mark.parametrize("mark", ["key::", ""])
def test_gits_key_may_be_the_public_key_itself(mark: str, rosa: RealKey, tmp_path: Path) -> None:
    config = config_of(user_signingkey=f"{mark}{rosa.public} her laptop", gpg_format="ssh")
    assert chosen_key(None, config, root=tmp_path, home="/nowhere") == Key(text=rosa.public)


def test_a_program_that_git_signs_with_is_kept(rosa: RealKey, tmp_path: Path) -> None:
    config = config_of(user_signingkey=str(rosa.path), gpg_format="ssh", gpg_ssh_program="op-ssh-sign")
    assert chosen_key(None, config, root=tmp_path, home="/") == Key(path=rosa.path, program="op-ssh-sign")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "git names no key to sign with"),
        ({"user_signingkey": "0xBEEF"}, "git signs with openpgp here, an approval is signed with an SSH key"),
        (
            {"user_signingkey": "a", "gpg_format": "x509"},
            "git signs with x509 here, an approval is signed with an SSH key",
        ),
        (
            {"user_signingkey": "key::rubbish", "gpg_format": "ssh"},
            "user.signingKey is no public key that OpenSSH knows",
        ),
        ({"user_signingkey": "/nowhere/key", "gpg_format": "ssh"}, "there is no key /nowhere/key"),
    ],
)
def test_without_a_usable_key_it_is_said_what_to_type(settings: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        chosen_key(None, config_of(**settings), root=tmp_path, home="/nowhere")
    assert str(caught.value) == message
    assert caught.value.hint.startswith("git config gpg.format ssh && git config user.signingKey")


def test_a_named_key_that_is_a_folder_or_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UserError, match=f"^there is no key {path}$"):
            chosen_key(path, config_of(), root=tmp_path, home="/nowhere")


@pytest.fixture
def agent(rosa: RealKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that holds Rosa's key."""
    socket = tmp_path / "agent"
    child = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    while not socket.exists():
        assert child.poll() is None
    subprocess.run(["ssh-add", "-q", rosa.path], check=True)
    yield
    child.terminate()
    child.wait()


@pytest.mark.usefixtures("agent")
def test_an_agent_signs_for_a_literal_key_and_for_a_public_file(rosa: RealKey, tmp_path: Path) -> None:
    assert is_good(sign(DATA, Key(text=rosa.public), environ=os.environ), rosa)
    alone = tmp_path / "alone.pub"
    alone.write_text(f"{rosa.public}\n")
    assert is_good(sign(DATA, Key(path=alone), environ=os.environ), rosa)


def test_without_an_agent_a_literal_key_cannot_sign(rosa: RealKey) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
    with pytest.raises(ToolFailedError, match=r"^ssh-keygen could not sign with ssh-ed25519 "):
        sign(DATA, Key(text=rosa.public), environ=environ)


def test_a_missing_program_is_said(rosa: RealKey, tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match=r"^ssh-keygen is not installed$"):
        sign(DATA, Key(path=rosa.path), environ={"PATH": str(tmp_path)})


def test_a_file_that_is_no_key_cannot_sign(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("no key\n")
    path.chmod(0o600)
    with pytest.raises(UserError):
        sign(DATA, Key(path=path), environ=os.environ)


def test_without_a_terminal_a_passphrase_is_asked_for_in_words(tmp_path: Path) -> None:
    key = make_key(tmp_path, "rosa@example.org", passphrase="open sesame")
    environ = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "SSH_AUTH_SOCK")}
    done = subprocess.run(
        [sys.executable, "-c", SIGN, key.path, tmp_path / "out"],
        env=environ,
        start_new_session=True,  # no terminal is left to ask on
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    because = f"the key {key.path} has a passphrase, and there is no terminal to type it on (ssh-add {key.path})"
    assert (done.returncode, done.stderr) == (1, f"UserError: {because}\n")


def test_on_a_terminal_the_passphrase_is_asked_for_and_works(tmp_path: Path) -> None:
    key = make_key(tmp_path, "rosa@example.org", passphrase="open sesame")
    shown, status = on_terminal([sys.executable, "-c", SIGN, str(key.path), str(tmp_path / "out")], b"open sesame\n")
    assert status == 0, shown
    assert b"passphrase" in shown
    assert b"Signing" not in shown
    assert is_good((tmp_path / "out").read_text(), key)


def test_ctrl_c_at_the_prompt_ends_it_and_signs_nothing(tmp_path: Path) -> None:
    key = make_key(tmp_path, "rosa@example.org", passphrase="open sesame")
    shown, status = on_terminal([sys.executable, "-c", SIGN, str(key.path), str(tmp_path / "out")], b"\x03")
    assert status != 0
    assert b"KeyboardInterrupt" in shown
    assert not (tmp_path / "out").exists()


def on_terminal(command: list[str], typed: bytes) -> tuple[bytes, int]:
    """Run a command on a terminal of its own and type when it asks."""
    try:
        child, screen = pty.fork()
    except OSError as error:
        pytest.skip(f"this machine mounts nothing at /dev/pts: {error}")
    if child == 0:
        os.environ.pop("SSH_AUTH_SOCK", None)
        os.execv(command[0], command)
    shown, asked = b"", False
    while True:
        try:
            part = os.read(screen, 1024)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
        if not asked and b"passphrase" in shown:
            os.write(screen, typed)
            asked = True
    _, status = os.waitpid(child, 0)
    os.close(screen)
    return shown, os.waitstatus_to_exitcode(status)
