"""Is each record what it says it is: a file, small, readable, of its schema, and unchanged if it may not change?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from actum import files, layout, schemas
from actum.checking.findings import Objection, block, warn
from actum.checking.places import placed
from actum.dvc.tracked import SUFFIX, is_tracked_file, read_tracked
from actum.errors import InvalidRecordError
from actum.filing import read_record
from actum.git.repository import REGULAR_FILE_MODES
from actum.planning.scope import Scope
from actum.quantities import plural
from actum.store import MOST_RECORD_BYTES

_OURS = ("registry", "runs", "policies", "features")
_TRACKED_IN = ("registry", "runs", "decisions")
# Where nothing but records lies; a misspelt name would be overlooked by every read.
_ONLY_RECORDS = re.compile(
    r"registry/[^/]+/(?:versions|imported|stages|events)/.*|runs/.*|features/sets/.*|features/[^/]+\.yml"
)
_PLAIN_FILES = re.compile(r".*/\.git(?:ignore|keep|attributes)")


def record_objections(scope: Scope) -> Iterator[Objection]:
    """Yield what is wrong with the records themselves, by path."""
    yield from _changed_for_ever(scope)
    yield from _not_files(scope)
    yield from _twice(scope)
    yield from _state(scope)
    yield from _pointers(scope)
    records = [path for path in scope.paths() if layout.kind_of(path) and _is_file(scope, path)]
    for one in scope.head.repo.contents({path: scope.head.tree[path].blob for path in records}, most=MOST_RECORD_BYTES):
        if one.data is not None:
            yield from _malformed(one.path, one.data)
        elif one.size is not None:
            yield block("record-large", one.path, f"has {one.size:,} bytes, must have at most {MOST_RECORD_BYTES:,}")
        else:
            yield block("record-invalid", one.path, "git has lost its bytes", "git fsck")
    for path in scope.paths():
        known = layout.kind_of(path) or layout.run_beside(path) or _PLAIN_FILES.fullmatch(path)
        if _ONLY_RECORDS.fullmatch(path) and not known:
            yield warn("record-unknown", path, "is no record that actum knows: nothing reads it")


def _changed_for_ever(scope: Scope) -> Iterator[Objection]:
    words = {"M": "was edited", "D": "was removed", "T": "was replaced by something other than a file"}
    for path, letter in sorted(scope.changed.items()):
        if (layout.kind_of(path) in layout.IMMUTABLE or _is_kept(path)) and letter != "A":
            hint = f"git checkout {scope.before.commit[:10]} -- '{path}'"
            yield block("record-immutable", path, f"{words[letter]}; what is on record never changes", hint)


def _is_kept(path: str) -> bool:
    """Whether DVC keeps by this file what was decided, or what a run kept: without it ``dvc gc`` may drop the bytes."""
    kept = path.removesuffix(SUFFIX)
    return kept != path and (layout.decider_of(kept) is not None or layout.is_kept_by_run(kept))


def _pointers(scope: Scope) -> Iterator[Objection]:
    """Hold the files by which DVC knows the bytes beside our records: they name a content, and a place beside them."""
    ours = [path for path in scope.paths() if is_tracked_file(path) and path.split("/", 1)[0] in _TRACKED_IN]
    found = {path: scope.head.tree[path].blob for path in ours if _is_file(scope, path)}
    for one in scope.head.repo.contents(found, most=MOST_RECORD_BYTES):
        try:
            outs = read_tracked(one.data, one.path).outs if one.data is not None else ()
        except InvalidRecordError as error:
            line, message = placed(one.path, str(error))
            yield block("record-invalid", one.path, message, error.hint, line=line)
            continue
        wanted = one.path.removesuffix(SUFFIX)
        if [out.path for out in outs] != [wanted]:
            yield block("record-invalid", one.path, f"names other than {wanted}, which it lies beside")


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


def _state(scope: Scope) -> Iterator[Objection]:
    """What lies there was made on this machine, as far as we know: environments, judgements. Git must bring none."""
    brought = [path for path in scope.paths() if path.partition("/")[0] == layout.STATE]
    if brought:
        because = f"holds {plural(len(brought), 'file')} in git: what a machine made for itself is believed there"
        yield block("state-in-git", layout.STATE, because, f"git rm -r --cached {layout.STATE}")


def _malformed(path: str, data: bytes) -> Iterator[Objection]:
    """Ask the schema, which names every fault, and the decoder, which knows more: paths, and fields that belong."""
    kind = layout.kind_of(path)
    assert kind is not None
    try:
        raw = files.read_json(data, where=path) if kind == "run" else files.read_yaml(data, where=path)
        problems = schemas.validate(raw, kind, where=path, data=data if kind != "run" else None)
        for problem in problems:
            line, message = placed(path, problem)
            yield block("record-invalid", path, message, line=line)
        if not problems:
            read_record(path, data)
    except InvalidRecordError as error:
        line, message = placed(path, str(error))
        yield block("record-invalid", path, message, error.hint, line=line)


def _is_file(scope: Scope, path: str) -> bool:
    return scope.head.tree[path].mode in REGULAR_FILE_MODES
