"""A real DVC project whose version keeps its wing, its probe and its wheels; made once and copied for each test."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.dvc.delivery import push_verified
from actum.records.forms import FileFact
from actum.records.version import ModelVersion, Probe
from tests.dvc.dvc_project import PIPELINE, Project, environment
from tests.needs.registered import Registered
from tests.records.samples import SHA, version

WING, PROBE = "environments/wings/wing.zip", "registry/churn/probe.csv"


def _put(project: Project, path: str, data: bytes) -> FileFact:
    """Put a file into the cache alone, as ``register`` does with what the work tree need not hold."""
    place = project.root / ".git" / "put"
    place.write_bytes(data)
    found = cache_of(read_config(project.root, project.env)).put_file(place)
    place.unlink()
    return FileFact(path=path, md5=found.md5, sha256=found.sha256, size=found.size)


def _wheels(project: Project) -> str:
    folder = project.root / ".git" / "wheels"
    folder.mkdir()
    (folder / "six-1.17.0-py3-none-any.whl").write_bytes(b"six")
    (folder / "requirements.lock").write_bytes(b"six==1.17.0\n")
    md5 = cache_of(read_config(project.root, project.env)).put_dir(folder).md5
    shutil.rmtree(folder)
    return md5


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ModelVersion]:
    folder = tmp_path_factory.mktemp("template")
    root = folder / "project"
    (root / "rows" / "deep").mkdir(parents=True)
    project = Project(root, environment(folder))
    (root / "rows" / "one").write_text("1\n")
    (root / "rows" / "deep" / "two").write_text("2\n")
    (root / "labels.csv").write_text("id,late\n")  # under DVC, and no stage reads it
    (root / "params.yaml").write_text("rate: 1e-05\nseed: 7\n")
    (root / "dvc.yaml").write_text(PIPELINE)
    project.git("init", "-q", "-b", "main")
    project.dvc("init", "-q")
    project.dvc("remote", "add", "-q", "--default", "storage", "../store")
    project.dvc("add", "-q", "rows", "labels.csv")
    project.dvc("repro")
    project.dvc("push", "-q")
    project.git("add", ".")
    project.git("commit", "-qm", "first")
    wing, probe, wheels = _put(project, WING, b"wing"), _put(project, PROBE, b"id\n1\n"), _wheels(project)
    plain = version()
    made = replace(
        plain,
        pipeline=".",
        data=(FileFact(path="rows", md5="0" * 32 + ".dir"),),
        probe=Probe(path=PROBE, md5=probe.md5, rows=1, predictions=SHA),
        environment=replace(plain.environment, wing=wing, wheels=wheels),
    )
    registered = Registered(project, made)
    push_verified(registered.needed(), registered.config, project.env)
    return folder, made


@pytest.fixture
def registered(template: tuple[Path, ModelVersion], tmp_path: Path) -> Registered:
    folder, made = template
    shutil.copytree(folder / "project", tmp_path / "project", symlinks=True)
    shutil.copytree(folder / "store", tmp_path / "store")
    return Registered(Project(tmp_path / "project", environment(tmp_path)), made)
