"""Read a repository at any revision, without touching its work tree."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from actum.errors import NotFoundError, ToolFailedError, UserError
from actum.git import plumbing
from actum.git.known import Known
from actum.git.reader import Reader
from actum.records.forms import Person

REGULAR_FILE_MODES = frozenset({"100644", "100755"})
FOLDER_MODE = "040000"
PORTION = 16 << 20
"""How many bytes of objects are asked for at once."""


class TreeEntry(NamedTuple):
    """One file of a tree. ``mode``: 100644, 100755, 120000 (a symlink) or 160000 (a submodule); 040000 is a folder."""

    mode: str
    blob: str


class Ref(NamedTuple):
    """A ref, the object it names, and the commit that this leads to."""

    name: str
    target: str
    commit: str


class Step(NamedTuple):
    """A commit, and the paths that it changed against one of its parents, with git's letter: A, M, D, T."""

    commit: str
    changed: dict[str, str]


class Content(NamedTuple):
    """A file that was asked for. ``size``: None where git lost it; ``data``: None there, and where it is too large."""

    path: str
    size: int | None
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Git:
    """One repository, named by the root of its work tree."""

    root: Path
    _known: Known = field(default_factory=Known, init=False, repr=False, compare=False)
    _reader: Reader = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_reader", Reader(self.root))

    @classmethod
    def find(cls, start: Path) -> Git:
        """Return the repository that holds *start*.

        Raises:
            NotFoundError: There is none.
        """
        if not start.is_dir():
            raise NotFoundError(f"{start} is not a folder")
        done = plumbing.attempt(start, "rev-parse", "--show-toplevel")
        if done.code:
            if b"dubious ownership" in done.err:
                raise UserError(done.last_words, hint=f"git config --global --add safe.directory {start}")
            if b"work tree" in done.err:
                raise UserError(
                    f"{start} is in a git repository without a work tree", hint="git clone it, and work there"
                )
            raise NotFoundError(f"{start} is not in a git repository", hint="actum init")
        return cls(Path(os.fsdecode(done.out.removesuffix(b"\n"))))

    def folder(self) -> Path:
        """Return the folder that this work tree shares with its linked ones (``.git``)."""
        return Path(self.root, plumbing.text(self.root, "rev-parse", "--git-common-dir")).resolve()

    def resolve(self, revision: str) -> str | None:
        """Return the commit id that *revision* stands for, or None."""
        if revision.startswith(("-", "^")):  # an option; git's "not this commit"
            return None
        done = plumbing.attempt(self.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return None if done.code else done.out.decode().strip()

    def head(self) -> str:
        """Return the commit that is checked out.

        Raises:
            UserError: The repository has no commit yet.
        """
        commit = self.resolve("HEAD")
        if commit is None:
            raise UserError("the repository has no commit yet", hint="git add . && git commit -m 'Begin with actum'")
        return commit

    def branch(self) -> str | None:
        """Return the branch that is checked out, or None on a detached HEAD."""
        done = plumbing.attempt(self.root, "symbolic-ref", "--quiet", "--short", "HEAD")
        return done.out.decode().strip() if done.code == 0 else None

    def place_of(self, branch: str) -> str | None:
        """Return the folder in which a branch is checked out, this one or a linked one, or None."""
        listed = plumbing.text(self.root, "for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}")
        return listed or None

    def is_shallow(self) -> bool:
        return plumbing.text(self.root, "rev-parse", "--is-shallow-repository") == "true"

    def tree(self, commit: str, *prefixes: str) -> dict[str, TreeEntry]:
        """Return the files of a commit below *prefixes* (all, when none is given), by path."""
        listed = plumbing.git(self.root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *prefixes)
        found = {}
        for line in listed.split(b"\0")[:-1]:
            facts, _, path = line.partition(b"\t")
            mode, _kind, blob = facts.decode().split(" ")
            found[path.decode(errors="surrogateescape")] = TreeEntry(mode, blob)
        return found

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of a file as *commit* has them, or None when it is not there."""
        done = plumbing.attempt(self.root, "cat-file", "blob", f"{commit}:{path}")
        return None if done.code else done.out

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of many objects that git is asked for at once; unknown ids are absent."""
        asked = list(dict.fromkeys(ids))
        found = self._known.among(asked)
        if wanted := [blob for blob in asked if blob not in found]:
            read = self._reader.objects(wanted)
            self._known.learn(read)
            found |= read
        return {blob: found[blob] for blob in asked if blob in found}

    def contents(self, blobs: Mapping[str, str], *, most: int) -> Iterator[Content]:
        """Yield files with their bytes, never more than a portion of them in memory.

        Args:
            blobs: By path.
            most: What has more bytes than this is not read.
        """
        sizes = self.sizes(blobs.values())
        portion: list[str] = []
        held = 0
        for path, blob in blobs.items():
            size = sizes.get(blob)
            if size is None or size > most:
                yield Content(path, size, None)
                continue
            if portion and held + size > PORTION:
                yield from self._read(blobs, portion)
                portion, held = [], 0
            portion.append(path)
            held += size
        yield from self._read(blobs, portion)

    def _read(self, blobs: Mapping[str, str], paths: list[str]) -> Iterator[Content]:
        bytes_of = self.blobs(blobs[path] for path in paths)
        for path in paths:
            data = bytes_of.get(blobs[path])
            yield Content(path, None if data is None else len(data), data)

    def copy(self, blob: str, into: BinaryIO) -> None:
        """Write the bytes of an object to a file; they are not held in memory.

        Raises:
            ToolFailedError: git lacks it.
        """
        done = plumbing.attempt(self.root, "cat-file", "blob", blob, into=into)
        if done.code:
            raise plumbing.failed(self.root, "cat-file", done)

    def folders(self, trees: Iterable[str]) -> dict[str, dict[str, TreeEntry]]:
        """Return the entries of folders by name, not what lies below.

        Args:
            trees: Ids of tree objects, or ``COMMIT^{tree}`` for the root of a commit.

        Raises:
            ToolFailedError: git lacks one.
        """
        wanted = list(trees)
        found = self.blobs(wanted)
        if lost := [tree for tree in wanted if tree not in found]:
            raise ToolFailedError(f"git has lost the folder {lost[0][:10]}", hint="git fsck")
        return {tree: _entries(found[tree], len(tree.partition("^")[0]) // 2) for tree in wanted}

    def sizes(self, ids: Iterable[str]) -> dict[str, int]:
        """Return how many bytes objects have, without reading them; unknown ids are absent."""
        asked = list(dict.fromkeys(ids))
        found = {blob: len(data) for blob, data in self._known.among(asked).items()}
        wanted = [blob for blob in asked if blob not in found]
        if not wanted:
            return found
        return found | self._reader.sizes(wanted)

    def refs(self, *prefixes: str) -> tuple[Ref, ...]:
        """Return the refs below *prefixes* that lead to a commit, annotated tags peeled."""
        form = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)"
        found = []
        listed = plumbing.git(self.root, "for-each-ref", f"--format={form}", *prefixes)
        for line in listed.decode(errors="surrogateescape").split("\n")[:-1]:
            name, target, kind, peeled, peeled_kind = line.split("\0")
            if kind == "commit":
                found.append(Ref(name, target, target))
            elif peeled_kind == "commit":
                found.append(Ref(name, target, peeled))
            elif peeled_kind == "tag" and (commit := self.resolve(target)):  # before 2.45 git peels one tag only
                found.append(Ref(name, target, commit))
        return tuple(found)

    def is_ancestor(self, older: str, newer: str) -> bool:
        return plumbing.attempt(self.root, "merge-base", "--is-ancestor", older, newer).code == 0

    def merge_base(self, one: str, other: str) -> str | None:
        done = plumbing.attempt(self.root, "merge-base", one, other)
        return None if done.code else done.out.decode().strip()

    def changed(self, since: str, until: str) -> dict[str, str]:
        """Return the paths that differ between two commits, with git's letter: A, M, D, T."""
        listed = plumbing.git(
            self.root, "diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--name-status", since, until
        ).split(b"\0")[:-1]
        return {
            path.decode(errors="surrogateescape"): letter.decode()
            for letter, path in zip(*[iter(listed)] * 2, strict=True)
        }

    def steps(self, commit: str, since: str | None = None) -> tuple[Step, ...]:
        """Return what each commit changed against each of its parents, oldest first; a root brought all of its files.

        A merge has a step for each parent that it differs from: what it left out of either must not go unseen.

        Args:
            since: An ancestor; what that has in its history is left out.
        """
        words = ("-m", "--root", "--no-renames", "--no-ext-diff", "--name-status", "-z", "--reverse")
        line = f"{since}..{commit}" if since else commit
        told = iter(plumbing.git(self.root, "log", *words, "--format=%H", line, "--").split(b"\0")[:-1])
        found: list[Step] = []
        for token in told:
            word = token.strip(b"\n").decode()
            if len(word) > 1:  # a commit's id, not a letter
                found.append(Step(word, {}))
            else:
                found[-1].changed[next(told).decode(errors="surrogateescape")] = word
        return tuple(found)

    def arrivals(self, commit: str, folder: str) -> dict[str, frozenset[str]]:
        """Return every file below *folder* that the history of *commit* ever added, with the blobs that it came as."""
        words = ("-m", "--root", "--no-renames", "--no-ext-diff", "--raw", "--no-abbrev", "-z", "--diff-filter=A")
        told = plumbing.git(self.root, "log", *words, "--format=", commit, "--", folder).split(b"\0")[:-1]
        found: dict[str, frozenset[str]] = {}
        for facts, path in zip(*[iter(told)] * 2, strict=True):
            name, blob = path.decode(errors="surrogateescape"), facts.split(b" ")[3].decode()
            found[name] = found.get(name, frozenset()) | {blob}
        return found

    def changed_since(self, commit: str) -> frozenset[str]:
        """Return the tracked paths that the work tree has otherwise than *commit*."""
        listed = plumbing.git(self.root, "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit)
        return frozenset(path.decode(errors="surrogateescape") for path in listed.split(b"\0")[:-1])

    def first_parents(self, commit: str, *paths: str) -> tuple[str, ...]:
        """Return the commits of a line, newest first; with *paths* only those that changed one of them."""
        listed = plumbing.text(self.root, "rev-list", "--first-parent", commit, "--", *paths)
        return tuple(listed.splitlines())

    def introduced(self, commit: str, path: str) -> str | None:
        """Return the commit in the history of *commit* that first brought *path*, or None."""
        listed = plumbing.text(self.root, "log", "--diff-filter=A", "--format=%H", "--no-renames", commit, "--", path)
        return listed.splitlines()[-1] if listed else None

    def parents(self, commit: str) -> tuple[str, ...]:
        return tuple(plumbing.text(self.root, "rev-list", "--parents", "-n1", commit).split()[1:])

    def committed_at(self, commit: str) -> int:
        """Return the committer's time in seconds since 1970."""
        return int(plumbing.text(self.root, "show", "-s", "--format=%ct", commit))

    def dirty(self) -> dict[str, str]:
        """Return the paths that differ from HEAD, untracked ones included, with git's two letters."""
        listed = plumbing.git(self.root, "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
        lines = (line.decode(errors="surrogateescape") for line in listed.split(b"\0")[:-1])
        return {line[3:]: line[:2] for line in lines}

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those of *paths* that a .gitignore keeps out, whether they are there or not."""
        # It refuses to take paths literally, so that one beginning with a colon needs something before it.
        wanted = b"".join(b"./" + path.encode(errors="surrogateescape") + b"\0" for path in paths)
        words = ("check-ignore", "--no-index", "-z", "--stdin")
        done = plumbing.attempt(self.root, *words, stdin=wanted, env={"GIT_LITERAL_PATHSPECS": "0"})
        if done.code not in (0, 1):  # 1: none is ignored
            raise ToolFailedError(f"git check-ignore failed: {done.last_words}")
        return frozenset(path.decode(errors="surrogateescape")[2:] for path in done.out.split(b"\0")[:-1])

    def identity(self) -> Person:
        """Return who commits here.

        Raises:
            UserError: git does not know.
        """
        done = plumbing.attempt(self.root, "var", "GIT_COMMITTER_IDENT")
        match = re.fullmatch(rb"(.*) <(.*)> \d+ [+-]\d{4}", done.out.strip())
        if done.code or match is None or not match[2]:
            raise UserError(
                "git does not know who you are",
                hint="git config --global user.name NAME && git config --global user.email ADDRESS",
            )
        return Person(name=match[1].decode(errors="replace"), email=match[2].decode(errors="replace"))

    def config(self, key: str) -> str | None:
        done = plumbing.attempt(self.root, "config", "--get", key)
        return None if done.code else done.out.decode().strip()

    def flag(self, key: str) -> bool:
        """Return a setting that is true or false, false where it is not set."""
        return plumbing.attempt(self.root, "config", "--type=bool", "--get", key).out.strip() == b"true"


def _entries(data: bytes, width: int) -> dict[str, TreeEntry]:
    """Read a tree object: ``MODE NAME``, NUL, then the id in *width* bytes, and so on."""
    found, at = {}, 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        found[name.decode(errors="surrogateescape")] = TreeEntry(_mode(mode), data[end + 1 : at].hex())
    return found


@cache
def _mode(octal: bytes) -> str:
    """Write a mode as ``ls-tree`` does: old gits kept more of it."""
    mode = int(octal, 8)
    if stat.S_ISREG(mode):
        return "100755" if mode & 0o100 else "100644"
    kinds = {stat.S_IFDIR: FOLDER_MODE, stat.S_IFLNK: "120000"}
    return kinds.get(stat.S_IFMT(mode), "160000")
