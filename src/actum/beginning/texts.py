"""The files that a project begins with. Where only a person knows, they say ``TODO``, which ``doctor`` finds."""

from __future__ import annotations

from dataclasses import dataclass

from actum import layout, schemas
from actum.files.yaml_writing import scalar_text

TODO_OWNER = "TODO: the address of who answers for it"
ATTRIBUTES = ("runs/** linguist-generated", "*.lock linguist-generated")
GITATTRIBUTES = "# Written by machines: pull requests fold it.\n" + "".join(f"{line}\n" for line in ATTRIBUTES)

TRUSTED_TYPES = """\
# Types beyond the defaults of skops that a model of this project may hold, one dotted name a line.
# Loading a model brings them to life: review a new line like code.
"""

_SETTINGS = """\
# yaml-language-server: $schema={schema}
# What the project is for, what computes its results, and through which stages a version climbs.
schema: settings/1

project:
  name: {name}
  owner: {owner}
  # problem: what goes wrong today, in one sentence
  # value: what its owner hopes to gain, in a figure that can be looked up later
  phase: pilot  # idea, pilot, production or retired

# Who uses the models; a model that nobody uses should not be in production.
# applications:
#   - {{name: shop, owner: ana@example.org, purpose: offers cover beside the ticket}}

# What computes: not the tool's own Python. "3.11" or, exact, "3.11.7"; `actum lock` writes the lock.
environment:
  python: {python}
  platform: {platform}
  lock: requirements.lock
  exactness: strict  # relaxed: threads, BLAS and SIMD are not pinned, and runs say so

stages: [staging, production]  # in the order in which a version climbs them
trunk: {trunk}  # the branch that is the truth about stages
clock: real  # simulated: a demo or a back-fill, and every output says so
"""

_CARD = """\
# yaml-language-server: $schema={schema}
# The card: what the model is for, what it reads and answers, how it is judged.
schema: model/1
model: {model}
owner: {owner}
# title: one or two words for people
purpose: "TODO: what is decided with it, about whom, and what it must not be used for"
# risk: {{exposure: medium, purpose: medium}}  # low, medium or high
# applications: [shop]  # from actum.yaml

# The pipeline that trains it, and the file that comes of it, from the pipeline's folder.
pipeline: .
artifact: {artifact}

# For `actum score`: inputs, key, moment and decision. Types are float, int, string and bool.
# inputs:
#   - {{name: age_y, type: float, unit: y, words: age}}
# output: {{name: probability, words: probability of a claim}}
# key: id  # the column that names a row
# moment: asked_at  # the column that says when it was decided
# decision: {{threshold: 0.5, at_or_above: declined, below: offered}}
# probe: probe.parquet  # beside this file, under DVC: a few rows on which predictions are compared
# The policy is policies/{model}.yaml, what a version must show:
#   {{schema: policy/1, policy: {model}, thresholds: [{{metric: auc, at_least: 0.7}}], evidence: {{rebuild: bytes}}}}
# policy: {model}

rebuild: {{level: bytes, valid_days: 90}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the machine and the repository tell about the project. ``owner``: "" where git does not know."""

    name: str
    owner: str
    python: str
    platform: str
    trunk: str


def settings(known: Known) -> bytes:
    """Return the actum.yaml to begin with."""
    return _SETTINGS.format(
        schema=schemas.schema_uri("settings", depth=0),
        name=scalar_text(known.name),
        owner=scalar_text(known.owner or TODO_OWNER),
        python=scalar_text(known.python, quote='"'),
        platform=scalar_text(known.platform),
        trunk=scalar_text(known.trunk),
    ).encode()


def card(model: str, owner: str, artifact: str) -> bytes:
    """Return a card that validates and leaves to people what only they know."""
    return _CARD.format(
        schema=schemas.schema_uri("model", depth=layout.card(model).count("/")),
        model=scalar_text(model),
        owner=scalar_text(owner or TODO_OWNER),
        artifact=scalar_text(artifact),
    ).encode()
