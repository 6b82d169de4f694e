"""Several commits read as one tree, folder by folder: nothing is listed that nobody asks about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from actum.git.repository import FOLDER_MODE, Git, TreeEntry

Entries = Mapping[str, TreeEntry]


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the commits. ``admits``: which of its paths count, unless a layer above has them too."""

    commit: str
    admits: Callable[[str], bool] = field(default=lambda _path: True)


@dataclass(frozen=True, slots=True)
class Joined:
    """The layers, the topmost first.

    ``known``: folders by the id of their tree; those of several commits are mostly the same, so it may be shared.
    """

    repo: Git
    layers: tuple[Layer, ...]
    known: dict[str, dict[str, TreeEntry]] = field(default_factory=dict, repr=False, compare=False)

    def load(self, folders: Iterable[str]) -> None:
        """Read these folders with one child process for each level of them."""
        levels: dict[int, set[str]] = {}
        for folder in folders:
            parts = folder.split("/") if folder else []
            for depth in range(len(parts) + 1):
                levels.setdefault(depth, set()).add("/".join(parts[:depth]))
        for _, paths in sorted(levels.items()):
            self._fetch(tree for layer in self.layers for path in paths if (tree := self.tree(layer, path)))

    def tree(self, layer: Layer, folder: str) -> str | None:
        """Return what names a folder of one layer by its content, or None where that has no such folder."""
        if not folder:
            return f"{layer.commit}^{{tree}}"
        above, _, name = folder.rpartition("/")
        entry = self.entries(layer, above).get(name)
        return entry.blob if entry is not None and entry.mode == FOLDER_MODE else None

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders that lie in a folder of any layer, sorted."""
        found = (item for layer in self.layers for item in self.entries(layer, folder).items())
        return tuple(sorted({name for name, entry in found if entry.mode == FOLDER_MODE}))

    def files(self, folder: str) -> dict[str, TreeEntry]:
        """Return what lies in a folder and is none, by whole path, sorted."""
        found: dict[str, TreeEntry] = {}
        for layer in reversed(self.layers):
            found |= self.files_of(layer, folder)
        return dict(sorted(found.items()))

    def files_of(self, layer: Layer, folder: str) -> dict[str, TreeEntry]:
        """Return what one layer lends to :meth:`files`."""
        start = f"{folder}/" if folder else ""
        named = ((start + name, entry) for name, entry in self.entries(layer, folder).items())
        return {path: entry for path, entry in named if entry.mode != FOLDER_MODE and layer.admits(path)}

    def file(self, path: str) -> TreeEntry | None:
        """Return the entry of a file, of the topmost layer that has it."""
        layer = self.layer_of(path)
        folder, _, name = path.rpartition("/")
        return self.entries(layer, folder)[name] if layer else None

    def layer_of(self, path: str) -> Layer | None:
        """Return the topmost layer that has a file, or None where none has."""
        folder, _, name = path.rpartition("/")
        for layer in self.layers:
            entry = self.entries(layer, folder).get(name)
            if entry is not None and entry.mode != FOLDER_MODE and layer.admits(path):
                return layer
        return None

    def entries(self, layer: Layer, folder: str) -> Entries:
        """Return all that lies in a folder of one layer, folders and what is not admitted included, by name."""
        tree = self.tree(layer, folder)
        if tree is None:
            return {}
        if tree not in self.known:
            self._fetch([tree])
        return self.known[tree]

    def _fetch(self, trees: Iterable[str]) -> None:
        if unknown := [tree for tree in dict.fromkeys(trees) if tree not in self.known]:
            self.known.update(self.repo.folders(unknown))
