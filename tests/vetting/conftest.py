"""Five days of flights with views over them: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flight_features import made
from tests.scored_project import Loans, copied


@pytest.fixture(scope="session")
def flights_template(
    tmp_path_factory: pytest.TempPathFactory, shared_environments: Path, _session_surroundings: None
) -> Path:
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return made(tmp_path_factory.getbasetemp())


@pytest.fixture
def airline(flights_template: Path, tmp_path: Path) -> Loans:
    return copied(flights_template, tmp_path)
