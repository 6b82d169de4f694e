"""What a judgement reaches beyond git: the base's remote for bytes, and environments for the holdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actum.judging.judge import judge
from actum.planning.remote import artifact_in_remote
from actum.progress import Teller
from actum.records.event import Finding
from actum.records.judgement import Judged
from actum.records.version import ModelVersion
from actum.store import Store

ObjectCheck = Callable[[ModelVersion], Finding]
Compare = Callable[[ModelVersion, ModelVersion | None], Judged]


@dataclass(frozen=True, kw_only=True)
class Means:
    """``objects``: whether a version's bytes are in the remote; ``compare``: candidate beside champion, if any."""

    objects: ObjectCheck
    compare: Compare


def means_of(base: Store, environ: Mapping[str, str], tell: Teller) -> Means:
    """Return what judges by the base's remote, holdout, card and trusted types."""
    return Means(
        objects=lambda version: artifact_in_remote(base, version, environ),
        compare=lambda candidate, champion: judge(base, candidate, champion, environ=environ, tell=tell),
    )
