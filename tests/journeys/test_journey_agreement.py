"""GTO and DVC, which know nothing of our records, read from the tags what ``actum ls`` reads from the records."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.journeys.world import World

GTO = Path(sys.executable).with_name("gto")
SIDE_CARD = """\
schema: model/1
model: side
owner: ana@example.org
applications: [shop]
pipeline: beside
artifact: side.bin
"""
SIDE_PIPELINE = """\
stages:
  train: {cmd: cp ../data/rows.csv side.bin, deps: [../data/rows.csv], outs: [side.bin]}
artifacts:
  side: {path: side.bin, type: model}
"""
ABROAD = {"tiny": "tiny", "side": "beside:side"}
"""What GTO and DVC call our models: a pipeline in a folder puts its folder before the name."""


@pytest.fixture
def pair(tiny: World) -> World:
    """Two models: tiny@v1.1.0 and side@v1.0.0 came with one branch that was squashed and deleted."""
    tiny.git("switch", "--quiet", "--create", "work")
    tiny.edit("params.yaml", "scale: 1.0", "scale: 2.0")
    tiny.write("registry/side/model.yaml", SIDE_CARD)
    tiny.write("beside/dvc.yaml", SIDE_PIPELINE)
    tiny.commit("A scale, and a second model")
    tiny.actum("run")
    tiny.actum("register", "tiny", "--version", "1.1.0")
    tiny.actum("run", "--pipeline", "beside")
    tiny.actum("register", "side", "--version", "1.0.0")
    tiny.git("switch", "--quiet", "main")
    tiny.git("merge", "--quiet", "--squash", "work")
    tiny.git("commit", "--quiet", "--message", "Work")
    tiny.git("branch", "--quiet", "-D", "work")
    return tiny


def promote(world: World, *words: str, squash: bool = False) -> None:
    """Promote to production and merge."""
    branch = world.told("promote", *words, "--to", "production")["branch"]
    world.git("merge", "--quiet", *(("--squash",) if squash else ("--no-ff", "--no-edit")), branch)
    if squash:
        world.git("commit", "--quiet", "--message", f"Promote {words[0]}")


@dataclass
class Said:
    """What one of the two sides says of all models, by the names that GTO uses.

    ``moves``: into stages, oldest first, version and event. By model, because tags order what happened to one model
    and not what happened to two.
    """

    newest: dict[str, str] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    moves: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


def said_by_us(world: World) -> Said:
    said = Said()
    for one in world.told("ls"):
        name = ABROAD[one["model"]]
        said.newest[name] = f"v{one['newest']}"
        said.standing |= {f"{name}#{stage['stage']}": f"v{stage['version']}" for stage in one["stages"]}
    for one in world.told("ls", "versions"):
        said.versions[ABROAD[one["model"]]].add(f"v{one['version']}")
    for one in sorted(world.told("ls", "events"), key=lambda one: str(one["id"])):
        if one["kind"] == "promotion":
            model, version, *_ = one["what"].split()
            said.moves[ABROAD[model]].append((f"v{version}", one["id"].removeprefix("event/")))
    return said


def said_by_gto(world: World) -> Said:
    said = Said()
    for name, one in json.loads(world.call(GTO, "show", "--json").out).items():
        said.newest[name] = one["version"]
        said.standing |= {f"{name}#{stage}": version for stage, version in one["stage"].items()}
    for one in json.loads(world.call(GTO, "history", "--ascending", "--json").out):
        if one["event"] == "registration":
            said.versions[one["artifact"]].add(one["version"])
        else:
            said.moves[one["artifact"]].append((one["version"], one["message"].partition("Event: ")[2]))
    return said


def agreed(world: World) -> Said:
    """Write the tags and return what both sides say."""
    world.actum("tags")
    ours, theirs = said_by_us(world), said_by_gto(world)
    assert theirs == ours
    return ours


def delivered(world: World, model: str, *words: str) -> str:
    """Return the digest of the bytes that DVC gives for a model."""
    place = world.root / "delivered"
    world.dvc("artifacts", "get", ".", ABROAD[model], *words, "--force", "--out", str(place))
    return "sha256:" + hashlib.sha256(place.read_bytes()).hexdigest()


def registered(world: World, model: str, version: str) -> str:
    return str(replace(world, model=model).version(version)["artifact"]["sha256"])


def test_gto_and_dvc_agree_with_ls_after_promotions_a_squash_and_a_roll_back(pair: World) -> None:
    old, new = (registered(pair, "tiny", version) for version in ("1.0.0", "1.1.0"))
    assert old != new

    promote(pair, "tiny@v1.0.0")
    promote(pair, "side@v1.0.0")
    assert agreed(pair).standing == {"tiny#production": "v1.0.0", "beside:side#production": "v1.0.0"}
    assert delivered(pair, "tiny", "--stage", "production") == old
    assert delivered(pair, "side", "--stage", "production") == registered(pair, "side", "1.0.0")

    promote(pair, "tiny@v1.1.0", squash=True)
    assert agreed(pair).standing == {"tiny#production": "v1.1.0", "beside:side#production": "v1.0.0"}
    assert delivered(pair, "tiny", "--stage", "production") == new

    promote(pair, "tiny", "--back")
    said = agreed(pair)
    assert said.standing == {"tiny#production": "v1.0.0", "beside:side#production": "v1.0.0"}
    assert said.versions == {"tiny": {"v1.0.0", "v1.1.0"}, "beside:side": {"v1.0.0"}}
    assert [version for version, _ in said.moves["tiny"]] == ["v1.0.0", "v1.1.0", "v1.0.0"]
    assert delivered(pair, "tiny", "--stage", "production") == old
    assert delivered(pair, "tiny", "--rev", "v1.1.0") == new
