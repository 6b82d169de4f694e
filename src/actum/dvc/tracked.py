"""``.dvc`` files: data that DVC tracks without a pipeline; read, and written as ``dvc add`` writes them."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from actum.dvc.definitions import locate
from actum.dvc.dialect import decode_at, load
from actum.dvc.lockfile import MD5, Entry
from actum.errors import InvalidRecordError

SUFFIX = ".dvc"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedOut(Entry):
    """One tracked file or folder, and how DVC is to treat it."""

    cache: bool = True
    push: bool = True
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A ``.dvc`` file. ``imported``: its bytes come from another DVC repository, no remote of ours holds them."""

    outs: tuple[TrackedOut, ...]
    imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    outs: tuple[TrackedOut, ...] = ()
    deps: tuple[dict[str, Any], ...] = ()
    wdir: str = "."


def is_tracked_file(path: str) -> bool:
    """Whether *path* is a ``.dvc`` file, not something in DVC's own folder."""
    parts = PurePosixPath(path).parts
    return path.endswith(SUFFIX) and parts[-1] != SUFFIX and SUFFIX not in parts


def read_tracked(data: bytes, where: str) -> Tracked:
    """Read a ``.dvc`` file; its paths come out from the root of the repository, where *where* starts as well.

    Raises:
        InvalidRecordError: It does not have DVC's form; the message says the place.
    """
    written = decode_at(_Written, load(data, where=where), where=where)
    wdir = locate(posixpath.dirname(where), written.wdir)
    return Tracked(
        outs=tuple(replace(out, path=locate(wdir, out.path)) for out in written.outs),
        imported=any("repo" in dep for dep in written.deps),
    )


def write_tracked(name: str, md5: str, size: int, nfiles: int | None = None) -> bytes:
    """Return the text of ``<name>.dvc`` for a file or folder beside it, byte for byte that of ``dvc add``.

    Args:
        md5: ends with ``.dir`` for a folder.
        size: in bytes; of a folder the sum over its files.
        nfiles: how many files the folder holds; None for a file.
    """
    if not MD5.fullmatch(md5) or md5.endswith(".dir") != (nfiles is not None):
        raise ValueError(f"{md5!r} with nfiles={nfiles} is neither a file nor a folder")
    if "/" in name or name in ("", ".", ".."):
        raise InvalidRecordError(f"{name!r}: must be the name of a file beside its {SUFFIX} file")
    out: dict[str, object] = {"md5": md5, "size": size}
    if nfiles is not None:
        out["nfiles"] = nfiles
    return _dump({"outs": [{**out, "hash": "md5", "path": name}]})


def _dump(value: dict[str, Sequence[dict[str, object]]]) -> bytes:
    from ruamel.yaml import YAML  # DVC's own writer: it alone knows which names DVC would quote

    writer, text = YAML(), io.StringIO()
    writer.default_flow_style = False
    writer.dump(value, text)
    return text.getvalue().encode()
