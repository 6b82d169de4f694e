"""The statement that an attestation carries: in-toto Statement v1 with SLSA's provenance predicate.

Source: in-toto.io/Statement/v1 and slsa.dev/provenance/v1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actum import moments
from actum.rebuild.source import Source
from actum.records.run import RunEnvironment
from actum.records.version import ModelVersion


def statement(
    version: ModelVersion,
    source: Source,
    environment: RunEnvironment,
    *,
    rebuilt_sha256: str,
    started: datetime,
    finished: datetime,
    tool: str,
) -> dict[str, Any]:
    """Say what was built, from what, with what, and when."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": version.artifact.path, "digest": _sha256(rebuilt_sha256)}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:actum:rebuild:1",
                "externalParameters": {"model": version.model, "version": version.version},
                "internalParameters": {"python": environment.python, "pin": environment.pin},
                "resolvedDependencies": _dependencies(version, source),
            },
            "runDetails": {
                "builder": {"id": f"urn:actum:{tool}"},
                "metadata": {"startedOn": moments.write(started), "finishedOn": moments.write(finished)},
            },
        },
    }


def _dependencies(version: ModelVersion, source: Source) -> list[dict[str, Any]]:
    data = [
        {"name": fact.path, "digest": _sha256(fact.sha256) if fact.sha256 else {"md5": fact.md5}}
        for fact in version.data
    ]
    wing = version.environment.wing
    return [
        {"name": "code", "digest": {"gitCommit": source.code}},
        {"name": version.environment.lock, "digest": _sha256(version.environment.lock_sha256)},
        {"name": wing.path, "digest": _sha256(wing.sha256 or "")},
        *data,
    ]


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}
