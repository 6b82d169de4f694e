"""The views of the flight example, written as people write them, in a repository that a test changes."""

from __future__ import annotations

from pathlib import Path

from actum.git.repository import Git
from actum.store import Store
from tests.real_git import git, write

SETTINGS = """\
schema: settings/1
project: {name: delay-cover, owner: ana@example.org}
environment: {python: "3.11"}
"""
CARD = """\
schema: model/1
model: late-arrival
owner: ana@example.org
artifact: models/late-arrival.skops
features: late-arrival
"""
DEPARTURES = """\
schema: feature-view/1
view: departures
description: What became of the flights that left an airport
owner: ana@example.org
entity: [origin]
source:
  path: data/flights.parquet
  event_at: scheduled_at
  known_at: departed_at
  where: [not cancelled]
features:
- name: origin_delay_{over}_min
  type: float
  of: dep_delay
  aggregate: mean
  over: [3h, 7d]
  unit: min
  description: delays at the origin
- name: origin_late_3h_share
  type: float
  of: dep_delay > 30
  aggregate: share
  over: [3h]
  description: share of flights that left more than half an hour late
"""
PLANES = """\
schema: feature-view/1
view: planes
description: The aircraft that flies, as the register has it
owner: ben@example.org
entity: [tailnum]
source:
  path: data/planes.csv
features:
- {name: plane_year, type: int, of: year, description: year in which it was built}
- {name: plane_owner, type: string, of: owner_name, sensitivity: personal, description: who it belongs to}
"""
CALENDAR = """\
schema: feature-view/1
view: calendar
description: What a request says by itself, and what follows from it
owner: ana@example.org
request:
- {name: scheduled_at, type: timestamp, description: the scheduled departure}
features:
- {name: hour, type: int, of: "hour(scheduled_at, 'America/New_York')", unit: h, description: hour of departure}
- name: plane_age_y
  type: int
  of: year(scheduled_at, 'America/New_York') - plane_year
  unit: y
  description: age of the aircraft
- name: trend
  type: float
  of: origin_delay_3h_min - origin_delay_7d_min
  unit: min
  description: whether it becomes worse
"""
SET = """\
schema: feature-set/1
set: late-arrival
labels: {path: data/labels.parquet, moment: offered_at, key: [flight_id]}
features:
- origin_delay_3h_min
- origin_late_3h_share
- hour
- plane_age_y
- trend
"""
FILES = {
    "actum.yaml": SETTINGS,
    "registry/late-arrival/model.yaml": CARD,
    "features/departures.yaml": DEPARTURES,
    "features/planes.yaml": PLANES,
    "features/calendar.yaml": CALENDAR,
    "features/sets/late-arrival.yaml": SET,
}


class FeatureProject:
    """A repository with the views of the example."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def begin(cls, root: Path) -> FeatureProject:
        root.mkdir()
        git(root, "init", "-q")
        project = cls(root)
        for path, text in FILES.items():
            write(root, path, text)
        project.commit("Begin")
        return project

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Replace texts of a file in the work tree, each of which is there once."""
        text = (self.root / path).read_text()
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        write(self.root, path, text)

    def write(self, path: str, text: str) -> None:
        write(self.root, path, text)

    def commit(self, message: str = "Change") -> str:
        git(self.root, "add", "--all")
        git(self.root, "commit", "-qm", message)
        return git(self.root, "rev-parse", "HEAD")

    def store(self, revision: str = "HEAD") -> Store:
        return Store(Git(self.root), git(self.root, "rev-parse", revision)).tolerant()
