"""Every plan gives the bits that the book gives: random events, late ones, twins, missing and wild values, zones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actum.features.asof import running_maximum
from actum.features.building import built
from actum.features.duck import Duck
from actum.features.engines import Engine
from actum.features.processing import process
from actum.features.reading import read_wanted
from actum.features.values import Relation
from tests.features.work_tree import WorkTree
from tests.features.worlds import World, bits, expected, specs, world, write


class PortableDuck(Duck):
    """DuckDB that joins as Spark must: by sorting and adding."""

    def as_of(self, rows: Relation, line: Relation, keys: list[str]) -> Relation:  # type: ignore[override]
        return running_maximum(rows, line, keys)


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with PortableDuck(tmp_path_factory.mktemp("spill"), "500MB", 2) as engine:
        yield engine


def hold_to_the_oracle(one: World, root: Path, engine: Engine, windows: list[int], views: bool = False) -> None:
    features = specs(windows)
    tree = WorkTree(root, engine)
    write(one, tree, features)
    if views:
        process(root / "views", start=root, threads=2)
    asked = read_wanted(root / "features/sets/asked.yaml")
    found = built(asked, engine, views=root / "views" if views else None).table.to_pydict()
    for name, wanted in expected(one, features).items():
        assert bits(found[name]) == bits(wanted), (name, features[int(name[1:])], one)


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(r=st.randoms(use_true_random=False), over=st.sampled_from([1, 2, 5, 30]))
def test_what_duckdb_finds_is_what_the_book_says(
    r: Random, over: int, tmp_path_factory: pytest.TempPathFactory, duck: Engine
) -> None:
    hold_to_the_oracle(world(r), tmp_path_factory.mktemp("world"), duck, [over])


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(r=st.randoms(use_true_random=False), over=st.sampled_from([2, 5]))
def test_so_do_logs_that_are_kept_and_joins_without_an_as_of_join(
    r: Random, over: int, tmp_path_factory: pytest.TempPathFactory, portable: Engine
) -> None:
    one = world(r, known="later")
    hold_to_the_oracle(one, tmp_path_factory.mktemp("world"), portable, [over])
    hold_to_the_oracle(one, tmp_path_factory.mktemp("world"), portable, [over], views=True)


def test_so_does_spark(tmp_path: Path, spark: Engine) -> None:
    """Several worlds in one, for each query costs Spark a second."""
    made = [world(Random(seed), known="later", local=True, ambiguous="last") for seed in range(8)]
    hold_to_the_oracle(made[0].joined(made[1:]), tmp_path, spark, [5])
