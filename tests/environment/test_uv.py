"""uv knows the index and nothing else of the caller; its failures say what to do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from actum.environment.uv import failure, find_uv, package_tool_environment, run_uv
from actum.errors import ToolFailedError
from actum.process import Finished


def test_package_tools_see_index_proxies_and_cache_and_nothing_that_changes_what_is_installed() -> None:
    kept = {
        "PATH": "/bin",
        "HOME": "/h",
        "https_proxy": "p",
        "NO_PROXY": "n",
        "SSL_CERT_FILE": "c",
        "UV_INDEX": "i",
        "UV_INDEX_OURS_PASSWORD": "s",
        "UV_DEFAULT_INDEX": "d",
        "UV_CACHE_DIR": "u",
        "PIP_INDEX_URL": "q",
        "UV_HTTP_CONNECT_TIMEOUT": "60",
    }
    dropped = [
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "CONDA_PREFIX",
        "UV_NO_VERIFY_HASHES",
        "UV_OVERRIDE",
        "UV_PYTHON",
        "UV_PROJECT",
        "PIP_NO_BINARY",
        "PIP_REQUIRE_VIRTUALENV",
        "AWS_SECRET_ACCESS_KEY",
        "LD_PRELOAD",
    ]

    assert package_tool_environment(kept | dict.fromkeys(dropped, "x")) == kept | {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
    }


def test_uv_is_the_one_installed_beside_actum_not_the_first_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impostor = tmp_path / "uv"
    impostor.write_text("#!/bin/sh\necho impostor\n")
    impostor.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    said = subprocess.run([find_uv(), "--version"], capture_output=True, text=True, check=True).stdout

    assert said.startswith("uv ")


def test_a_failure_of_uv_says_what_was_being_done_and_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError) as failed:
        run_uv(["no-such-command"], cwd=tmp_path, caller=dict(os.environ), doing="cannot try")

    assert str(failed.value).startswith("cannot try: uv ended with status 2\n")
    assert "no-such-command" in str(failed.value)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (
            "failed to write: No space left on device (os error 28)",
            "free space on that disk, then run the command again",
        ),
        (
            "error sending request for url",
            "the package index does not answer: check the network, or set UV_DEFAULT_INDEX (for pip PIP_INDEX_URL)",
        ),
        ("something new", ""),
    ],
)
def test_the_hint_follows_from_the_last_words(said: str, hint: str) -> None:
    assert failure("x", "uv", Finished(1, b"", said.encode())).hint == hint
