"""Five days of flights with a trained model: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flight_features import EVENING, made
from tests.scored_project import Loans, copied


@pytest.fixture(scope="session")
def flights_template(
    tmp_path_factory: pytest.TempPathFactory, shared_environments: Path, _session_surroundings: None
) -> Path:
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return made(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def materialized_template(
    flights_template: Path, tmp_path_factory: pytest.TempPathFactory, shared_environments: Path
) -> Path:
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        folder = tmp_path_factory.mktemp("materialized")
        assert copied(flights_template, folder).actum("features", "materialize", "--until", EVENING) == 0
        return folder


@pytest.fixture
def served(materialized_template: Path, tmp_path: Path) -> Loans:
    """The same, with an online store that knows everything until the evening of the third day."""
    return copied(materialized_template, tmp_path)


@pytest.fixture
def airline(flights_template: Path, tmp_path: Path) -> Loans:
    """Views, a set, sources under DVC, and a version that was trained with them."""
    return copied(flights_template, tmp_path)
