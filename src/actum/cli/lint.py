"""``actum lint [FILE]... [--only RULE] [--fix]``."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from actum.checking.staged import RULES, Linted, Rule, lint
from actum.cli import output
from actum.cli.clocks import clock_at
from actum.cli.context import Context, json_option
from actum.errors import NotFoundError, UsageError
from actum.git.repository import Git


@click.command(epilog="Example: actum lint --fix registry/churn/model.yaml")
@click.argument("paths", nargs=-1, metavar="[FILE]...", type=click.Path())
@click.option("--only", multiple=True, type=click.Choice(RULES), help="Ask for this rule alone; may be repeated.")
@click.option("--fix", is_flag=True, help="Bring records of the work tree into form: comments, order and quotes stay.")
@json_option
@click.pass_obj
def command(context: Context, paths: tuple[str, ...], only: tuple[Rule, ...], fix: bool, as_json: bool) -> int:
    """Look over what is about to be committed: what is staged, or FILEs as the work tree has them.

    \b
    validate   records fit their schemas
    format     records are in their one form
    immutable  no version, event or run on record is edited or removed
    dvc-lock   what dvc.lock says was made by a run on record
    pickle     no file that can run code, unless an output on record or a version has its bytes

    Needs no network, no remote and no trunk: for commits and pull requests there is actum check.
    """
    repo = context.repo()
    named = [_from_root(repo, context.folder, path) for path in paths]
    linted = lint(repo, named, rules=only or RULES, fix=fix, environ=context.environ)
    steps = [f"git add {' '.join(linted.formatted)}"] if linted.formatted and linted.staged else []
    clock = clock_at(repo.root)
    if as_json:
        data = {"staged": linted.staged, "files": linted.files, "formatted": list(linted.formatted)}
        found = [asdict(one) for one in linted.objections]
        output.envelope("lint/1", data | {"findings": found, "clean": not linted.blocks}, clock=clock, next_=steps)
    else:
        output.clock_line(clock)
        _show(linted)
        output.next_steps(steps)
    return 3 if linted.blocks else 0


def _from_root(repo: Git, folder: Path, path: str) -> str:
    """Return a path that was typed in *folder* as the repository has it; a link at its end is not followed."""
    place = Path(os.path.abspath(folder / path))
    real = Path(os.path.realpath(place.parent), place.name)
    root = Path(os.path.realpath(repo.root))
    if not real.is_relative_to(root):
        raise UsageError(f"{path}: lies outside of {repo.root}", hint="actum -C DIR lint FILE")
    found = real.relative_to(root).as_posix()
    head = repo.resolve("HEAD")
    if not os.path.lexists(real) and not (head and repo.tree(head, found)):  # one that was removed has rules, too
        raise NotFoundError(f"{path}: is not there", hint="git status")
    return found


def _show(linted: Linted) -> None:
    for path in linted.formatted:
        click.echo(f"formatted {path}")
    for one in linted.objections:
        click.echo(one.sentence())
    blocks = len(linted.blocks)
    what = f"{linted.files} {'staged ' if linted.staged else ''}file{'' if linted.files == 1 else 's'}"
    line = f"{what}: {blocks} block, {len(linted.objections) - blocks} warn"
    click.echo(f"refused: {line}" if blocks else f"clean: {line}")
