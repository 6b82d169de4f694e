"""The use case of ``lint``: look over what is about to be committed, in milliseconds and with no remote.

``check`` judges commits against a base; this judges what is no commit yet, by the same rules where there are such:
the index as a tree against HEAD, or files of the work tree that were named.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Literal, get_args

from actum import files, layout
from actum.checking.findings import Objection, block
from actum.checking.places import placed
from actum.checking.provenance import lock_objections
from actum.checking.record_rules import record_objections
from actum.checking.strangers import stranger_objections
from actum.dvc.definitions import LOCK, PIPELINE
from actum.dvc.tracked import is_tracked_file
from actum.errors import InvalidRecordError
from actum.files.yaml_formatting import format_yaml
from actum.git.repository import REGULAR_FILE_MODES, Git
from actum.git.staging import EMPTY_TREE, known_or_new, staged_tree
from actum.planning.scope import Scope
from actum.store import MOST_RECORD_BYTES, Store

Rule = Literal["validate", "format", "immutable", "dvc-lock", "pickle"]
RULES: tuple[Rule, ...] = get_args(Rule)
_IMMUTABLE = "record-immutable"
_RECORD_FOLDERS = ("registry", "runs", "policies", "features")


@dataclass(frozen=True, kw_only=True, slots=True)
class Linted:
    """What was looked over. ``formatted``: files of the work tree that were brought into form."""

    staged: bool
    files: int
    objections: tuple[Objection, ...]
    formatted: tuple[str, ...]

    @property
    def blocks(self) -> tuple[Objection, ...]:
        return tuple(one for one in self.objections if one.weight == "block")


def lint(
    repo: Git, paths: Sequence[str], *, rules: Sequence[Rule] = RULES, fix: bool = False, environ: Mapping[str, str]
) -> Linted:
    """Look over *paths* as the work tree has them; without any, all that is staged.

    Args:
        paths: From the root; a folder stands for what is in it.
        fix: Bring records of the work tree into form.

    Raises:
        UserError: A merge is not finished.
    """
    scope = _open(repo, paths, environ)
    formatted = _fix(scope) if fix and "format" in rules else ()
    if formatted and paths:
        scope = _open(repo, paths, environ)
    found = [*_of_records(scope, rules)]
    if "format" in rules:
        found += _out_of_form(scope, formatted, told="validate" in rules)
    if "dvc-lock" in rules:
        found += lock_objections(_only(scope, lambda path: posixpath.basename(path) == LOCK))
    if "pickle" in rules:
        found += stranger_objections(scope, "disk" if paths else "index")
    return Linted(
        staged=not paths,
        files=len(scope.changed),
        objections=tuple(sorted(dict.fromkeys(found), key=lambda one: (one.weight, one.path, one.kind, one.message))),
        formatted=formatted,
    )


def _open(repo: Git, paths: Sequence[str], environ: Mapping[str, str]) -> Scope:
    """Open the next commit as the head of a change, and HEAD as what it is held against."""
    named = known_or_new(repo, paths) if paths else ()
    taken = (path for path in named if _bears_on_records(repo.root, path))
    before = Store(repo, repo.resolve("HEAD") or EMPTY_TREE).tolerant()
    head = before.beside(staged_tree(repo, environ, taken))
    changed = repo.changed(before.commit, head.commit)
    if paths:
        changed = {path: changed.get(path, "A") for path in named}
    return Scope(head=head, base=before, before=before, changed=changed, whole=False, base_name="HEAD")


def _bears_on_records(root: Path, path: str) -> bool:
    """Whether git may take the bytes in to look at them; a model of a gigabyte is looked at where it lies."""
    if layout.kind_of(path) or posixpath.basename(path) in (LOCK, PIPELINE) or is_tracked_file(path):
        return True
    place = root / path
    small = place.is_symlink() or not place.exists() or place.stat().st_size <= MOST_RECORD_BYTES
    return path.partition("/")[0] in _RECORD_FOLDERS and small


def _only(scope: Scope, wanted: Callable[[str], bool]) -> Scope:
    return replace(scope, changed={path: letter for path, letter in scope.changed.items() if wanted(path)})


def _of_records(scope: Scope, rules: Sequence[Rule]) -> Iterator[Objection]:
    """Yield what is wrong with records, and what was done to those that never change."""
    if "validate" not in rules:  # then nothing need be read against its schema
        old = {path for path in scope.changed if layout.kind_of(path) in layout.IMMUTABLE and path in scope.before.tree}
        scope = _only(scope, lambda path: "immutable" in rules and path in old)
    for one in record_objections(scope):
        if ("immutable" if one.kind == _IMMUTABLE else "validate") in rules:
            yield one


def _records(scope: Scope) -> list[str]:
    """Return the records whose form can still be chosen: what is on record for good keeps the one that it has."""
    return [
        path
        for path in scope.paths()
        if (kind := layout.kind_of(path)) and not (kind in layout.IMMUTABLE and path in scope.before.tree)
    ]


def _fix(scope: Scope) -> tuple[str, ...]:
    done = []
    for path in _records(scope):
        place = scope.head.repo.root / path
        if place.is_symlink() or not place.is_file() or place.stat().st_size > MOST_RECORD_BYTES:
            continue
        data = place.read_bytes()
        with suppress(InvalidRecordError):  # it is told of the bytes that are to be committed
            if (formed := _formed(path, data)) != data:
                files.replace(files.inside(scope.head.repo.root, path), formed)
                done.append(path)
    return tuple(done)


def _out_of_form(scope: Scope, formatted: Sequence[str], *, told: bool) -> Iterator[Objection]:
    """Yield the records that are not in their one form. *told*: a malformed one is objected to anyway."""
    entries = {path: scope.head.tree[path] for path in _records(scope)}
    blobs = {path: entry.blob for path, entry in entries.items() if entry.mode in REGULAR_FILE_MODES}
    for path, _, data in scope.head.repo.contents(blobs, most=MOST_RECORD_BYTES):
        if data is None:
            continue
        try:
            if (formed := _formed(path, data)) != data:
                hint = f"git add '{path}'" if path in formatted else f"actum lint --fix '{path}'"
                yield block("record-form", path, "is not in its form", hint, line=_first_difference(data, formed))
        except InvalidRecordError as error:
            if not told:
                line, problem = placed(path, str(error))
                yield block("record-form", path, problem, error.hint, line=line)


def _formed(path: str, data: bytes) -> bytes:
    if layout.kind_of(path) == "run":
        return files.write_json(files.read_json(data, where=path))
    return format_yaml(data, where=path)


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = zip_longest(one.splitlines(keepends=True), other.splitlines(keepends=True))
    return next(number for number, (old, new) in enumerate(pairs, 1) if old != new)
