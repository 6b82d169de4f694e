"""``actum features get VIEW KEY...`` and ``actum features get --set NAME KEY=VALUE...``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from actum import layout, moments
from actum.cli import output
from actum.cli.context import Context, json_option
from actum.cli.features_materialize import store_at
from actum.cli.wording import moment, seconds
from actum.errors import UsageError
from actum.publishing.look_up import Answered, Question, look_up, pairs
from actum.revisions import open_head


@click.command("get", epilog="Example: actum features get delays JFK --at 2013-04-18T22:07:00Z")
@click.argument("words", metavar="[VIEW] [KEY|NAME=VALUE]...", nargs=-1)
@click.option("--set", "set_", metavar="NAME", help="The features of a set, instead of those of a view.")
@click.option("--at", metavar="TIME", help="What holds then, by what the store knows; now, without it.")
@click.option("--request", "requests", metavar="NAME=VALUE", multiple=True, help="A value of the request.")
@click.option("--store", metavar="PATH", help=f"The store to read, instead of {layout.ONLINE_STORE}.")
@json_option
@click.pass_obj
def subcommand(
    context: Context,
    words: tuple[str, ...],
    set_: str | None,
    at: str | None,
    requests: tuple[str, ...],
    store: str | None,
    as_json: bool,
) -> None:
    """Look features up in the online store.

    Keys stand in the order of the view's entity, or by name; NAME= is a value that is missing. What is computed from a
    request takes its values by --request. A store that was made by other definitions than those checked out is
    refused.
    """
    plain, named = pairs(words)
    _, asked = pairs(requests)
    if len(asked) != len(requests):
        raise UsageError("--request takes NAME=VALUE")
    if set_ is None and not plain:
        raise UsageError("neither a view nor a set is named", hint="actum features get VIEW KEY")
    question = Question(
        view="" if set_ else plain[0],
        set=set_ or "",
        keys=plain if set_ else plain[1:],
        named={**named, **asked},
        at=moments.end_of(at) if at else context.now(),
    )
    repo = context.repo()
    head, place = open_head(repo), store_at(context, repo, store)
    answered, clock = look_up(question, head, place), head.settings().clock
    if as_json:
        data = {"view": question.view or None, "set": question.set or None, "store": str(place), **_data(answered)}
        output.envelope("features-looked-up/1", data, clock=clock)
        return
    output.clock_line(clock)
    _show(answered)


def _show(answered: Answered) -> None:
    found, units = answered.found, answered.units
    width = max(map(len, (*answered.given, *found.values)))
    for name, value in answered.given.items():
        click.echo(f"  {click.style(name.ljust(width), dim=True)}  {_written(value)}")
    for name, value in found.values.items():
        unit = f" {units[name]}" if units[name] and value is not None else ""
        click.echo(f"  {name.ljust(width)}  {_written(value)}{unit}")
    if found.until is not None:
        age = f", {seconds(found.age.total_seconds())} before" if found.age else ""
        click.echo(f"known until {moment(found.until)}{age}")


def _written(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, datetime):
        return moments.write(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    return moments.write(value) if isinstance(value, datetime) else value


def _data(answered: Answered) -> dict[str, Any]:
    found = answered.found
    return {
        "at": moments.write(found.at),
        "until": moments.write(found.until) if found.until else None,
        "age_s": found.age.total_seconds() if found.until else None,
        "given": {name: _plain(value) for name, value in answered.given.items()},
        "features": {name: _plain(value) for name, value in found.values.items()},
        "digests": dict(answered.digests),
    }
