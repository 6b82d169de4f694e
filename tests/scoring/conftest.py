"""A project to score in: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scoring.scored_project import Loans, copied, sealed, unsealed


@pytest.fixture(scope="session")
def bare_template(
    tmp_path_factory: pytest.TempPathFactory, shared_environments: Path, _session_surroundings: None
) -> Path:
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return unsealed(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def sealed_template(bare_template: Path, tmp_path_factory: pytest.TempPathFactory, shared_environments: Path) -> Path:
    with pytest.MonkeyPatch.context() as place:
        place.setenv("ACTUM_ENVIRONMENTS", str(shared_environments))
        return sealed(tmp_path_factory.getbasetemp())


@pytest.fixture
def loans(bare_template: Path, tmp_path: Path) -> Loans:
    """Two versions, both promoted, nothing decided yet."""
    return copied(bare_template, tmp_path)


@pytest.fixture
def decided(sealed_template: Path, tmp_path: Path) -> Loans:
    """The same, with 43 days of decisions sealed."""
    return copied(sealed_template, tmp_path)
