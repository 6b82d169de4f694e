"""``actum.yaml``: the project, the applications that use its models, and how exact it is to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from actum.records.forms import Name, RepoPath

Clock = Literal["real", "simulated"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What the project is for. ``value``: what its owner hopes to gain."""

    name: str
    owner: str
    problem: str = ""
    value: str = ""
    phase: Literal["idea", "pilot", "production", "retired"] = "pilot"


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """A consumer of models; a model without one should not be in production."""

    name: Name
    owner: str
    purpose: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentSettings:
    """The environment that computes. ``python``: "3.11" or, exact, "3.11.7".

    ``exactness``: ``strict`` pins threads, BLAS core type and SIMD; ``relaxed`` does not, and runs say so.
    """

    python: str
    platform: str = "linux-x86_64"
    lock: RepoPath = "requirements.lock"
    exactness: Literal["strict", "relaxed"] = "strict"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """People who may answer for something, by e-mail address, which is also the principal of their SSH key."""

    name: Name
    members: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Signing:
    """Whose signatures count. ``signers``: an OpenSSH allowed-signers file; ``revoked``: keys that no longer do.

    ``logins``: account at the forge -> e-mail address, for reviews that are imported from there.
    """

    signers: RepoPath = "policies/allowed_signers"
    revoked: RepoPath = "policies/revoked_signers"
    logins: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The whole of ``actum.yaml``. ``stages``: in the order in which a version climbs them.

    ``clock: simulated`` marks a demo or a back-fill: every output then says so.
    """

    schema: Literal["settings/1"]
    project: Project
    environment: EnvironmentSettings
    applications: tuple[Application, ...] = ()
    groups: tuple[Group, ...] = ()
    signing: Signing = Signing()
    stages: tuple[Name, ...] = ("staging", "production")
    trunk: str = "main"
    clock: Clock = "real"
