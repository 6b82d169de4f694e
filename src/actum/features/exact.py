"""Sums of floats without an error: whole numbers at a common power of two, added as integers, rounded once.

A float is a whole number times a power of two. Over a column, all are whole numbers of one unit, too large for 64 bits:
so they are cut into *limbs*, digits to a large base. Limbs are added apart, in any order, and put together at the end.
The same events give the same bits on every engine; what comes out is what ``math.fsum`` gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from actum.features.engines import Engine
from actum.features.values import Relation, Value, constant, either, real

Step = Callable[[Relation], Mapping[str, Value]]
# A whole number of so many bits is rounded to 53 by the processor; one bit below says that more would follow.
_ENOUGH, _MOST = 55, 62
# Each step is a query around the one before, and whoever reads a query goes down into each.
_DEEPEST = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Value = sum of ``limb[j] * 2 ** (base + j * width)``; each limb of a value is less than 2 ** width."""

    base: int
    width: int
    limbs: int

    def unit(self, limb: int) -> float:
        return math.ldexp(1.0, self.base + limb * self.width)


def scale_for(rows: int, smallest: float | None, largest: float | None, *, whole_numbers: bool) -> Scale:
    """Choose limbs that hold every value of a column, and sums of so many rows without overflow.

    Args:
        smallest: Least absolute value that is not 0; None where there is none, as in ``largest``.

    Raises:
        OverflowError: A sum could be larger than a float can be.
    """
    width = _MOST - max(rows, 1).bit_length()
    if not smallest or not largest:
        return Scale(base=0, width=width, limbs=1)
    top = math.frexp(largest)[1]
    if top + rows.bit_length() > 1023:
        raise OverflowError(f"{largest:g}")
    base = 0 if whole_numbers else max(math.frexp(smallest)[1] - 53, -1074)
    return Scale(base=base, width=width, limbs=max(1, -(-(top - base) // width)))


def in_step(relation: Relation, works: list[Iterator[Step]], engine: Engine) -> Relation:
    """Do several works on one relation, the first step of all together, then the second, and so on."""
    for count, steps in enumerate(zip_longest(*works), 1):
        made: dict[str, Value] = {}
        for step in steps:
            made |= step(relation) if step else {}
        relation = relation.mutate(**made)
        if count % _DEEPEST == 0:
            relation = engine.kept(relation)
    return relation


def cut(column: str, scale: Scale, name: str) -> Iterator[Step]:
    """Yield the steps that cut a column of floats into limbs ``<name>_<j>``, 0 where it is missing."""
    of = column
    for limb in reversed(range(scale.limbs)):
        yield partial(_cut, of=of, name=name, limb=limb, unit=scale.unit(limb))
        of = f"{name}_rest"


def _cut(r: Relation, *, of: str, name: str, limb: int, unit: float) -> Mapping[str, Value]:
    digit = _towards_zero(r[of] / constant(unit))
    return {f"{name}_{limb}": digit.coalesce(constant(0)), f"{name}_rest": r[of] - real(digit) * constant(unit)}


def _towards_zero(value: Value) -> Value:
    """Drop the fraction. Rounded down, what is left of a small negative number would have more digits than a float."""
    return either(value < constant(0.0), -(-value).floor(), value.floor())


def joined(name: str, scale: Scale, to: str) -> Iterator[Step]:
    """Yield the steps that put added limbs together and round once, into a column *to*."""
    last = scale.limbs - 1
    for limb in range(last):
        yield partial(_carried, name=name, limb=limb, width=scale.width)
    yield partial(_begun, name=name, last=last)
    for limb in reversed(range(last)):
        yield partial(_appended, name=name, limb=limb, width=scale.width)
    yield partial(_rounded, name=name, scale=scale, to=to)


def _begun(r: Relation, *, name: str, last: int) -> Mapping[str, Value]:
    return {
        f"{name}_high": r[f"{name}_{last}"],
        f"{name}_upto": constant(last),
        f"{name}_next": constant(0),
        f"{name}_more": constant(False),
        f"{name}_full": constant(False),
    }


def _carried(r: Relation, *, name: str, limb: int, width: int) -> Mapping[str, Value]:
    """Bring a limb into [0, 2 ** width) and add what is above to the next."""
    here, above = r[f"{name}_{limb}"], r[f"{name}_{limb + 1}"]
    return {f"{name}_{limb}": here & constant((1 << width) - 1), f"{name}_{limb + 1}": above + (here >> width)}


def _appended(r: Relation, *, name: str, limb: int, width: int) -> Mapping[str, Value]:
    """Append a limb to the high part while 64 bits hold both; keep the first that does not fit, and if more follow."""
    high, digit, full = r[f"{name}_high"], r[f"{name}_{limb}"], r[f"{name}_full"]
    fits = ~full & (high.abs() < constant(1 << (_MOST - width)))
    return {
        f"{name}_high": either(fits, high * constant(1 << width) + digit, high),
        f"{name}_upto": either(fits, constant(limb), r[f"{name}_upto"]),
        f"{name}_next": either(full, r[f"{name}_next"], either(fits, constant(0), digit)),
        f"{name}_more": r[f"{name}_more"] | (full & (digit != constant(0))),
        f"{name}_full": ~fits,
    }


def _rounded(r: Relation, *, name: str, scale: Scale, to: str) -> Mapping[str, Value]:
    """Round ``high`` and what follows it to a float, by the processor and once."""
    import ibis

    high, width = r[f"{name}_high"], scale.width
    units = [(r[f"{name}_upto"] == constant(limb), constant(scale.unit(limb))) for limb in range(1, scale.limbs)]
    unit = ibis.cases(*units, else_=constant(scale.unit(0))) if units else constant(scale.unit(0))
    exact = real(high) * unit
    if scale.limbs == 1:
        return {to: exact}
    cases, bits = [(~r[f"{name}_full"], exact)], _MOST - width
    while bits < _MOST:
        bits = min(bits + _MOST - _ENOUGH, _MOST)
        cases.append((high.abs() < constant(1 << bits), _with_bits(r, name, _MOST - bits, width) * unit))
    return {to: ibis.cases(*cases, else_=_with_bits(r, name, 0, width) * unit)}


def _with_bits(r: Relation, name: str, bits: int, width: int) -> Value:
    """Return ``high`` and so many bits of the next limb; a last bit of 1 says that the rest is not nothing."""
    following = r[f"{name}_next"]
    rest = (following & constant((1 << (width - bits)) - 1)) != constant(0)
    odd = either(rest | r[f"{name}_more"], constant(1), constant(0))
    longer = r[f"{name}_high"] * constant(1 << bits) + (following >> (width - bits))
    return real(longer | odd) * constant(math.ldexp(1.0, -bits))
