"""Is a view, or a set, one that can be computed at all, as far as it says so by itself?"""

from __future__ import annotations

from actum.definitions.definitions import DefinitionError, conditions_of, variables_of
from actum.definitions.zone_names import zone_problem
from actum.records.feature_set import FeatureSet
from actum.records.view import FeatureView


def require_sound(view: FeatureView) -> None:
    """Read every expression and the time zone of a view.

    Raises:
        DefinitionError: One of them is none.
    """
    for _ in variables_of(view):
        pass
    conditions_of(view)
    if view.source and view.source.time_zone and (problem := zone_problem(view.source.time_zone)):
        raise DefinitionError(view.view, ("source", "time_zone"), problem)


def require_sound_set(taken: FeatureSet) -> None:
    """Read the time zone of a set.

    Raises:
        DefinitionError: It is none.
    """
    zone = taken.labels.time_zone
    if zone and (problem := zone_problem(zone)):
        raise DefinitionError(f"sets/{taken.set}", ("labels", "time_zone"), problem)
