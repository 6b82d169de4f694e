"""Where each record lies in a user's repository: the only place that spells these paths."""

from __future__ import annotations

import re
from datetime import datetime

SETTINGS = "actum.yaml"
TRUSTED_TYPES = "policies/trusted-types.txt"
STATE = ".actum"
ONLINE_STORE = ".actum/online.sqlite"
REGISTRY = "registry"
POLICIES = "policies"
FEATURES = "features"
SETS = "features/sets"
RUNS = "runs"
WINGS = "environments/wings"
WHEELS = "environments/wheels"
EVIDENCE_BRANCH = "actum/evidence"
EVIDENCE_REF = f"refs/heads/{EVIDENCE_BRANCH}"
APPROVALS = "refs/actum/approvals/"

_VERSION = re.compile(r"registry/([^/]+)/versions/([^/]+)\.yaml")
_IMPORTED = re.compile(r"registry/([^/]+)/imported/([^/]+)\.yaml")
_STAGE = re.compile(r"registry/([^/]+)/stages/([^/]+)\.yaml")
_EVENT = re.compile(r"registry/([^/]+)/events/([0-9A-Z]{26})-([a-z]+)\.yaml")
_CARD = re.compile(r"registry/([^/]+)/model\.yaml")
_RUN = re.compile(r"runs/[0-9]{4}/[0-9]{2}/([0-9A-Z]{26})\.json")
_OF_A_RUN = re.compile(r"runs/[0-9]{4}/[0-9]{2}/([0-9A-Z]{26})(?:\.json|\.csv|/(?:.*/)?(?:[^/]+\.dvc|\.gitignore))")
_KEPT_BY_RUN = re.compile(r"runs/[0-9]{4}/[0-9]{2}/[0-9A-Z]{26}/.+")
_SEGMENT = re.compile(r"decisions/([^/]+)/[0-9A-Z]{26}\.parquet")
_POLICY = re.compile(r"policies/([^/]+)\.yaml")
# A folder of that name may hold a pipeline of somebody who knew nothing of feature views.
_VIEW = re.compile(r"features/(?!dvc\.yaml|params\.yaml)([^/]+)\.yaml")
_SET = re.compile(r"features/sets/([^/]+)\.yaml")
_KINDS = {"settings": re.compile(r"actum\.yaml"), "model": _CARD, "model-version": _VERSION, "stage": _STAGE}
_KINDS |= {
    "imported-version": _IMPORTED,
    "event": _EVENT,
    "run": _RUN,
    "policy": _POLICY,
    "feature-view": _VIEW,
    "feature-set": _SET,
}
# The evidence branch is nobody's to review: of its files only these are taken for true.
_EVIDENCE_EVENTS = frozenset({"attestation", "seal", "approval"})
_MEASURED = ("decisions/", "monitoring/")
_FOLDERS = {
    "model": "",
    "model-version": "versions",
    "imported-version": "imported",
    "stage": "stages",
    "event": "events",
}
IMMUTABLE = frozenset({"model-version", "imported-version", "event", "run"})
WRITTEN_BY_PEOPLE = frozenset({"settings", "model", "policy", "feature-view", "feature-set"})


def card(model: str) -> str:
    return f"registry/{model}/model.yaml"


def folder(kind: str, model: str) -> str:
    """Where a model's card, versions, stages or events lie."""
    return f"{REGISTRY}/{model}/{_FOLDERS[kind]}".rstrip("/")


def beside_card(model: str, name: str) -> str:
    return f"registry/{model}/{name}"


def version(model: str, number: str) -> str:
    return f"registry/{model}/versions/{number}.yaml"


def imported(model: str, number: str) -> str:
    return f"registry/{model}/imported/{number}.yaml"


def stage(model: str, name: str) -> str:
    return f"registry/{model}/stages/{name}.yaml"


def event(model: str, ulid: str, kind: str) -> str:
    return f"registry/{model}/events/{ulid}-{kind}.yaml"


def run(ulid: str, at: datetime) -> str:
    return f"{RUNS}/{at:%Y}/{at:%m}/{ulid}.json"


def run_at(path: str) -> str:
    """Return the id of the run whose record lies at a path."""
    return path.rpartition("/")[2].removesuffix(".json")


def beside_run(ulid: str, at: datetime, name: str = "") -> str:
    """Where a run's own folder lies, or what is in it: artifacts, and metrics by step that are too long for git."""
    return f"{RUNS}/{at:%Y}/{at:%m}/{ulid}" + (f"/{name}" if name else "")


def series(ulid: str, at: datetime) -> str:
    """Where a run's metrics by step lie while they are short."""
    return f"{RUNS}/{at:%Y}/{at:%m}/{ulid}.csv"


def run_beside(path: str) -> str | None:
    """Return the id of the run that a file under ``runs/`` belongs to, its record among them; None for a stranger."""
    found = _OF_A_RUN.fullmatch(path)
    return found[1] if found else None


def is_kept_by_run(path: str) -> bool:
    """Whether *path* is of an artifact that a run kept, or of its metrics by step: bytes under DVC."""
    return _KEPT_BY_RUN.fullmatch(path) is not None


def policy(name: str) -> str:
    return f"policies/{name}.yaml"


def view(name: str) -> str:
    return f"{FEATURES}/{name}.yaml"


def feature_set(name: str) -> str:
    return f"{SETS}/{name}.yaml"


def segment(model: str, ulid: str) -> str:
    return f"decisions/{model}/{ulid}.parquet"


def decider_of(path: str) -> str | None:
    """Return the model whose decisions lie in a segment, or None where the path is no segment's."""
    found = _SEGMENT.fullmatch(path)
    return found[1] if found else None


def version_ref(model: str, number: str) -> str:
    """The ref that keeps a version's result commit reachable, whatever a merge does to its branch."""
    return f"refs/actum/versions/{model}/{number}"


def run_ref(ulid: str) -> str:
    """The ref that keeps the snapshot of a dirty tree."""
    return f"refs/actum/runs/{ulid}"


def approvals_ref(plan: str) -> str:
    """The ref on which approvals of one plan travel, by its digest, until they land as evidence."""
    return APPROVALS + plan.removeprefix("sha256:")


def promotion_branch(model: str, to: str) -> str:
    return f"promote/{model}/{to}"


def in_pipeline(folder: str, name: str) -> str:
    """Where a path that is given from a pipeline's folder lies, from the root."""
    return name if folder in (".", "") else f"{folder}/{name}"


def meet(one: str, other: str) -> bool:
    """Whether two paths are the same, or one lies in the other."""
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


def kind_of(path: str) -> str | None:
    """Return which schema a path must satisfy, or None when it is not a record of ours."""
    if path.startswith("runs/"):  # they are many
        return "run" if _RUN.fullmatch(path) else None
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(path)), None)


def is_evidence(path: str) -> bool:
    """Whether a file may travel on the evidence branch: what machines measured or sealed, never a promotion."""
    return path.startswith(_MEASURED) or (kind_of(path) == "event" and names_in(path)[2] in _EVIDENCE_EVENTS)


def is_approval(path: str) -> bool:
    """Whether a file may travel on the ref of a plan's approvals."""
    return kind_of(path) == "event" and names_in(path)[2] == "approval"


def names_in(path: str) -> tuple[str, ...]:
    """Return what a record's path itself says: the model, then the version, the stage, or the event's id and kind."""
    kind = kind_of(path)
    found = _KINDS[kind].fullmatch(path) if kind else None
    return found.groups() if found else ()
