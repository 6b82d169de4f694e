"""The use case: describe the model, push and verify its bytes, write the version, keep its commit reachable."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actum import claims, digests, files, layout, registry, state
from actum.dvc import delivery
from actum.dvc.cache import cache_of
from actum.dvc.config import read_config
from actum.dvc.objects import Needed
from actum.dvc.tracked import read_tracked, write_tracked
from actum.environment.wheels import collect_wheels
from actum.errors import NotFoundError, ToolFailedError, UserError
from actum.filing import write_record
from actum.git import writing
from actum.git.repository import Git
from actum.names import Bump, Version
from actum.needs import bring, objects_needed
from actum.progress import Teller
from actum.quantities import plural
from actum.records.card import ModelCard
from actum.records.forms import FileFact
from actum.records.version import PICKLES, Artifact, ModelVersion, Pins, Probe
from actum.registration.choice import Chosen, choose
from actum.store import Store
from actum.workshop import Workshop, open_recorded_workshop

DVC_CONFIG = ".dvc/config"


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What was asked for.

    ``version`` overrules ``bump``; ``local``: nothing leaves this machine; ``allow_pickle``: leave to load the artifact
    though it is no skops file.
    """

    model: str
    run: str | None = None
    version: str | None = None
    bump: Bump = "minor"
    wheels: bool = False
    local: bool = False
    allow_pickle: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The version on record. ``new``: whether this call wrote it; ``commit``: that of the version file.

    ``asked_run``: of a version that was there, the run that was to be registered; the same bytes are one version.
    """

    version: ModelVersion
    path: str
    new: bool
    commit: str | None = None
    objects: int = 0
    remote: str = ""
    problem: str = ""
    asked_run: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a registration is given by the process."""

    repo: Git
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    tell: Teller


def register(order: Order, around: Surroundings) -> Outcome:
    """Register the artifact of a run.

    Raises:
        UserError: The run cannot be registered, or the version belongs to another run.
        ToolFailedError: The remote did not take the objects, or gave back other bytes.
    """
    repo = around.repo
    with state.one_writer(repo.root, f"register {order.model}"):
        repo.identity()
        writing.require_branch(repo)
        _require_history(repo)
        changed = repo.dirty()
        if DVC_CONFIG in changed and not order.local:
            mend = f"git add {DVC_CONFIG} && git commit"
            around.tell(f"{DVC_CONFIG} is not committed as it is: a clone will not know this remote ({mend})")
        files.sweep(repo.root, changed)
        store = Store(repo, repo.head())
        card = store.card(order.model)
        chosen = choose(store, card, order.run)
        number, standing = _number(store, order, card, chosen)
        if standing is not None:
            return _again(order, around, chosen, standing)
        return _register(order, around, store, card, chosen, number)


def _again(order: Order, around: Surroundings, chosen: Chosen, standing: ModelVersion) -> Outcome:
    """See to it that a version on record is in the remote and keeps its commit, whatever stopped the first call."""
    name = f"{order.model}@v{standing.version}"
    if order.allow_pickle and standing.artifact.state is None:
        problem = f"{name} was registered by its bytes alone, and a version never changes"
        raise UserError(problem, hint=f"actum rebuild {name} --allow-pickle")
    if order.wheels and standing.environment.wheels is None:
        raise UserError(f"{name} was registered without its wheels, and a version never changes", hint="actum run")
    outcome = Outcome(version=standing, path=_path(standing), new=False, asked_run=chosen.run.id)
    if not order.dry_run and not order.local:
        remote, count = _push(around, Store(around.repo, _held(around.repo, standing, chosen)), standing)
        outcome = replace(outcome, remote=remote, objects=count)
    return _finish(order, around, standing, outcome)


def _held(repo: Git, standing: ModelVersion, chosen: Chosen) -> str:
    """Return the version's own result commit; that of the run chosen now, where a squash has lost it."""
    return repo.resolve(standing.result_commit) or chosen.result.commit


def _require_history(repo: Git) -> None:
    """A shallow clone's oldest commit seems to bring every file, a run's results among them."""
    if repo.is_shallow():
        problem = "this clone is shallow: the commit that brought a run's results cannot be told here"
        raise UserError(problem, hint="git fetch --unshallow")


def _number(store: Store, order: Order, card: ModelCard, chosen: Chosen) -> tuple[str, ModelVersion | None]:
    """Return the number to give, and the version that this run already has, if any.

    Raises:
        UserError: The number belongs to another run, or the run to another number.
    """
    wanted = None if order.version is None else str(_parsed(order.version))
    for version in store.versions(order.model):
        if version.run == chosen.run.id or _is_the_same(version, card, chosen):
            if wanted in (None, version.version):
                return version.version, version
            name, run = f"{order.model}@v{version.version}", f"run/{chosen.run.id}"
            same = f"{run} is {name} already; a run has one version"
            equal = f"{run} made the very bytes that are {name} already, of run/{version.run}"
            raise UserError(same if version.run == chosen.run.id else equal, hint=f"actum show {name}")
        if version.version == wanted:
            raise UserError(
                f"{order.model}@v{wanted} is run/{version.run}, registered {version.registered_at:%Y-%m-%d} by"
                f" {version.registered_by}; a version never changes",
                hint=f"actum register {order.model} --bump minor",
            )
    return _free(store.repo, order, chosen, wanted or registry.next_version(store, order.model, order.bump)), None


