"""What a reviewer is told of the files that changed: by what they affect, and nothing that is told better elsewhere."""

from __future__ import annotations

from actum.planning.changes import changes_of
from tests.promotion.release_project import NOW, Project


def test_files_are_told_by_what_they_affect_what_trains_first(project: Project) -> None:
    """params.yaml is told value by value, the lock by its packages, plots/curve.csv is made by the pipeline."""
    project.write("params.yaml", "train: {rate: 0.2}\n")
    project.write("features/delays.yaml", "view\n")
    project.write("docs/page.md", "words\n")
    project.write("docs/.gitignore", "/draft\n")
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    base = project.store()
    champion, candidate = base.version("churn", "1.0.0"), base.version("churn", "1.2.0")
    assert champion is not None
    assert candidate is not None
    found = changes_of(base, champion, candidate, now=NOW)
    told = {"rows.txt": "training", "features/delays.yaml": "serving", "docs/page.md": "other"}
    assert list(found.code.items()) == list(told.items())
    assert found.differences is not None
    assert [(one.name, one.a, one.b) for one in found.differences.params] == [("train.rate", 0.1, 0.2)]


def test_parameters_that_only_a_comment_changed_stay_a_file(project: Project) -> None:
    project.write("params.yaml", "train: {rate: 0.1}  # as before\n")
    project.register("1.2.0", project.train("three\n", auc=0.9, brier=0.1))
    base = project.store()
    champion, candidate = base.version("churn", "1.0.0"), base.version("churn", "1.2.0")
    assert champion is not None
    assert candidate is not None
    assert dict(changes_of(base, champion, candidate, now=NOW).code) == {
        "params.yaml": "training",
        "rows.txt": "training",
    }
