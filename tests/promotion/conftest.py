"""The release project, made once by real git and dvc and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from actum import layout
from tests.made_once import once
from tests.promotion.approving import Court
from tests.promotion.release_project import CARD, Project, counting_ids, environment, make
from tests.signing.real_keys import RealKey, make_key


@pytest.fixture(scope="session")
def release_template(shared_environments: Path) -> Path:
    def make_release(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment(folder).items():
                patch.setenv(name, value)
            make(folder)

    return once(shared_environments.parent / "release", make_release)


@pytest.fixture
def project(release_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copied(release_template, tmp_path, monkeypatch)


def copied(template: Path, folder: Path, patch: pytest.MonkeyPatch, first_id_ms: int = 1_714_600_000_000) -> Project:
    for part in ("project", "store"):
        shutil.copytree(template / part, folder / part, symlinks=True)
    env = environment(folder)
    for name, value in env.items():
        patch.setenv(name, value)
    return Project(folder / "project", env, counting_ids(first_id_ms))


@pytest.fixture(scope="session")
def registered_template(release_template: Path, shared_environments: Path) -> Path:
    """The same with version 1.2.0 on a branch of its own, as a pull request brings it."""

    def make_registered(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            made = copied(release_template, folder, patch)
            made.begin("work")
            made.write(layout.card("churn"), CARD + "probe: probe.csv\n")
            made.write("registry/churn/probe.csv", "x\n1\n")
            made.dvc("add", "-q", "registry/churn/probe.csv")
            made.register("1.2.0", made.train("three\n", auc=0.9, brier=0.1))

    return once(shared_environments.parent / "registered", make_registered)


@pytest.fixture
def registered(registered_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copied(registered_template, tmp_path, monkeypatch, first_id_ms=1_714_700_000_000)


@pytest.fixture(scope="session")
def people(shared_environments: Path) -> dict[str, RealKey]:
    """Keys by name: Ana is the author, Rosa and Ben review, nobody knows Mallory."""
    addresses = {name: f"{name}@example.org" for name in ("ana", "rosa", "ben", "mallory")}

    def make_keys(folder: Path) -> None:
        for address in addresses.values():
            make_key(folder, address)

    folder = once(shared_environments.parent / "people", make_keys)
    return {name: RealKey(folder / name, address) for name, address in addresses.items()}


@pytest.fixture(scope="session")
def court_template(release_template: Path, people: dict[str, RealKey], shared_environments: Path) -> Path:
    def make_court(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            court = Court(copied(release_template, folder, patch), people, patch)
            court.rule()
            court.project.promote("churn@v1.1.0")

    return once(shared_environments.parent / "court", make_court)


@pytest.fixture
def court(court_template: Path, people: dict[str, RealKey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Court:
    """A promotion of 1.1.0 to production waits, which two people must approve, one of them of model-risk."""
    project = copied(court_template, tmp_path, monkeypatch, first_id_ms=1_714_700_000_000)
    return Court(project, people, monkeypatch)
