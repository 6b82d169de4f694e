"""A model that names a feature set: what its features mean goes on record with it, or there is no version."""

from __future__ import annotations

from tests.journeys.world import World

VIEW = """\
schema: feature-view/1
view: rows
owner: ana@example.org
entity: [row]
source: {path: data/rows.csv}
features:
- {name: weight, type: float, of: x * 2, description: twice the x}
"""
SET = """\
schema: feature-set/1
set: tiny
labels: {path: data/rows.csv, moment: at}
features: [weight]
"""


def test_what_its_features_meant_is_part_of_a_version(begun: World) -> None:
    begun.write("features/rows.yaml", VIEW)
    begun.write("features/sets/tiny.yaml", SET)
    card = f"registry/{begun.model}/model.yaml"
    begun.write(card, (begun.repo / card).read_text() + "features: tiny\n")
    begun.commit("Features")
    begun.actum("run")
    message, hint = begun.refused("register", begun.model)
    run = begun.runs()[-1]["id"]
    named = "features/rows.yaml, features/sets/tiny.yaml"
    assert message == f"run/{run} did not read {named}, which the card's features come from"
    assert hint == "name them among the deps of their stage in dvc.yaml, then actum run"
    begun.edit("dvc.yaml", "deps: [data/rows.csv,", "deps: [data/rows.csv, features,")
    begun.commit("What decides the features is read")
    begun.actum("run")
    begun.actum("register", begun.model)
    (row,) = begun.told("ls", "features")
    assert begun.version("1.0.0")["features"] == {"set": "tiny", "digests": {"weight": row["digest"]}}
    begun.edit("features/rows.yaml", "x * 2", "x * 3")
    begun.commit("Another weight")
    begun.actum("run")
    begun.actum("register", begun.model)
    (change,) = begun.told("diff", f"{begun.model}@v1.0.0", f"{begun.model}@v1.1.0")["features"]
    assert (change["name"], change["how"]) == ("weight", "changed")
