"""What ``init --ci github`` adds: workflows that check, comment, tag, rebuild and train. Their texts: ``github/``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from actum import layout
from actum.beginning import owners
from actum.files.yaml_writing import scalar_text
from actum.filing import read_record
from actum.records.settings import Settings

Forge = Literal["github"]
WORKFLOWS = (
    "actum-check.yml",
    "actum-comment.yml",
    "actum-after-merge.yml",
    "actum-rebuild.yml",
    "actum-train.yml",
)
FOLDER = ".github/workflows"
UNKNOWN = "OWNER/actum@v0 # TODO: where your copy of actum lives; pin by commit SHA"
NAME_THE_ACTION = f"write where your copy of actum lives, and a commit of it, in place of OWNER/actum@v0 in {FOLDER}"
_TEXTS = Path(__file__).with_name("github")
_REPOSITORY = re.compile(
    r"(?:https://|ssh://git@|git@)github\.com[:/](?P<owner>[\w-]{1,39})/(?P<name>[\w.-]{1,100}?)(?:\.git)?/?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ci:
    """Where the project is reviewed. ``action``: what its workflows use actum by."""

    forge: Forge
    action: str = UNKNOWN


def action_of(installed_from: str | None) -> str:
    """Return the action of the very actum that is installed, by its commit; a ``TODO`` where nobody can tell.

    Args:
        installed_from: direct_url.json of the installation (PEP 610), which pip writes for what came from git.
    """
    try:
        told = json.loads(installed_from or "{}")
        commit, name = told["vcs_info"]["commit_id"], told["vcs_info"].get("requested_revision", "")
        found = _REPOSITORY.fullmatch(told["url"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return UNKNOWN
    if found is None or not re.fullmatch(r"[0-9a-f]{40}", str(commit)):
        return UNKNOWN
    comment = f" # {name}" if re.fullmatch(r"[\w./-]{1,60}", str(name)) and name != commit else ""
    return f"{found['owner']}/{found['name']}@{commit}{comment}"


def additions(root: Path, begun: Mapping[str, bytes], ci: Ci) -> dict[str, bytes]:
    """Return the files that a project at a forge has besides, by path; the one for owners with all that it holds now.

    Args:
        begun: What ``init`` begins a project with; of it only what is not there already will be written.

    Raises:
        UserError: A record that says who owns what is malformed, or a marker of ours lost its other one.
    """
    records = {path: data for path, data in begun.items() if layout.kind_of(path)} | _records_there(root)
    settings = read_record(layout.SETTINGS, records[layout.SETTINGS])
    assert isinstance(settings, Settings)
    where = owners.place_of(root)
    before = (root / where).read_bytes() if (root / where).is_file() else b""
    owned = owners.with_block(before, owners.lines_of(records), where=where)
    return _workflows(ci, settings.trunk) | {where: owned}


def _records_there(root: Path) -> dict[str, bytes]:
    patterns = (layout.SETTINGS, layout.card("*"), layout.policy("*"))
    found = (path for pattern in patterns for path in root.glob(pattern) if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def _workflows(ci: Ci, trunk: str) -> dict[str, bytes]:
    filled = {"ACTION": ci.action, "TRUNK": scalar_text(trunk, flow=True)}
    return {f"{FOLDER}/{name}": _fill((_TEXTS / name).read_text(encoding="utf-8"), filled) for name in WORKFLOWS}


def _fill(text: str, values: dict[str, str]) -> bytes:
    return re.sub(r"(?<=: )ACTION$|(?<=\[)TRUNK(?=\])", lambda found: values[found[0]], text, flags=re.M).encode()
