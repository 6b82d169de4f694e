"""``requirements.lock``: exact versions with sha256 hashes, and no address of any index inside."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from actum import digests
from actum.environment.interpreters import is_exact
from actum.environment.uv import failure, try_uv
from actum.errors import InvalidRecordError, NotFoundError
from actum.files import replace

SOURCES = ("requirements.in", "pyproject.toml")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w., -]*\])?==(?P<version>[\w.!+]+)(?:\s*;\s*(?P<marker>.+))?")
_SOURCE_ONLY = re.compile(r"^# no wheel, built from source: (\S+)$", re.MULTILINE)
_NO_WHEELS = re.compile(r"Wheels are required for `([^`]+)`")
EDITED = "no hand edits a lock: remove it, write what you want into the requirements, then run `actum lock`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinned:
    """One line of a lock. ``marker``: where it holds, "" for everywhere; ``hashes``: bare hex, sorted."""

    name: str
    version: str
    marker: str = ""
    hashes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LockChange:
    """What :func:`make_lock` did. A package that a lock holds twice, by marker, has its versions joined by ", ".

    ``changed``: name, old version, new version. ``source_only``: what has no wheel and is built where it is used.
    """

    digest: str
    packages: int
    added: tuple[tuple[str, str], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()
    source_only: tuple[str, ...] = ()
    written: bool = True


def source_of(root: Path, out: str) -> str | None:
    """Return the file beside the lock *out* that says what it is made of, requirements.in before pyproject.toml."""
    beside = (Path(out).with_name(name) for name in SOURCES)
    return next((path.as_posix() for path in beside if (root / path).is_file()), None)


def lock_digest(data: bytes) -> str:
    """Return the digest by which records and the cache of environments name a lock."""
    return digests.of_bytes(data)


def canonical_name(name: str) -> str:
    """Return a package's name as the index compares it. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def source_only(text: str) -> tuple[str, ...]:
    """Return the packages of which the lock's head says that no wheel exists."""
    return tuple(_SOURCE_ONLY.findall(text))


