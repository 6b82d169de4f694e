"""Keys of two people, made once."""

from __future__ import annotations

import pytest

from tests.signing.real_keys import RealKey, make_key


@pytest.fixture(scope="session")
def rosa(tmp_path_factory: pytest.TempPathFactory) -> RealKey:
    return make_key(tmp_path_factory.mktemp("keys"), "rosa@example.org")


@pytest.fixture(scope="session")
def ben(tmp_path_factory: pytest.TempPathFactory) -> RealKey:
    return make_key(tmp_path_factory.mktemp("keys"), "ben@example.org")
