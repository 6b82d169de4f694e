"""The real flights: the whole year once, and January to April resolved, for the tests of example_project."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"
STAGES = EXAMPLE / "src/late_arrival"


@pytest.fixture(scope="session", autouse=True)
def stages_on_the_path() -> Iterator[None]:
    """Let tests import the stages by name, as a stage run by its path does."""
    sys.path.insert(0, str(STAGES))
    yield
    sys.path.remove(str(STAGES))


@pytest.fixture(scope="session")
def fetch_data() -> ModuleType:
    """The script, loaded from its file."""
    spec = importlib.util.spec_from_file_location("fetch_data", EXAMPLE / "fetch_data.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def raw(fetch_data: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of raw CSV files."""
    folder = tmp_path_factory.mktemp("raw")
    fetch_data.fetch(folder)
    return folder


@pytest.fixture(scope="session")
def year(raw: Path) -> pd.DataFrame:
    """Every flight of 2013, as it comes."""
    return pd.read_csv(raw / "flights.csv")


@pytest.fixture(scope="session")
def zones(raw: Path) -> pd.Series:
    return pd.read_csv(raw / "airports.csv", index_col="faa")["tzone"]


@pytest.fixture(scope="session")
def weather(raw: Path) -> pd.DataFrame:
    return pd.read_csv(raw / "weather.csv")


@pytest.fixture(scope="session")
def planes(raw: Path) -> pd.DataFrame:
    return pd.read_csv(raw / "planes.csv")


@pytest.fixture(scope="session")
def spring(year: pd.DataFrame) -> pd.DataFrame:
    """February and March as they come: storms, many cancellations, and the change of the clocks."""
    return year[year["month"].isin([2, 3])].reset_index(drop=True)