def text_of(data: bytes, *, where: str = "requirements.lock") -> str:
    """Return the text of a lock.

    Raises:
        InvalidRecordError: It is no UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        problem = f"{where}: byte {error.start}: is 0x{data[error.start]:02x}, which is not UTF-8"
        raise InvalidRecordError(problem, hint=EDITED) from error


def parse_lock(text: str, *, where: str = "requirements.lock") -> tuple[Pinned, ...]:
    """Read a lock.

    Raises:
        InvalidRecordError: A line is no exact version with sha256 hashes: an address, an option, a hand's work.
    """
    read: dict[tuple[str, str], Pinned] = {}
    for number, line in _logical_lines(text):
        pinned = _pinned(line, f"{where}: line {number}")
        if (pinned.name, pinned.marker) in read:
            raise InvalidRecordError(f"{where}: line {number}: {pinned.name} is there twice", hint=EDITED)
        read[pinned.name, pinned.marker] = pinned
    return tuple(read.values())


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines without comments, continued ones joined, with the number of their first."""
    found: list[tuple[int, str]] = []
    continued = False
    for number, raw in enumerate(text.splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        body = line.removesuffix("\\").strip()
        if continued:
            found[-1] = (found[-1][0], f"{found[-1][1]} {body}".strip())
        elif body:
            found.append((number, body))
        continued = line.endswith("\\")
    return found


def _pinned(line: str, where: str) -> Pinned:
    if line.startswith("-"):
        raise InvalidRecordError(f"{where}: holds the option {line.split()[0].split('=')[0]}", hint=EDITED)
    if "://" in line or " @ " in line:
        raise InvalidRecordError(f"{where}: {line.split()[0]} comes from an address, not from an index", hint=EDITED)
    requirement, *options = re.split(r"\s+(?=--)", line)
    match = _PIN.fullmatch(requirement)
    if match is None:
        raise InvalidRecordError(f"{where}: {requirement!r} is not NAME==VERSION", hint=EDITED)
    if not options:
        raise InvalidRecordError(f"{where}: {requirement} has no hash", hint=EDITED)
    hashes = [_HASH.fullmatch(option) for option in options]
    strange = next((option for option, found in zip(options, hashes, strict=True) if found is None), None)
    if strange is not None:
        raise InvalidRecordError(f"{where}: {requirement}: {strange!r} is not --hash=sha256:...", hint=EDITED)
    return Pinned(
        name=canonical_name(match["name"]),
        version=match["version"],
        marker=match["marker"] or "",
        hashes=tuple(sorted(found[1] for found in hashes if found is not None)),
    )


def make_lock(
    root: Path,
    *,
    source: str,
    out: str,
    python: str,
    caller: Mapping[str, str],
    universal: bool = True,
    upgrade: bool = False,
) -> LockChange:
    """Resolve *source* (requirements.in or pyproject.toml) into the lock *out*, both relative to *root*.

    What the lock already holds stays as it is while it still fits, unless *upgrade*; a lock that would say the
    same is not written. Wheels are asked for; a
    package that has none is locked as source, named in the head of the file and in the answer. Nothing is
    written where anything fails.

    Raises:
        NotFoundError: There is no *source*.
        ToolFailedError: uv found no solution, or the index did not answer.
        InvalidRecordError: A requirement asks for an address, or the existing lock was edited by hand.
    """
    is_exact(python)  # refuses what is no version
    if not (root / source).is_file():
        raise NotFoundError(
            f"{source}: is not there; it lists what the environment needs",
            hint=f"write the packages you import into {source}, one a line, then run `actum lock`",
        )
    before = (root / out).read_bytes() if (root / out).exists() else b""
    parse_lock(text_of(before, where=out), where=out)
    options = [*(["--universal"] if universal else []), *(["--upgrade"] if upgrade else [])]
    body, built = _compile(root, source, before, python, options, caller)
    after = (_head(source, python, built) + body).encode()
    _refuse_addresses(after.decode(), source)
    pinned = parse_lock(after.decode(), where=out)
    if _says_the_same(before, after, head=_head(source, python, built)):
        after = before  # other bytes would be another environment, in which every stage is executed again
    if after != before:
        replace(root / out, after)
    return _change(before, pinned, after, built)


def _compile(
    root: Path, source: str, before: bytes, python: str, options: Sequence[str], caller: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """Run uv, each time allowing source for the packages that it says have no wheel."""
    built: list[str] = []
    with tempfile.TemporaryDirectory(prefix="actum-lock-") as folder:
        draft = Path(folder, "requirements.lock")
        while True:
            draft.write_bytes(before)  # uv takes an existing output file as its preferences
            command: list[str | Path] = ["pip", "compile", source, "--output-file", draft, "--quiet", "--no-header"]
            command += ["--generate-hashes", "--only-binary", ":all:", "--python-version", python, *options]
            for name in built:
                command += ["--no-binary", name]
            finished = try_uv(command, cwd=root, caller=caller, quick=True)
            if finished.code == 0:
                body = _for_python(draft.read_text(), python)
                return body, tuple(sorted(name for name in built if f"\n{name}==" in f"\n{body}"))
            fresh = _without_wheels(finished.err.decode(errors="replace"), built)
            if not fresh:
                raise failure(f"{source}: cannot be locked", "uv", finished)
            built += fresh


def _for_python(body: str, python: str) -> str:
    """Leave out what is for later Pythons only: a universal lock looks ahead without end, this one serves *python*."""
    minor = int(python.split(".")[1])
    blocks = re.split(r"^(?=[^\s#])", body, flags=re.MULTILINE)
    return "".join(block for block in blocks if not _is_for_later(block.partition("\n")[0], minor))


def _is_for_later(line: str, minor: int) -> bool:
    from_minor = re.findall(r"python_full_version [>=]= '3\.(\d+)(?:\.\*)?'", line)
    return " or " not in line and any(int(found) > minor for found in from_minor)


def _without_wheels(said: str, known: Sequence[str]) -> list[str]:
    named = dict.fromkeys(canonical_name(name) for name in _NO_WHEELS.findall(said))
    return [name for name in named if name not in known]


def _head(source: str, python: str, built: Sequence[str]) -> str:
    lines = [f"# Written by `actum lock` from {source} for python {python}. Do not edit: change {source} instead."]
    lines += [f"# no wheel, built from source: {name}" for name in built]
    return "".join(f"{line}\n" for line in lines)


def _refuse_addresses(text: str, source: str) -> None:
    found = next((line.strip() for line in text.splitlines() if "://" in line), None)
    if found is not None:
        raise InvalidRecordError(
            f"{source}: {found.split()[0]} asks for an address; a lock holds packages of an index, by hash",
            hint=f"name the package by its version in {source}, then run `actum lock`",
        )


def _says_the_same(before: bytes, after: bytes, *, head: str) -> bool:
    """Whether two locks differ at most in the remarks on who asked for a package."""
    return before.startswith(head.encode()) and parse_lock(before.decode()) == parse_lock(after.decode())


def _change(before: bytes, pinned: Sequence[Pinned], after: bytes, built: tuple[str, ...]) -> LockChange:
    old, new = _versions(parse_lock(before.decode())), _versions(pinned)
    return LockChange(
        digest=lock_digest(after),
        packages=len(new),
        added=tuple((name, new[name]) for name in sorted(new.keys() - old.keys())),
        removed=tuple((name, old[name]) for name in sorted(old.keys() - new.keys())),
        changed=tuple((n, old[n], new[n]) for n in sorted(old.keys() & new.keys()) if old[n] != new[n]),
        source_only=built,
        written=after != before,
    )


def _versions(pinned: Sequence[Pinned]) -> dict[str, str]:
    versions: dict[str, list[str]] = {}
    for item in pinned:
        versions.setdefault(item.name, []).append(item.version)
    return {name: ", ".join(dict.fromkeys(found)) for name, found in versions.items()}
