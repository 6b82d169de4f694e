"""What a judgement reaches beyond git: the base's remotes for bytes, and environments for the holdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actum.judging.judge import judge
from actum.planning.remote import artifact_in_remote, base_config
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


def means_of(base: Store, environ: Mapping[str, str], tell: Teller, *, allow_pickle: bool = False) -> Means:
    """Return what judges by the base's remotes, holdout, card and trusted types.

    Args:
        allow_pickle: Leave to load models that are no skops files, once their bytes are those of the base's versions.
    """

    def compare(candidate: ModelVersion, champion: ModelVersion | None) -> Judged:
        config = base_config(base, environ)
        return judge(base, candidate, champion, config=config, environ=environ, tell=tell, allow_pickle=allow_pickle)

    return Means(objects=lambda version: artifact_in_remote(base, version, environ), compare=compare)
