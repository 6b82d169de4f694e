"""The project to judge in: made once and judged once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from actum.records.judgement import Judged
from tests.judging.judged_project import Loans, copied, make


@pytest.fixture(scope="session")
def judged_template(
    tmp_path_factory: pytest.TempPathFactory, shared_environments: Path, _session_surroundings: None
) -> Path:
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return make(tmp_path_factory.mktemp("judging"))


@pytest.fixture(scope="session")
def both(judged_template: Path, shared_environments: Path) -> tuple[Judged, list[str]]:
    """The second version beside the first, and what was said on the way."""
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return Loans(judged_template / "project").judge()


@pytest.fixture(scope="session")
def alone(judged_template: Path, shared_environments: Path) -> tuple[Judged, list[str]]:
    """The second version where nothing stands."""
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return Loans(judged_template / "project").judge(champion=None)


@pytest.fixture
def loans(judged_template: Path, tmp_path: Path) -> Loans:
    """Two versions, nothing judged yet."""
    found = copied(judged_template, tmp_path)
    for kept in found.judgements():
        kept.unlink()
    return found


@pytest.fixture
def kept(judged_template: Path, both: tuple[Judged, list[str]], tmp_path: Path) -> Loans:
    """The same with one judgement kept, and the holdout nowhere: nothing can be judged anew."""
    assert both[0].champion is not None
    found = copied(judged_template, tmp_path)
    for place in found.judgements():
        if '"champion":' not in place.read_text():
            place.unlink()
    found.drop(found.holdout(), remote=True)
    return found
