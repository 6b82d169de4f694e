"""How a feature is shown to people, and what became of several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from actum.catalogue.feature_changes import FeatureChange, Part
from actum.catalogue.feature_pages import FeatureDetail, Training
from actum.catalogue.freshness import Stored
from actum.catalogue.revision_features import FeatureDifferences, SetChange
from actum.cli import output
from actum.cli.wording import clip, moment, section, wrap

_TEXT = 76
_PART = 58
_VERSIONS = 12
_HOW = {"words": "said otherwise", "changed": "other meaning"}


def print_feature(found: FeatureDetail) -> None:
    """Print what a feature means, who answers for it and who uses it."""
    row = found.row
    head = (click.style(row.id, bold=True), row.unit, "" if row.merged else "not merged")
    click.echo("  ".join(word for word in head if word))
    about = (
        ("description", wrap(found.description, _TEXT)),
        *((label, wrap(words, _TEXT)) for label, words in found.words.items()),
        ("asked by", ", ".join((*found.entities, *(f"{name} ({kind})" for name, kind in found.request.items())))),
        ("reads", _ids(found.reads)),
        ("read by", _ids(found.read_by)),
        ("owner", row.owner or "nobody"),
        ("sensitivity", row.sensitivity if row.sensitivity != "internal" else ""),
        ("sets", ", ".join(found.sets)),
        ("users", ", ".join(row.users) or "nobody"),
        ("digest", row.digest),
        ("in the store", found.stored and _stored(found.stored)),
    )
    output.facts(about)
    standing_first = sorted(found.versions, key=lambda one: not one.stages)
    more = f", {_VERSIONS} of {len(found.versions)}" if len(found.versions) > _VERSIONS else ""
    section(f"trained with it{more}", (), (_training(one) for one in standing_first[:_VERSIONS]))


def print_feature_differences(found: FeatureDifferences) -> None:
    """Print what became of features and sets from one revision to another."""
    click.echo(f"{found.a[:10]} -> {found.b[:10]}")
    section("features", (), (row for change in found.features for row in feature_rows(change)))
    section("sets", (), (row for change in found.sets for row in _set_rows(change)))
    if found.is_none():
        click.echo("no feature differs")


def feature_rows(change: FeatureChange) -> Iterator[Sequence[str]]:
    """Yield the rows of one change: what became of a feature, and what makes the difference."""
    what = f"was {change.was}" if change.how == "renamed" else _HOW.get(change.how, change.how)
    return _under(change.name, what, [line for part in change.parts for line in _part(part)])


def _set_rows(change: SetChange) -> Iterator[Sequence[str]]:
    lines = [clip(f"{sign} {', '.join(names)}", _PART) for sign, names in _moved(change)]
    return _under(change.name, change.how, [*lines, *(line for part in change.parts for line in _part(part))])


def _moved(change: SetChange) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from (pair for pair in (("+", change.added), ("-", change.removed)) if pair[1])


def _under(name: str, what: str, lines: Sequence[str]) -> Iterator[Sequence[str]]:
    for number, line in enumerate(lines or [""]):
        yield (name, what, line) if number == 0 else ("", "", line)


def _part(part: Part) -> Sequence[str]:
    """Write a change on one line where it fits, else on two."""
    a, b = part.a or "nothing", part.b or "nothing"
    whole = f"{part.name}: {a} -> {b}"
    return [whole] if len(whole) <= _PART else [clip(f"{part.name}: {a}", _PART), clip(f"-> {b}", _PART)]


def _ids(ids: Iterable[str]) -> str:
    return wrap(", ".join(ids), _TEXT)


def _stored(one: Stored) -> str:
    meaning = "" if one.same else ", with another meaning: actum features materialize"
    return f"as known until {moment(one.until)}, published {moment(one.at)}{meaning}"


def _training(one: Training) -> Sequence[str]:
    return (one.version, ", ".join(one.stages), "as it is here" if one.same else "with another meaning")
