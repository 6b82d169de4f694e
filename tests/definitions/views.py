"""Small views, as a test writes them."""

from __future__ import annotations

from typing import Any

from actum.definitions.definitions import Definitions
from actum.records.codec import decode
from actum.records.feature_set import FeatureSet
from actum.records.view import FeatureView

FLIGHTS = {"path": "data/flights.parquet", "event_at": "left_at", "known_at": "arrived_at"}


def view(name: str, *features: dict[str, Any], **rest: Any) -> FeatureView:
    """Return a view from events of flights by origin; ``source=None`` for one that is computed."""
    told: dict[str, Any] = {"schema": "feature-view/1", "view": name, "owner": "ana"}
    told |= {"entity": ["origin"], "source": FLIGHTS} | rest
    if told["source"] is None:
        del told["source"], told["entity"]
    return decode(FeatureView, told | {"features": list(features)}, strict=True)


def computed(name: str, *features: dict[str, Any], **rest: Any) -> FeatureView:
    return view(name, *features, source=None, **rest)


def feature(name: str, of: str = "", *, kind: str = "float", **rest: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": f"what {name} is", **({"of": of} if of else {}), **rest}


def mean(name: str, of: str = "", over: str = "3h", **rest: Any) -> dict[str, Any]:
    return feature(name, of, aggregate="mean", over=[over], **rest)


def taken(name: str, *features: str, **rest: Any) -> FeatureSet:
    told = {"schema": "feature-set/1", "set": name, "labels": {"path": "data/labels.parquet", "moment": "at"}}
    return decode(FeatureSet, told | {"features": list(features), **rest}, strict=True)


def defined(*views: FeatureView) -> Definitions:
    return Definitions.of(views)
