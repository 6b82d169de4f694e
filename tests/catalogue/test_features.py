"""Features in the catalogue: what there is, what one means, who uses it, what became of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from actum import layout
from actum.git.repository import Git
from actum.online.sqlite import SqliteStore
from actum.online.store import ALWAYS, Column, Publication, Published
from actum.records.version import Pins
from actum.store import Store
from actum.vocabulary.pins import pins_of
from tests.catalogue.make_registry import MODEL, Actum, Check, Registry, at, begin, digest
from tests.feature_project import FILES

PAGES = {
    "ls-features": ["ls", "features"],
    "ls-features-of-a-model": ["ls", "features", MODEL, "--sort", "name", "--limit", "3"],
    "show-feature": ["show", "feature/departures.origin_delay_3h_min"],
    "show-computed-feature": ["show", "feature/plane_age_y"],
    "show-feature-in-the-past": ["show", "feature/plane_year", "--at", "HEAD~1"],
    "diff-revisions": ["diff", "HEAD~1", "HEAD"],
    "diff-versions-with-features": ["diff", f"{MODEL}@v3.0.0", f"{MODEL}@v3.1.0"],
    "show-version-with-features": ["show", f"{MODEL}@v3.0.0"],
}
CHANGES = {
    layout.view("departures"): (
        ("over: [3h, 7d]", "over: [3h, 14d]"),
        ("name: origin_late_3h_share", "name: late_share"),
        ("delays at the origin", "mean delay at the origin"),
    ),
    layout.view("planes"): (("of: year,", "of: year_built,"),),
    layout.view("calendar"): (("origin_delay_7d_min", "origin_delay_14d_min"),),
    layout.feature_set(MODEL): (
        ("- origin_late_3h_share", "- late_share"),
        ("- trend\n", "keys: {origin: dest}\n"),
    ),
}


def pins(registry: Registry) -> Pins:
    return pins_of(Store(Git(registry.root), registry.git("rev-parse", "HEAD")), MODEL)


def told(registry: Registry) -> None:
    """Live through two versions with features: the first stands in production, their definitions moved on."""
    for path, text in FILES.items():
        if path.startswith("features/"):
            registry.put(path, text.encode())
    registry.card(features=MODEL, applications=("shop",))
    registry.commit("Features")
    run = registry.run("2013-11-01T09:00")
    version = registry.version("3.0.0", "2013-11-02T12:00", run, features=pins(registry))
    registry.promotion(version, "production", "2013-11-03")
    registry.commit("With features")
    for path, changes in CHANGES.items():
        text = (registry.root / path).read_text()
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        registry.put(path, text.encode())
    registry.commit("Other features")


@pytest.fixture(scope="session")
def featured(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    registry = begin(tmp_path_factory.mktemp("featured"))
    told(registry)
    run = registry.run("2013-12-01T09:00")
    registry.version("3.1.0", "2013-12-02T12:00", run, features=pins(registry))
    registry.git("add", "--all")
    registry.git("commit", "--quiet", "--amend", "--no-edit")
    return registry


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_features_reads_as_agreed(page: str, featured: Registry, actum: Actum, golden: Check) -> None:
    printed = actum(featured.root, *PAGES[page])
    assert printed.status == 0
    assert [line for line in printed.out.splitlines() if len(line) > 100] == []
    text = f"$ actum {' '.join(PAGES[page])}\n{printed.out}{printed.err}"
    for name in ("HEAD~2", "HEAD~1", "HEAD"):
        text = text.replace(featured.git("rev-parse", name)[:10], f"<{name}>")
    golden(page, text)


@pytest.mark.parametrize("page", PAGES)
def test_json_is_one_envelope_about_features_too(page: str, featured: Registry, actum: Actum) -> None:
    printed = actum(featured.root, *PAGES[page], "--json")
    whole = json.loads(printed.out)
    assert (printed.status, printed.err, whole["warnings"]) == (0, "", [])
    assert whole["schema"].endswith("/1")


def test_json_tells_a_feature_whole(featured: Registry, actum: Actum) -> None:
    (row,) = json.loads(actum(featured.root, "ls", "features", "--sort", "-name", "--limit", "1", "--json").out)["data"]
    assert row == {
        "id": "feature/calendar.trend",
        "name": "trend",
        "view": "calendar",
        "type": "float",
        "unit": "min",
        "sensitivity": "internal",
        "owner": "ana@example.org",
        "users": ["late-arrival@v3.0.0"],
        "digest": row["digest"],
        "merged": True,
    }
    detail = json.loads(actum(featured.root, "show", "feature/trend", "--json").out)["data"]
    assert detail["row"] == row
    assert detail["reads"] == ["feature/departures.origin_delay_14d_min", "feature/departures.origin_delay_3h_min"]
    assert detail["versions"] == [{"version": "late-arrival@v3.0.0", "stages": ["production"], "same": False}]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (
            ["show", "feature/trendy"],
            1,
            "there is no feature/trendy, did you mean feature/trend?\nhint: actum ls features",
        ),
        (
            ["show", "feature/weather.trend"],
            1,
            "there is no feature/weather.trend, did you mean feature/calendar.trend?\nhint: actum ls features",
        ),
        (
            ["show", "feature/planes"],
            1,
            "planes is a view (there is plane_year, plane_owner)\nhint: actum show feature/plane_year",
        ),
        (
            ["ls", "features", "--at", "2013-12-01"],
            2,
            (
                "definitions of features have no dates: name a commit\n"
                "hint: --at $(git rev-list -1 --first-parent --before=2013-12-01 main)"
            ),
        ),
        (
            ["diff", "HEAD", "nothing"],
            2,
            "HEAD is a revision, nothing is none\nhint: actum diff REV REV, or actum diff ID ID",
        ),
        (
            ["diff", "late-arrival", "main"],
            2,
            "main is a revision, late-arrival is none\nhint: actum diff REV REV, or actum diff ID ID",
        ),
        (
            ["log", "feature/trend"],
            2,
            "nothing happens to a feature by itself\nhint: git log -- features/calendar.yaml",
        ),
    ],
)
def test_what_cannot_be_answered_is_said(
    words: list[str], status: int, said: str, featured: Registry, actum: Actum
) -> None:
    assert actum(featured.root, *words) == (status, "", f"error: {said}\n")


def test_a_tag_that_is_called_like_a_version_is_not_taken_for_a_revision(featured: Registry, actum: Actum) -> None:
    before = actum(featured.root, *PAGES["diff-versions-with-features"])
    featured.git("tag", "late-arrival@v3.0.0", "HEAD~1")
    featured.git("tag", "late-arrival@v3.1.0", "HEAD")
    assert actum(featured.root, *PAGES["diff-versions-with-features"]) == before
    featured.git("tag", "--delete", "late-arrival@v3.0.0", "late-arrival@v3.1.0")


def test_what_only_the_checkout_has_is_not_merged(featured: Registry, tmp_path: Path, actum: Actum) -> None:
    shutil.copytree(featured.root, tmp_path / "repo")
    work = Registry(tmp_path / "repo", featured.environ)
    work.git("switch", "--quiet", "--create", "work")
    text = FILES[layout.view("planes")].replace("planes", "registers").replace("plane_", "registered_")
    work.put(layout.view("registers"), text.encode())
    work.commit()
    rows = json.loads(actum(work.root, "ls", "features", "--json").out)["data"]
    assert [row["name"] for row in rows if not row["merged"]] == ["registered_year", "registered_owner"]
    assert "registers (not merged)" in actum(work.root, "ls", "features").out
    assert "not merged" in actum(work.root, "show", "feature/registered_year").out


def test_a_view_that_cannot_be_read_is_left_out_and_said(featured: Registry, tmp_path: Path, actum: Actum) -> None:
    shutil.copytree(featured.root, tmp_path / "repo")
    work = Registry(tmp_path / "repo", featured.environ)
    work.put(layout.view("planes"), FILES[layout.view("planes")].replace("of: year,", "of: year +,").encode())
    work.commit()
    printed = actum(work.root, "ls", "features")
    assert printed.status == 0
    assert "plane_year" not in printed.out
    assert printed.err == "warning: features/planes.yaml:9: features[0].of: 'year +' ends too early\n"
    (age,) = (line for line in printed.out.splitlines() if line.startswith("plane_age_y"))
    assert age.endswith("unknown")


def test_how_fresh_a_feature_is_in_the_store_is_shown(featured: Registry, tmp_path: Path, actum: Actum) -> None:
    shutil.copytree(featured.root, tmp_path / "repo")
    work = Registry(tmp_path / "repo", featured.environ)
    assert "in the store" not in actum(work.root, "show", "feature/plane_year").out
    views = Store(Git(work.root), work.git("rev-parse", "HEAD")).definitions
    publish(work.root / layout.ONLINE_STORE, {"plane_year": views.digest("plane_year"), "plane_owner": digest("old")})
    told = "  in the store  as known until 2013-12-31 12:00Z, published 2013-12-31 12:05Z"
    assert f"{told}\n" in actum(work.root, "show", "feature/plane_year").out
    assert (
        f"{told}, with another meaning: actum features materialize\n"
        in actum(work.root, "show", "feature/plane_owner").out
    )
    (work.root / layout.ONLINE_STORE).write_text("no store")
    printed = actum(work.root, "show", "feature/plane_year")
    assert (printed.status, "in the store" in printed.out) == (0, False)
    assert "online.sqlite" in printed.err


def publish(path: Path, digests: dict[str, str]) -> None:
    """Put the view of planes into an online store, with features of these digests."""
    path.parent.mkdir()
    columns = [
        Column(name=name, type="int" if name == "plane_year" else "string", digest=digests[name]) for name in digests
    ]
    told = Published(
        view="planes",
        entity=(Column(name="tailnum", type="string"),),
        features=tuple(columns),
        until=at("2013-12-31T12:00"),
        commit="0" * 40,
        at=at("2013-12-31T12:05"),
        engine="none",
    )
    SqliteStore(path).write([Publication(published=told, rows=[("N1", ALWAYS, 1999, "somebody")])])
