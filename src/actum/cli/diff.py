"""``actum diff A B``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from actum import digests
from actum.catalogue.differences import Change, Differences, FileChange, compare
from actum.catalogue.figures import written
from actum.catalogue.identify import identify
from actum.cli.context import Context, at_option, json_option
from actum.cli.progress import telling
from actum.cli.reading import open_catalogue
from actum.cli.wording import clip, section, size
from actum.records.codec import encode
from actum.records.forms import FileFact

_ONE_LINE = 44


@click.command(epilog="Example: actum diff churn@v1.0.0 churn#production")
@click.argument("a")
@click.argument("b")
@at_option
@json_option
@click.pass_obj
def command(context: Context, a: str, b: str, at: str | None, as_json: bool) -> None:
    """Compare two versions or two runs: params, metrics, data, environment, code and the model itself.

    A and B are versions, runs, or stages and models, which stand for their version. What is equal is left out.
    """
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        found = compare(reading.holdings, identify(reading.holdings, a), identify(reading.holdings, b))
    steps = _git_diff(found)
    if as_json:
        reading.envelope("diff/1", encode(found) | {"equal": found.is_none()}, next_=steps)
        return
    click.echo(f"{found.a} -> {found.b}")
    for name, changes in found.sections().items():
        section(name, (), (_row(name, change) for change in changes))
    _print_model(found)
    for problem in found.unknown:
        click.echo(f"unknown  {problem}")
    reading.notes(next_=steps)


def _print_model(found: Differences) -> None:
    if found.is_none():
        click.echo("nothing differs" + (", as far as can be told" if found.unknown else ""))
        return
    if found.model:
        words = ", ".join(f"{likeness.of} {'equal' if likeness.equal else 'different'}" for likeness in found.model)
        click.echo(f"model    {words}")
    empty = ("packages", "outs")
    if same := [name for name, changes in found.sections().items() if not changes and name not in empty]:
        click.echo(f"same     {', '.join(same)}")


def _row(section_name: str, change: Change | FileChange) -> Sequence[str]:
    if isinstance(change, FileChange):
        return (change.path, _fact(change.a), _fact(change.b), "")
    if section_name == "code":
        return (change.name, change.how)
    a, b = (_value(change.a), _value(change.b))
    if a == b and change.how == "changed":
        a, b = repr(change.a), repr(change.b)
    difference = "" if section_name == "params" else _difference(change)
    return (change.name, "-" if change.how == "added" else a, "-" if change.how == "removed" else b, difference)


def _fact(fact: FileFact | None) -> str:
    if fact is None:
        return "-"
    return f"{digests.short(fact.md5)} {size(fact.size)}".rstrip()


def _value(value: Any) -> str:
    if isinstance(value, str):
        return digests.short(value) if value.startswith(digests.SHA256) else clip(value, _ONE_LINE)
    return clip(written(value), _ONE_LINE)


def _difference(change: Change) -> str:
    return "" if change.difference is None else f"{change.difference:+.3g}"


def _git_diff(found: Differences) -> tuple[str, ...]:
    """The lines themselves are git's to show."""
    if not found.code or not found.commits or found.commits[0] == found.commits[1]:
        return ()
    paths = " ".join(change.name for change in found.code[:4]) if len(found.code) <= 4 else ""
    old, new = (commit[:10] for commit in found.commits)
    return (f"git diff {old} {new}" + (f" -- {paths}" if paths else ""),)
