"""As what a logged value goes on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import numpy
import pytest

from actum import files
from actum.errors import UserError
from actum.records.codec import decode, encode
from actum.records.run import Run
from actum.runlog import values
from tests.records.samples import script_run

NAN, INF = float("nan"), float("inf")


class Model:
    def __repr__(self) -> str:
        return "Model(\x1b)"


VALUES: tuple[tuple[Any, Any], ...] = (
    (None, None),
    (True, True),
    (7, 7),
    (2**63 - 1, 2**63 - 1),
    (2**63, "0x8000000000000000"),
    (-(2**63), -(2**63)),
    (10**5000, hex(10**5000)),
    (1e-5, 1e-5),
    (NAN, "NaN"),
    (-INF, "-Infinity"),
    ("größe\n\t", "größe\n\t"),
    ("a\x1b[31m\x85\udc80", "a\\x1b[31m\\x85\\udc80"),
    (numpy.float32(0.5), 0.5),
    (numpy.int64(3), 3),
    (numpy.array([2.5]), 2.5),
    ((1, [NAN, "a"]), [1, ["NaN", "a"]]),
    ({"b", "a"}, ["a", "b"]),
    ({1: {"x\n": INF}}, {"1": {"x\\n": "Infinity"}}),
    (date(2026, 11, 23), "2026-11-23"),
    (PurePosixPath("a/b"), "a/b"),
    (Model(), "Model(\\x1b)"),
)


@pytest.mark.parametrize(("value", "written"), VALUES, ids=map(str, range(len(VALUES))))
def test_a_parameter_is_kept_as_json_holds_it(value: Any, written: Any) -> None:
    found = values.plain(value)
    assert (found, type(found)) == (written, type(written))


def test_parameters_nested_ten_deep_have_dotted_names() -> None:
    nested: dict[str, Any] = {"leaf": 1}
    for number in range(9):
        nested = {f"n{number}": nested}
    assert values.flat_params(nested) == {"n8.n7.n6.n5.n4.n3.n2.n1.n0.leaf": 1}
    assert values.flat_params({"empty": {}}) == {"empty": {}}


def test_a_list_as_deep_as_is_allowed_is_read_back() -> None:
    deep: Any = 1
    for _ in range(39):
        deep = [deep]
    data = files.write_json(encode(script_run(params=values.flat_params({"deep": deep}))))
    assert decode(Run, files.read_json(data, where="run")).params == {"deep": deep}


class Broken:
    """An object of somebody's whose own code fails."""

    def __float__(self) -> float:
        return 1 / 0

    def __repr__(self) -> str:
        return str(1 / 0)

    @property
    def size(self) -> int:
        return 1 // 0


def test_an_object_whose_own_code_fails_is_told_by_its_type() -> None:
    assert values.flat_params({"a": Broken(), "b": [Broken()]}) == {
        "a": "<Broken: repr raises ZeroDivisionError>",
        "b": ["<Broken: repr raises ZeroDivisionError>"],
    }
    assert values.text_of(Broken()) == "<Broken: str raises ZeroDivisionError>"


def endless() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["n"] = found
    return found


REFUSED: tuple[tuple[Callable[[], Any], str], ...] = (
    (lambda: values.flat_params({"a.b": 1, "a": {"b": 2}}), "params: a.b is given twice"),
    (lambda: values.flat_params({"": 1}), "a name is empty"),
    (lambda: values.flat_params(endless()), "params: " + "n." * 20 + "... lies more than 40 levels deep"),
    (lambda: values.plain([endless()]), "params: a value lies more than 40 levels deep"),
    (lambda: values.number("auc", "0.8"), "metric auc: is str, must be a number"),
    (lambda: values.number("auc", None), "metric auc: is NoneType, must be a number"),
    (lambda: values.number("auc", 10**400), "metric auc: is too large for a number"),
    (lambda: values.number("auc", Broken()), "metric auc: is Broken, must be one number"),
    (lambda: values.step_of(10**5000), "step is a whole number of more than 64 bits"),
    (lambda: values.step_of(0.5), "step is 0.5, must be a whole number"),
    (lambda: values.step_of(Broken()), "step is <Broken: repr raises ZeroDivisionError>, must be a whole number"),
    (lambda: values.number("auc", numpy.array([1.0, 2.0])), "metric auc: is ndarray, must be one number"),
)


@pytest.mark.parametrize(("attempt", "problem"), REFUSED)
def test_what_is_no_such_value_is_refused_by_name(attempt: Callable[[], Any], problem: str) -> None:
    with pytest.raises(UserError) as caught:
        attempt()
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("value", "number", "written"),
    [
        (True, 1.0, 1.0),
        (3, 3.0, 3.0),
        (2**53 + 2, 2.0**53 + 2, 2.0**53 + 2),
        (0.25, 0.25, 0.25),
        (Decimal("0.5"), 0.5, 0.5),
        (numpy.float64(0.5), 0.5, 0.5),
        (numpy.array([0.5]), 0.5, 0.5),
        (INF, INF, "Infinity"),
        (-0.0, -0.0, -0.0),
    ],
)
def test_a_metric_is_a_number(value: Any, number: float, written: Any) -> None:
    found = values.number("m", value)
    assert found == number
    assert repr(values.on_record(found)) == repr(written)
