"""A check of a change tells what it makes wrong with features, in whatever file that shows."""

from __future__ import annotations

from actum.checking.features import feature_objections
from actum.git.repository import Git
from actum.planning.scope import open_scope
from tests.feature_project import FeatureProject
from tests.real_git import git


def found(project: FeatureProject, base: str | None = "main") -> list[tuple[str, str, str, str]]:
    scope = open_scope(Git(project.root), head="HEAD", base=base)
    return [(one.weight, one.kind, one.path, one.message) for one in feature_objections(scope)]


DEAD = (
    "warn",
    "feature-dead",
    "features/planes.yaml",
    "line 10: plane_owner is in no set and in no version that stands at a stage",
)


def test_a_change_of_something_else_says_nothing_of_features(project: FeatureProject) -> None:
    git(project.root, "switch", "-qc", "work")
    project.write("README.md", "more\n")
    project.commit()
    assert found(project) == []


def test_the_trunk_itself_is_looked_over_whole(project: FeatureProject) -> None:
    assert found(project) == [DEAD]


def test_a_change_is_told_of_what_it_touches_and_of_what_it_breaks_elsewhere(project: FeatureProject) -> None:
    git(project.root, "switch", "-qc", "work")
    project.edit("features/departures.yaml", ("origin_late_3h_share", "origin_late_{over}_share"))
    project.commit()
    assert found(project) == []
    project.edit("features/departures.yaml", ("origin_late_{over}_share", "origin_late_share"))
    project.commit()
    told = "line 6: origin_late_3h_share is defined by no view, did you mean origin_late_share?"
    assert ("block", "feature-lost", "features/sets/late-arrival.yaml", told) in found(project)


def test_what_was_wrong_before_is_told_only_of_files_that_change(project: FeatureProject) -> None:
    git(project.root, "switch", "-qc", "work")
    project.edit("features/calendar.yaml", ("hour of departure", "the hour of departure"))
    project.commit()
    assert found(project) == []
    project.edit("features/planes.yaml", ("who it belongs to", "whose it is"))
    project.commit()
    assert found(project) == [DEAD]
