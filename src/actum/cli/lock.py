"""``actum lock``."""

from __future__ import annotations

from dataclasses import asdict

import click

from actum.beginning.locking import Locked, lock
from actum.cli import output
from actum.cli.clocks import clock_at
from actum.cli.context import Context, dry_run_option, json_option
from actum.cli.progress import telling
from actum.errors import UsageError


@click.command(epilog="Example: actum lock && git add requirements.lock && git commit")
@click.option("--upgrade", is_flag=True, help="Take the newest versions that fit; without it what fits stays.")
@click.option("--check", is_flag=True, help="Write nothing; exit status 3 when the lock does not satisfy its source.")
@dry_run_option
@json_option
@click.pass_obj
def command(context: Context, upgrade: bool, check: bool, dry_run: bool, as_json: bool) -> int:
    """Write requirements.lock: exact versions with hashes.

    From requirements.in, or from pyproject.toml where there is none, for the Python that actum.yaml names.
    """
    if check and upgrade:
        raise UsageError("--check asks about the lock as it is, --upgrade changes it", hint="actum lock --upgrade -n")
    repo = context.repo()
    with telling(context, "resolving what the environment needs", as_json=as_json):
        locked = lock(repo, upgrade=upgrade, keep=check or dry_run, caller=context.environ)
    kept, clock = check or dry_run, clock_at(repo.root)
    steps = _steps(locked, kept)
    if as_json:
        data = asdict(locked.change) | {"source": locked.source, "lock": locked.out, "python": locked.python}
        data["written"] = locked.change.written and not kept
        data["satisfied"] = locked.satisfied
        output.envelope("lock-result/1", data, clock=clock, warnings=_warnings(locked), next_=steps)
    else:
        output.clock_line(clock)
        _show(locked, kept)
        output.next_steps(steps)
    return 3 if check and not locked.satisfied else 0


def _show(locked: Locked, kept: bool) -> None:
    change = locked.change
    count = f"{change.packages} package{'' if change.packages == 1 else 's'}"
    click.echo(f"{locked.out} from {locked.source} for python {locked.python}: {count}")
    output.table((f"  + {name}", version) for name, version in change.added)
    output.table((f"  - {name}", version) for name, version in change.removed)
    output.table((f"  ~ {name}", f"{old} -> {new}") for name, old, new in change.changed)
    if not change.written:
        click.echo("unchanged")
    elif locked.satisfied:
        told = "the file would be written" if kept else "the file was written"
        click.echo(f"the same versions, with other hashes or for another python: {told}")
    elif kept:
        click.echo(f"{locked.out} {'would change' if locked.was_there else 'is not there'}, nothing was written")
    for line in _warnings(locked):
        output.warn(line)


def _warnings(locked: Locked) -> list[str]:
    named = ", ".join(locked.change.source_only)
    built = [f"no wheel, built from source where it is used: {named}"] if named else []
    return [*built, *(f"{locked.out} {line}: write it into {locked.source}" for line in locked.lacking)]


def _steps(locked: Locked, kept: bool) -> list[str]:
    if kept:
        return ["actum lock"] if locked.change.written else []
    if locked.uncommitted:
        return [f"git add {' '.join(locked.uncommitted)} && git commit"]
    return ["actum run"] if not locked.change.written else []
