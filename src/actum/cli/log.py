"""``actum log [ID]``."""

from __future__ import annotations

import click

from actum import layout
from actum.catalogue.happenings import Happening, newest
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import identify, shown_length
from actum.cli import output
from actum.cli.context import COUNT, Context, at_option, json_option
from actum.cli.progress import telling
from actum.cli.reading import open_catalogue
from actum.cli.wording import clip, columns, moment, place_of, recorded
from actum.errors import UsageError
from actum.records.codec import encode

_SHOWN = 20


@click.command(epilog="Example: actum log churn#production --at 2020-04-01")
@click.argument("id", required=False)
@click.option("--limit", type=COUNT, metavar="N", help=f"At most N, {_SHOWN} unless told; 0 for all.")
@at_option
@json_option
@click.pass_obj
def command(context: Context, id: str | None, limit: int | None, at: str | None, as_json: bool) -> None:
    """Tell what happened, newest first: runs, registrations, promotions, attestations, seals.

    ID narrows it to a model, a version, a stage, a run or an event.
    """
    most = _SHOWN if limit is None else limit
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        about = identify(reading.holdings, id) if id else None
        if about is not None and about.kind == "feature":
            path = layout.view(about.owner)
            raise UsageError("nothing happens to a feature by itself", hint=f"git log -- {path}")
        found = newest(reading.holdings, about, most + 1 if most else 0)
    told = found[:most] if most else found
    if as_json:
        reading.envelope("log/1", [encode(happening) for happening in told])
    else:
        _print(told, reading.holdings)
        reading.notes(next_=() if told else ("actum run",))
    if limit is None and len(found) > len(told):
        output.say(f"the last {most} are shown: --limit 0 shows all")


def _print(told: tuple[Happening, ...], holdings: Holdings) -> None:
    lengths = {kind: shown_length(holdings.ulids(kind)) for kind in ("run", "event")}
    columns(
        ("when", "recorded", "what", "by", "", "id"),
        (
            (
                moment(happening.at),
                recorded(happening.at, happening.recorded_at),
                happening.what,
                clip(str(happening.by or ""), 16),
                place_of(happening),
                _short(happening.id, lengths),
            )
            for happening in told
        ),
    )


def _short(id: str, lengths: dict[str, int]) -> str:
    """A version says its id in the sentence; the others are told as short as they are unique."""
    kind, slash, ulid = id.partition("/")
    return ulid[: lengths[kind]] if slash else ""
