"""The project to judge in: made once and judged once, copied for each test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from actum.records.codec import decode, encode
from actum.records.judgement import Judged
from tests.judging.judged_project import Loans, copied, make
from tests.judging.releases import Releases, make_releases
from tests.made_once import once

Told = tuple[Judged, list[str]]
Template = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def template(shared_environments: Path, _session_surroundings: None) -> Template:
    """Return what makes a project of a name once for all workers."""

    def make_once(name: str, make: Callable[[Path], None]) -> Path:
        with pytest.MonkeyPatch.context() as place:
            place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
            return once(shared_environments.parent / name, make)

    return make_once


@pytest.fixture(scope="session")
def judged_template(template: Template) -> Path:
    """Two versions, the second judged beside the first and alone; what was said on the way lies beside it."""

    def make_and_judge(folder: Path) -> None:
        loans = Loans(make(folder) / "project")
        for name, (judged, said) in {"both": loans.judge(), "alone": loans.judge(champion=None)}.items():
            (folder / f"{name}.json").write_text(json.dumps([encode(judged), said]))

    return template("judging", make_and_judge)


def told(template: Path, name: str) -> Told:
    judged, said = json.loads((template / f"{name}.json").read_text())
    return decode(Judged, judged), said


@pytest.fixture(scope="session")
def both(judged_template: Path) -> Told:
    """The second version beside the first, and what was said on the way."""
    return told(judged_template, "both")


@pytest.fixture(scope="session")
def alone(judged_template: Path) -> Told:
    """The second version where nothing stands."""
    return told(judged_template, "alone")


@pytest.fixture
def loans(judged_template: Path, tmp_path: Path) -> Loans:
    """Two versions, nothing judged yet."""
    found = copied(judged_template, tmp_path)
    for kept in found.judgements():
        kept.unlink()
    return found


@pytest.fixture
def kept(judged_template: Path, both: Told, tmp_path: Path) -> Loans:
    """The same with one judgement kept, and the holdout nowhere: nothing can be judged anew."""
    assert both[0].champion is not None
    found = copied(judged_template, tmp_path)
    for place in found.judgements():
        if '"champion":' not in place.read_text():
            place.unlink()
    found.drop(found.holdout(), remote=True)
    return found


@pytest.fixture(scope="session")
def releases_template(template: Template, judged_template: Path) -> Path:
    return template("releases", lambda folder: make_releases(judged_template, folder))


@pytest.fixture
def releases(releases_template: Path, tmp_path: Path) -> Releases:
    """1.0.0 stands in production, candidates wait on the trunk, and each was judged beside it before."""
    return Releases(copied(releases_template, tmp_path))
