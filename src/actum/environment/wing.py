"""The wing: the code of ours that runs inside the locked environment, as one deterministic zip.

The zip travels on the child's path (``PYTHONPATH``) and is kept by its digest; a rebuild uses the recorded
zip, not today's. The same sources give the same bytes on every machine.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath

from actum import digests

_NINETEEN_EIGHTY = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o100644
_UNIX = 3
# What the tool and the wing read alike: definitions of features, the YAML that they are written in, and the online
# store. Standard library only, but for PyYAML, which the lock of a project with features holds.
_SHARED = (
    "digests.py",
    "durations.py",
    "errors.py",
    "moments.py",
    "names.py",
    "definitions/*.py",
    "files/*.py",
    "online/*.py",
    "records/__init__.py",
    "records/codec.py",
    "records/feature_set.py",
    "records/forms.py",
    "records/view.py",
)


def build_wing() -> bytes:
    """Return the zip of the wing that this installation of actum carries."""
    return zip_of(Path(__file__).parents[1])


def wing_digest(wing: bytes) -> str:
    """Return ``sha256:<hex>`` of a wing's bytes: the name under which it is recorded."""
    return digests.of_bytes(wing)


def zip_of(package: Path) -> bytes:
    """Return the wing of the ``actum`` package in folder *package*.

    Times, modes, order and line ends are fixed, nothing is compressed: another zlib would give other bytes.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, source in sorted(_members(package).items()):
            entry = zipfile.ZipInfo(str(name), _NINETEEN_EIGHTY)
            entry.external_attr, entry.create_system = _FILE_MODE << 16, _UNIX
            archive.writestr(entry, source.read_bytes().replace(b"\r\n", b"\n"))
    return written.getvalue()


def _members(package: Path) -> dict[PurePosixPath, Path]:
    own = ("__init__.py", "models.py", "features/**/*.py", "inside/**/*.py")
    found = (path for pattern in (*own, *_SHARED) for path in package.glob(pattern))
    return {PurePosixPath("actum", path.relative_to(package).as_posix()): path for path in found}
