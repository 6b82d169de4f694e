"""Sums of floats are those of ``math.fsum``: exact, rounded once, whatever the order and however far apart."""

from __future__ import annotations

import math
import struct

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actum.features.engines import Engine
from actum.features.exact import cut, in_step, joined, scale_for
from actum.features.values import whole

ANY = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
NEAR = st.floats(min_value=-100, max_value=100).map(lambda value: round(value, 2))
HARD = st.sampled_from([2.0**53, 1.0, -1.0, 2.0**-53, 5e-324, -5e-324, 1e300, -1e300, 2.0**62, 3.0, 1 / 3, 2.0**53 + 2])
GROUPS = st.lists(st.lists(st.one_of(ANY, HARD), min_size=1, max_size=20), min_size=1, max_size=30)
TAME = st.lists(
    st.lists(st.one_of(NEAR, st.integers(-5, 5).map(float)), min_size=1, max_size=20), min_size=1, max_size=30
)


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(groups=st.one_of(GROUPS, TAME))
def test_limbs_that_are_added_apart_give_the_exact_sum_rounded_once(groups: list[list[float]], duck: Engine) -> None:
    values = [value for group in groups for value in group]
    sizes = [abs(value) for value in values]
    small = min((size for size in sizes if size), default=None)
    scale = scale_for(len(values), small, max(sizes), whole_numbers=all(value.is_integer() for value in values))
    numbers = pa.array([number for number, group in enumerate(groups) for _ in group], pa.int64())
    rows = duck.rows(pa.table({"group": numbers, "value": pa.array(values)}))

    limbs = in_step(rows, [cut("value", scale, "_s")], duck)
    names = [f"_s_{limb}" for limb in range(scale.limbs)]
    sums = limbs.group_by("group").aggregate(**{name: limbs[name].sum() for name in names})
    sums = sums.mutate(**{name: whole(sums[name]) for name in names})
    found = duck.table(in_step(sums, [joined("_s", scale, "total")], duck).select("group", "total")).sort_by("group")

    bits = [struct.pack(">d", total + 0.0) for total in found["total"].to_pylist()]
    assert bits == [struct.pack(">d", math.fsum(group) + 0.0) for group in groups]


def test_a_sum_that_no_float_holds_is_refused_before_it_is_made() -> None:
    with pytest.raises(OverflowError):
        scale_for(1_000, 1.0, 1e307, whole_numbers=False)


def test_whole_numbers_of_a_common_size_need_one_limb_and_measurements_two() -> None:
    assert scale_for(336_776, 1.0, 1_301.0, whole_numbers=True).limbs == 1
    assert scale_for(336_776, 0.01, 99.99, whole_numbers=False).limbs == 2
