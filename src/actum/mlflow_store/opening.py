"""Tell which kind of MLflow store lies at a path, and open it."""

from __future__ import annotations

from pathlib import Path

from actum.errors import NotFoundError, UserError
from actum.mlflow_store.confined import Confined
from actum.mlflow_store.database import Database
from actum.mlflow_store.folder import META, MODELS, TRASH, Folder
from actum.mlflow_store.values import MlflowStore

_SQLITE = b"SQLite format 3\0"


def open_store(path: Path) -> MlflowStore:
    """Open an ``mlruns`` folder or a SQLite file of MLflow's.

    Raises:
        NotFoundError: There is nothing.
        UserError: It is neither.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise NotFoundError(f"{path}: is not there", hint="actum import mlflow PATH-OF-mlruns-OR-mlflow.db")
    with path.open("rb") as stream:
        if stream.read(len(_SQLITE)) != _SQLITE:
            raise UserError(f"{path}: is no SQLite file", hint="actum import mlflow PATH-OF-mlruns-OR-mlflow.db")
    return Database(path)


def _folder(path: Path) -> MlflowStore:
    """A folder around ``mlruns`` is as good; one without any experiment is somebody's else. No link leads to either."""
    inner = path / "mlruns"
    root = inner if inner.is_dir() and not inner.is_symlink() and not (path / MODELS / META).exists() else path
    if not _holds_experiments(Confined(root), root):
        raise UserError(f"{path}: holds no experiment of MLflow's", hint="actum import mlflow PATH-OF-mlruns")
    return Folder(root)


def _holds_experiments(inside: Confined, root: Path) -> bool:
    for experiment in (root / name for name in inside.names(root)[0] if name not in (TRASH, MODELS)):
        runs, others = inside.names(experiment)
        if META in others or any(META in inside.names(experiment / run)[1] for run in runs):
            return True
    return False