def _free(repo: Git, order: Order, chosen: Chosen, number: str) -> str:
    """Return the number, or the next one that no other branch, here or at origin, has given away."""
    if not (order.local or order.dry_run) and repo.config("remote.origin.url"):
        refs = layout.version_ref(order.model, "*")
        writing.fetch(repo, "origin", f"{refs}:{refs}")  # out of reach, it is what the push will say
    while (held := repo.resolve(layout.version_ref(order.model, number))) not in (None, chosen.result.commit):
        if order.version is not None:
            raise UserError(
                f"{order.model}@v{number} is given on another branch, to what commit {held[:10]} brought",
                hint=f"actum register {order.model} --bump {order.bump}",
            )
        number = str(Version.parse(number).bump(order.bump))
    return number


def _is_the_same(version: ModelVersion, card: ModelCard, chosen: Chosen) -> bool:
    """Equal bytes are no new version, unless of another environment, which scores and replays, or of other features."""
    if version.artifact.sha256 != chosen.artifact.sha256:
        return False
    same_lock = version.environment.lock_sha256 == chosen.run.recipe().environment.lock_sha256
    return same_lock and version.features == _pins(card, chosen)


def _parsed(text: str) -> Version:
    try:
        return Version.parse(text)
    except ValueError as error:
        raise UserError(str(error), hint="--version 1.2.0") from error


def _register(
    order: Order, around: Surroundings, store: Store, card: ModelCard, chosen: Chosen, number: str
) -> Outcome:
    repo = around.repo
    pins = _pins(card, chosen)
    workshop = _workshop(around, chosen)
    described, problem = _describe(order, around, workshop, store, card, chosen)
    wheels, extra = _keep_wheels(order, around, chosen, workshop)
    version = replace(_version(around, card, chosen, number, described, wheels), features=pins)
    path = _path(version)
    if order.dry_run:
        return Outcome(version=version, path=path, new=True, problem=problem)
    remote, count = ("", 0) if order.local else _push(around, chosen.result, version)
    around.tell.now("committing")
    files.replace(files.inside(repo.root, path), write_record(version, path=path))
    commit = writing.commit_work_tree(repo, [path, *extra], f"Register {order.model} {number}\n\nRun: {version.run}")
    outcome = Outcome(
        version=version, path=path, new=True, commit=commit, objects=count, remote=remote, problem=problem
    )
    return _finish(order, around, version, outcome)


def _workshop(around: Surroundings, chosen: Chosen) -> Workshop:
    """Return the environment of the run, with the very code of ours that ran inside."""
    environment = chosen.run.recipe().environment
    lock = chosen.result.read(environment.lock)
    return open_recorded_workshop(around.repo.root, lock, environment, environ=around.environ, tell=around.tell)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Described:
    format: str
    state: str | None = None
    probe: Probe | None = None


def _describe(
    order: Order, around: Surroundings, workshop: Workshop, store: Store, card: ModelCard, chosen: Chosen
) -> tuple[_Described, str]:
    """Return what the model is beyond its bytes, and why some of it could not be told."""
    config, artifact = read_config(workshop.root, around.environ), chosen.artifact
    plain = claims.bytes_format(artifact.path)
    if plain and not order.allow_pickle:
        return _Described(format=plain), _unopened(order, artifact.path) if plain in PICKLES else ""
    probe = _probe(store, card)
    model = Needed(path=artifact.path, md5=artifact.md5, size=artifact.size, sha256=artifact.sha256 or "")
    rows = Needed(path=probe.path, md5=probe.md5, size=probe.size) if probe else None
    request = {
        "model": str(bring(model, config, around.environ, around.tell)),
        "sha256": artifact.sha256,
        "trusted": list(store.trusted_types()),
        "allow_pickle": order.allow_pickle,
        "probe": str(bring(rows, config, around.environ, around.tell)) if rows else None,
        "inputs": [{"name": item.name, "type": item.type} for item in card.inputs],
    }
    around.tell.now("describing the model")
    try:
        answer = workshop.ask("describe", request)
    except ToolFailedError:
        raise
    except UserError as error:  # of another library than was thought
        raise UserError(str(error), hint=error.hint or f"actum register {order.model}  # by its bytes alone") from error
    told, problem = answer.get("probe"), answer.get("probe_problem") or ""
    kept = None
    if probe and told:
        kept = Probe(path=probe.path, md5=probe.md5, rows=told["rows"], predictions=told["predictions"])
    return _Described(format=answer["format"], state=answer["state"], probe=kept), problem


def _unopened(order: Order, path: str) -> str:
    """Say what the version of a pickle lacks without leave to load it."""
    lacking = "neither its state nor its predictions go on record: to load a pickle is to run what is in it"
    given = f"actum register {order.model} --allow-pickle" if order.dry_run else "--allow-pickle was not given"
    return f"{path} is not loaded, and {lacking} ({given})"


