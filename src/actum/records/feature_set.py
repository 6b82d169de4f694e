"""``features/sets/<name>.yaml``: which features a model takes, and the rows for which they are built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from actum.records.codec import FieldError
from actum.records.forms import Name, RepoPath
from actum.records.view import Variable


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """A table of moments at which the features are asked for.

    Attributes:
        path: Parquet or CSV.
        moment: Column of the moment; nothing that happened or became known after it is used.
        time_zone: Of moments that have none themselves.
        key: Columns that name a row, unique; absent, any rows are taken as they are.
        keep: Columns that go into the result as they are, in this order; absent, all but the moment and the key,
            which always go first.
    """

    path: RepoPath
    moment: str
    time_zone: str = ""
    key: tuple[str, ...] = ()
    keep: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureSet:
    """One set. ``keys``: entity or request value -> column of the labels, or feature that gives it, by name.

    ``features``: in the order of the result; each is defined by exactly one view.
    """

    schema: Literal["feature-set/1"]
    set: Name
    labels: Labels
    features: tuple[Variable, ...]
    description: str = ""
    owner: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.features:
            raise FieldError("is empty", ("features",))
        for index, name in enumerate(self.features):
            if name in self.features[:index]:
                raise FieldError(f"is {name!r} again", ("features", index))
