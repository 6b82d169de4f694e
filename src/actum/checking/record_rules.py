"""Is each record what it says it is: a file, small, readable, of its schema, and unchanged if it may not change?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from actum import files, layout, schemas
from actum.checking.findings import Objection, block, warn
from actum.errors import InvalidRecordError
from actum.filing import read_record
from actum.git.repository import REGULAR_FILE_MODES
from actum.planning.scope import Scope

MOST_BYTES = files.Limits().size
_OURS = ("registry", "runs", "policies", "features")
# Where nothing but records lies; a misspelt name would be overlooked by every read.
_ONLY_RECORDS = re.compile(r"registry/[^/]+/(?:versions|stages|events)/.*|runs/.*|features/sets/.*|features/[^/]+\.yml")
_PLAIN_FILES = re.compile(r".*/\.git(?:ignore|keep|attributes)")


def record_objections(scope: Scope) -> Iterator[Objection]:
    """Yield what is wrong with the records themselves, by path."""
    yield from _changed_for_ever(scope)
    yield from _not_files(scope)
    yield from _twice(scope)
    records = [path for path in scope.paths() if layout.kind_of(path) and _is_file(scope, path)]
    # Sizes first: a record of gigabytes must not be read to learn that it is too large. A lost one has none.
    of_blob = scope.head.repo.sizes(scope.head.tree[path].blob for path in records)
    sizes = {path: of_blob.get(scope.head.tree[path].blob, 0) for path in records}
    small = [path for path in records if sizes[path] <= MOST_BYTES]
    for path in records:
        if sizes[path] > MOST_BYTES:
            yield block("record-large", path, f"has {sizes[path]:,} bytes, must have at most {MOST_BYTES:,}")
    for at in range(0, len(small), 256):
        yield from _read(scope, small[at : at + 256])
    for path in scope.paths():
        if _ONLY_RECORDS.fullmatch(path) and not layout.kind_of(path) and not _PLAIN_FILES.fullmatch(path):
            yield warn("record-unknown", path, "is no record that actum knows: nothing reads it")


def _changed_for_ever(scope: Scope) -> Iterator[Objection]:
    words = {"M": "was edited", "D": "was removed", "T": "was replaced by something other than a file"}
    for path, letter in sorted(scope.changed.items()):
        if layout.kind_of(path) in layout.IMMUTABLE and letter != "A":
            hint = f"git checkout {scope.before.commit[:10]} -- '{path}'"
            yield block("record-immutable", path, f"{words[letter]}; what is on record never changes", hint)


def _not_files(scope: Scope) -> Iterator[Objection]:
    for path in scope.paths():
        ours = path.split("/", 1)[0] in _OURS or path == layout.SETTINGS
        if ours and not _is_file(scope, path):
            kind = {"120000": "symbolic link", "160000": "submodule"}.get(scope.head.tree[path].mode, "foreign object")
            yield block("not-a-file", path, f"is a {kind}, must be a regular file", f"git rm '{path}'")


def _twice(scope: Scope) -> Iterator[Objection]:
    paths = scope.head.paths("event")
    ids = Counter(layout.names_in(path)[1] for path in paths)
    looked_at = set(scope.paths())
    for path in paths:
        ulid = layout.names_in(path)[1]
        if ids[ulid] > 1 and path in looked_at:
            others = ", ".join(other for other in paths if other != path and layout.names_in(other)[1] == ulid)
            yield block("event-twice", path, f"has the id of {others}")


def _read(scope: Scope, paths: list[str]) -> Iterator[Objection]:
    bytes_of = scope.head.repo.blobs(scope.head.tree[path].blob for path in paths)
    for path in paths:
        data = bytes_of.get(scope.head.tree[path].blob)
        if data is None:
            yield block("record-invalid", path, "git has lost its bytes", "git fsck")
            continue
        yield from _malformed(path, data)


def _malformed(path: str, data: bytes) -> Iterator[Objection]:
    """Ask the schema, which names every fault, and the decoder, which knows more: paths, and fields that belong."""
    kind = layout.kind_of(path)
    assert kind is not None
    try:
        raw = files.read_json(data, where=path) if kind == "run" else files.read_yaml(data, where=path)
        problems = schemas.validate(raw, kind, where=path, data=data if kind != "run" else None)
        yield from (block("record-invalid", path, _without(path, problem)) for problem in problems)
        if not problems:
            read_record(path, data)
    except InvalidRecordError as error:
        yield block("record-invalid", path, _without(path, str(error)), error.hint)


def _without(path: str, told: str) -> str:
    """Return a message without the path that stands before it anyway."""
    place, _, rest = told.removeprefix(f"{path}:").strip().partition(": ")
    return f"line {place}: {rest}" if re.fullmatch(r"\d+(?::\d+)?", place) else told.removeprefix(f"{path}:").strip()


def _is_file(scope: Scope, path: str) -> bool:
    return scope.head.tree[path].mode in REGULAR_FILE_MODES