def _probe(store: Store, card: ModelCard) -> FileFact | None:
    if card.probe is None:
        return None
    path = layout.beside_card(card.model, card.probe)
    data = store.read(path + ".dvc")
    if data is None:
        raise NotFoundError(f"{path}.dvc is not committed", hint=f"dvc add {path} && git add {path}.dvc && git commit")
    (out,) = read_tracked(data, path + ".dvc").outs
    assert out.md5 is not None
    return FileFact(path=path, md5=out.md5, size=out.size)


def _keep_wheels(
    order: Order, around: Surroundings, chosen: Chosen, workshop: Workshop
) -> tuple[str | None, tuple[str, ...]]:
    """Put the wheelhouse of the lock under DVC; return its name there and the paths for git."""
    if not order.wheels or order.dry_run:
        return None, ()
    root = around.repo.root
    lock = chosen.result.read(workshop.described.lock)
    assert lock is not None
    name = digests.short(workshop.described.lock_sha256)
    folder = state.folder(root) / "wheels" / name
    if not folder.exists():  # it comes whole or not at all, and an earlier version may have had the same lock
        around.tell("collecting the wheels of the lock")
        around.tell.now("collecting the wheels of the lock")
        collect_wheels(lock, workshop.prepared.environment, into=folder, caller=around.environ)
    kept = cache_of(read_config(root, around.environ)).put_dir(folder)
    tracked, ignore = f"{layout.WHEELS}/{name}.dvc", f"{layout.WHEELS}/.gitignore"
    files.replace(files.inside(root, tracked), write_tracked(name, kept.md5, kept.size, kept.nfiles))
    files.replace(files.inside(root, ignore), b"/*\n!/.gitignore\n!/*.dvc\n")
    return kept.md5, (tracked, ignore)


def _pins(card: ModelCard, chosen: Chosen) -> Pins | None:
    code = chosen.result.beside(chosen.run.recipe().code_commit)
    return claims.trained_with(card.features, chosen.run, code) if card.features else None


def _version(
    around: Surroundings, card: ModelCard, chosen: Chosen, number: str, described: _Described, wheels: str | None
) -> ModelVersion:
    run, recipe, artifact = chosen.run, chosen.run.recipe(), chosen.artifact
    assert artifact.sha256 is not None
    return ModelVersion(
        schema="model-version/1",
        model=card.model,
        version=number,
        registered_at=around.now(),
        registered_by=around.repo.identity(),
        run=run.id,
        code_commit=recipe.code_commit,
        result_commit=chosen.result.commit,
        pipeline=recipe.pipeline,
        artifact=Artifact(
            path=artifact.path,
            md5=artifact.md5,
            sha256=artifact.sha256,
            size=artifact.size or 0,
            format=described.format,
            state=described.state,
        ),
        environment=claims.environment_of(run, wheels),
        probe=described.probe,
        params=run.params,
        metrics=claims.measured(run),
        plots=chosen.pipeline.plots,
        data=claims.sources(run, chosen.result.tree),
        content=claims.content(run, chosen.lock, chosen.result.tree),
    )


def _push(around: Surroundings, result: Store, version: ModelVersion) -> tuple[str, int]:
    """Push what the version needs, and hash it in the remote ourselves."""
    config = read_config(around.repo.root, around.environ)
    needed = objects_needed(result, version, [cache_of(config)])
    around.tell(f"pushing {plural(len(needed), 'object')} and reading them back")
    pushed = delivery.push_verified(needed, config, around.environ, around.tell)
    return ", ".join(pushed.remotes), pushed.verified


def _finish(order: Order, around: Surroundings, version: ModelVersion, outcome: Outcome) -> Outcome:
    """Keep the result commit reachable, here and at origin; done again it changes nothing."""
    if order.dry_run:
        return outcome
    repo = around.repo
    ref = layout.version_ref(order.model, version.version)
    held = repo.resolve(ref)
    if held is None:
        writing.move_ref(repo, ref, version.result_commit, expected=None)
    elif held != version.result_commit:
        raise UserError(
            f"{ref} points at {held[:10]}, the version says {version.result_commit[:10]}", hint="actum fsck"
        )
    if not order.local and repo.config("remote.origin.url"):
        around.tell.now("pushing the ref to origin")
        try:
            writing.push(repo, "origin", f"{ref}:{ref}")
        except ToolFailedError as error:
            where = f" in commit {outcome.commit[:10]}" if outcome.commit else ""
            done = f"{order.model}@v{version.version} is on record here{where}"
            raise ToolFailedError(f"{done}, but origin has not got {ref}: {error}", hint=_command(order)) from error
    return outcome


def _command(order: Order) -> str:
    """Return the command line that was typed: repeated, it does what is still to be done."""
    options = {"--run": order.run, "--version": order.version}
    if order.version is None and order.bump != "minor":
        options["--bump"] = order.bump
    given = [word for name, value in options.items() if value for word in (name, value)]
    return shlex.join(["actum", "register", order.model, *given, *(["--wheels"] if order.wheels else [])])


def _path(version: ModelVersion) -> str:
    return layout.version(version.model, version.version)
