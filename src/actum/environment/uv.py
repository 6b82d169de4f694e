"""Start uv (and pip, for what uv cannot do) with an environment of its own, and translate its failures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from actum import process
from actum.errors import ToolFailedError

# What package tools need of the caller: where the index is, how to reach it, where their cache lies. An
# allow-list: UV_NO_VERIFY_HASHES, UV_OVERRIDE, VIRTUAL_ENV, PYTHONPATH, CONDA_PREFIX would change what is installed.
_PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|LANG|NETRC|PYENV_ROOT"
    r"|(?i:(HTTP|HTTPS|ALL|NO)_PROXY)"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|SSL_CLIENT_CERT|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|XDG_(CACHE_HOME|CONFIG_HOME|CONFIG_DIRS|DATA_HOME)"
    r"|UV_INDEX|UV_INDEX_.*|UV_(DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|KEYRING_PROVIDER|CREDENTIALS_DIR)"
    r"|UV_(CACHE_DIR|NO_CACHE|OFFLINE|SYSTEM_CERTS|NATIVE_TLS|INSECURE_HOST|CONFIG_FILE|LINK_MODE|EXCLUDE_NEWER)"
    r"|UV_(HTTP_TIMEOUT|HTTP_CONNECT_TIMEOUT|HTTP_RETRIES|PYTHON_INSTALL_DIR)"
    r"|PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|CONFIG_FILE|CACHE_DIR)"
    r"|PIP_(DEFAULT_TIMEOUT|RETRIES|KEYRING_PROVIDER)"
)
_FIXED = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
_PATIENCE = {"UV_HTTP_CONNECT_TIMEOUT": "5"}

_HINTS = (
    (r"(?i)no space left on device", "free space on that disk, then run the command again"),
    (
        r"(?i)hash mismatch|do not match the hashes",
        "the index serves other bytes than the lock names: ask who changed the package before you run `actum lock`",
    ),
    (
        r"(?i)network (connectivity )?was disabled|network connectivity is disabled",
        "unset UV_OFFLINE, or give the folder of wheels",
    ),
    (
        r"(?i)error sending request|failed to fetch|timed out|dns error|connection (refused|reset)|connect error",
        "the package index does not answer: check the network, or set UV_DEFAULT_INDEX (for pip PIP_INDEX_URL)",
    ),
    (
        r"(?i)no usable wheels|no matching distribution|no wheels with a matching|building from source is disabled",
        "no wheel fits this platform and python: run `actum lock`, or choose another version in the requirements",
    ),
    (
        r"(?i)not found in the package registry|no version of|unsatisfiable",
        "mend the requirements that uv names; UV_DEFAULT_INDEX names another package index",
    ),
)


def package_tool_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """Return what uv and pip may know of the caller's environment: index, proxies, certificates, cache."""
    return _PATIENCE | {name: value for name, value in caller.items() if _PASSED.fullmatch(name)} | _FIXED


def find_uv() -> str:
    """Return the uv that is installed beside actum; one that merely stands on PATH may be any version.

    Raises:
        ToolFailedError: It is not installed.
    """
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise ToolFailedError("uv is not installed beside actum", hint="python -m pip install uv") from error


def try_uv(
    arguments: Sequence[str | Path], *, cwd: Path, caller: Mapping[str, str], quick: bool = False
) -> process.Finished:
    """Run uv to its end, whatever that is; *quick* gives up soon on an index that does not answer."""
    env = package_tool_environment(caller)
    if quick:
        env = {"UV_HTTP_RETRIES": "1", "UV_HTTP_TIMEOUT": "10"} | env
    return process.run([find_uv(), *arguments], cwd=cwd, env=env)


def run_uv(arguments: Sequence[str | Path], *, cwd: Path, caller: Mapping[str, str], doing: str) -> process.Finished:
    """Run uv to its end. *doing* opens the message of a failure.

    Raises:
        ToolFailedError: uv exited with an error.
    """
    finished = try_uv(arguments, cwd=cwd, caller=caller)
    if finished.code != 0:
        raise failure(doing, "uv", finished)
    return finished


def failure(doing: str, tool: str, finished: process.Finished) -> ToolFailedError:
    """Return the error for a package tool that failed, with its last words and what to do about them."""
    said = finished.last_words
    hint = next((advice for pattern, advice in _HINTS if re.search(pattern, said)), "")
    return ToolFailedError(f"{doing}: {tool} ended with status {finished.code}\n{said}", hint=hint)
