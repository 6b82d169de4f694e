"""Look features up as a server does: by keys and values of a request, from what was materialized, without skew.

For example:

    lookup = Lookup(Path("online.sqlite"), definitions, ["origin_delay_3h", "is_late"], expected=pins.digests)
    lookup.one({"origin": "JFK"}, {"booked_at": moment}).values

A :class:`Lookup` settles once how its features are found, so that one costs microseconds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from actum import moments
from actum.definitions.definitions import Definitions
from actum.errors import UserError
from actum.online.given import GivenError, taken
from actum.online.plan import Plan, plan
from actum.online.sqlite import SqliteStore
from actum.online.store import OnlineStore, Plain, Published, StoreError, microseconds_of, moment_of
from actum.records.feature_set import FeatureSet

Answer: TypeAlias = float | int | str | bool | datetime | None
_NOTHING: Mapping[str, Any] = {}


class SkewError(UserError):
    """Features mean something else here than where they were trained or materialized. ``features``: which."""

    def __init__(self, message: str, features: tuple[str, ...], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.features = features


class Found(NamedTuple):
    """What features are at a moment, by all that was known ``until`` then; None where nothing is to be read."""

    values: dict[str, Answer]
    at: datetime
    until: datetime | None

    @property
    def age(self) -> timedelta:
        """How long nothing was learned before the moment."""
        return self.at - self.until if self.until else timedelta()


class Lookup:
    """Look-ups of the same features, for one thread of one process."""

    def __init__(
        self,
        store: Path | OnlineStore,
        definitions: Definitions,
        wanted: FeatureSet | Iterable[str],
        *,
        expected: Mapping[str, str] | None = None,
        max_age: timedelta | None = None,
    ) -> None:
        """Open the store and settle how the features are found.

        Args:
            wanted: A set, whose keys then hold, or names of features: for these, every key is given.
            expected: Digests by feature that a version pins; each of *wanted*, and what gives keys, is held against it.
            max_age: Refuse to answer from what was known longer ago.

        Raises:
            SkewError: A definition or the store was made for other digests.
            StoreError: The store is foreign, damaged, of a newer form, or lacks a view.
            NotFoundError: There is no store, or no such feature.
        """
        self._store = SqliteStore(store) if isinstance(store, Path) else store
        self._definitions, self._max_age = definitions, max_age
        self.features = wanted.features if isinstance(wanted, FeatureSet) else tuple(wanted)
        self._keys = dict(wanted.keys) if isinstance(wanted, FeatureSet) else None
        if expected is not None:
            givers = definitions.keys_of(wanted) if isinstance(wanted, FeatureSet) else ()
            refuse_other_definitions(definitions, (*self.features, *givers), expected)
        with self._store as state:
            self._settle(state)

    @property
    def given(self) -> dict[str, str]:
        """What must be given, by name: its type."""
        return {one.column: one.type for one in self._plan.given}

    @property
    def views(self) -> tuple[str, ...]:
        """The views that are read, by name."""
        return tuple(self._plan.reads)

    @property
    def until(self) -> datetime | None:
        """Until when the view that lags most knows of anything; None where no view with times is read."""
        return self._until

    def one(self, keys: Mapping[str, Any], request: Mapping[str, Any] = _NOTHING, at: datetime | None = None) -> Found:
        """Return what the features are at a moment; now, without one.

        Raises:
            GivenError: A key or a value of the request is not given or of another type.
            StoreError: The moment lies before what the store knows, or too long after it.
            SkewError: The store was published anew, with other digests.
        """
        return self.many([keys], [request], at)[0]

    def many(
        self,
        keys: Sequence[Mapping[str, Any]],
        requests: Sequence[Mapping[str, Any]] | None = None,
        at: datetime | Sequence[datetime] | None = None,
    ) -> list[Found]:
        """Return the same for several, in their order, all from one state of the store; see :meth:`one`."""
        now = datetime.now(UTC) if at is None else at
        times = [now] * len(keys) if isinstance(now, datetime) else now
        with self._store as state:
            if state != self._state:
                self._settle(state)
            asked = requests if requests is not None else [_NOTHING] * len(keys)
            return [self._found(*one) for one in zip(keys, asked, times, strict=True)]

    def _found(self, keys: Mapping[str, Any], request: Mapping[str, Any], at: datetime) -> Found:
        if at.tzinfo is None:
            raise GivenError(f"at: {at.isoformat()} has no time zone", hint="make it UTC")
        moment = microseconds_of(at)
        if not self._earliest <= moment <= self._latest:
            raise self._out_of_time(at)
        values = {**keys, **request} if request else keys
        row: list[Plain] = [None] * self._plan.slots
        for given in self._plan.given:
            row[given.slot] = taken(given, values)
        for step in self._plan.steps:
            step(row, moment)
        answers: dict[str, Answer] = dict(zip(self.features, self._pick(row), strict=True))
        for name in self._moments:
            value = answers[name]
            answers[name] = moment_of(value) if isinstance(value, int) else None
        return Found(answers, at, self._until)

    def _settle(self, state: int) -> None:
        """Hold what is published against the definitions, and plan anew."""
        published = self._store.meta()
        found = plan(self._store, published, self._definitions, self.features, self._keys)
        refuse_other_store(self._store.name, published, self._definitions, found)
        views = [self._definitions.views[view] for view in found.reads]
        timed = [published[view.view].until for view in views if view.source and view.source.event_at]
        self._until = min(timed, default=None)
        self._earliest = microseconds_of(max(timed)) if timed else -(2**63)
        too_late = self._until + self._max_age if self._until and self._max_age is not None else None
        self._latest = microseconds_of(too_late) if too_late else 2**63
        self._moments = [name for name in self.features if self._definitions.variables[name].type == "timestamp"]
        self._pick: Callable[[list[Plain]], tuple[Plain, ...]] = _picker(found.wanted)
        self._plan, self._state = found, state

    def _out_of_time(self, at: datetime) -> StoreError:
        assert self._until is not None
        if microseconds_of(at) < self._earliest:
            return StoreError(
                f"{self._store.name}: knows what holds from {moments.write(moment_of(self._earliest))} on, not what"
                f" held at {moments.write(at)}",
                hint=f"actum features materialize --until {moments.write(at)} --store ANOTHER",
            )
        return StoreError(
            f"{self._store.name}: knows nothing after {moments.write(self._until)}, {at - self._until} before"
            f" {moments.write(at)}; at most {self._max_age} was asked for",
            hint="actum features materialize",
        )


def refuse_other_definitions(definitions: Definitions, wanted: Iterable[str], expected: Mapping[str, str]) -> None:
    """Raises: SkewError: A feature does not mean what it meant where its digest was pinned, or is defined no more."""
    names = tuple(wanted)
    gone = tuple(name for name in names if name not in definitions.variables)
    found = definitions.digests_of(name for name in names if name not in gone)
    other = tuple(name for name, digest in found.items() if expected.get(name) != digest)
    if gone or other:
        problems = [f"{', '.join(other)} {_does(other)} not mean here what the model was trained with"] if other else []
        problems += [f"{', '.join(gone)} {_is(gone)} not defined here any more"] if gone else []
        raise SkewError(
            f"training-serving skew: {'; '.join(problems)}",
            (*other, *gone),
            hint="use the definitions of the version's commit, or train and register a version with these",
        )


def refuse_other_store(name: str, published: Mapping[str, Published], definitions: Definitions, found: Plan) -> None:
    """Raises: SkewError: The store holds a feature by another definition."""
    wanted = [feature for features in found.reads.values() for feature in features]
    digests, views = definitions.digests_of(wanted), found.reads
    other = {view: [f for f in names if published[view].digests.get(f) != digests[f]] for view, names in views.items()}
    if names := tuple(feature for features in other.values() for feature in features):
        again = " ".join(view for view, features in other.items() if features)
        raise SkewError(
            f"training-serving skew: {name} does not hold {', '.join(names)} by these definitions",
            names,
            hint=f"actum features materialize {again} --store {name}",
        )


def _picker(slots: tuple[int, ...]) -> Callable[[list[Plain]], tuple[Plain, ...]]:
    if len(slots) == 1:
        (slot,) = slots
        return lambda row: (row[slot],)
    return operator.itemgetter(*slots)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _does(names: Sequence[str]) -> str:
    return "does" if len(names) == 1 else "do"
