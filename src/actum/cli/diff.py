"""``actum diff A B``: two versions or runs, or two revisions, of which the features are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from actum import digests
from actum.catalogue.differences import Change, Differences, FileChange, compare
from actum.catalogue.feature_changes import FeatureChange
from actum.catalogue.figures import as_given, written
from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import identify
from actum.catalogue.revision_features import FeatureDifferences, compare_features
from actum.cli.context import Context, at_option, json_option
from actum.cli.feature_page import feature_rows, print_feature_differences
from actum.cli.progress import telling
from actum.cli.reading import Reading, open_catalogue
from actum.cli.wording import clip, section, size
from actum.errors import UsageError, UserError
from actum.records.codec import encode
from actum.records.forms import FileFact

_ONE_LINE = 44
_FILES = 20


@click.command(epilog="Example: actum diff churn@v1.0.0 churn#production")
@click.argument("a")
@click.argument("b")
@at_option
@json_option
@click.pass_obj
def command(context: Context, a: str, b: str, at: str | None, as_json: bool) -> None:
    """Compare two versions or two runs: params, metrics, features, data, environment, code and the model itself.

    A and B are versions, runs, or stages and models, which stand for their version. What is equal is left out.

    Two revisions of git, such as main and HEAD, are compared in what their features mean: added, removed, renamed,
    under the same name something else, or only said otherwise.
    """
    with telling(context, "reading the records", as_json=as_json):
        reading = open_catalogue(context, at)
        revisions = _revisions(reading.holdings, a, b)
        if revisions is None:
            found = compare(reading.holdings, identify(reading.holdings, a), identify(reading.holdings, b))
    if revisions is not None:
        _show_features(reading, revisions, as_json)
        return
    steps = _git_diff(found)
    if as_json:
        reading.envelope("diff/1", encode(found) | {"equal": found.equal()}, next_=steps)
        return
    click.echo(f"{found.a} -> {found.b}")
    for name, changes in found.sections().items():
        shown = changes[:_FILES] if name == "code" else changes
        more = [(f"and {len(changes) - _FILES:,} more", "")] if len(changes) > len(shown) else []
        section(name, (), [*(row for change in shown for row in _rows(name, change)), *more])
    _print_model(found)
    for problem in found.unknown:
        click.echo(f"unknown  {problem}")
    reading.notes(next_=steps)


def _revisions(holdings: Holdings, a: str, b: str) -> FeatureDifferences | None:
    """Return how features differ between two revisions; None where A and B are none.

    A tag can be called like a version, MODEL@v1.0.0: then the version is meant.

    Raises:
        UsageError: One is a revision, the other is none.
    """
    before, after = (None if _is_id(holdings, text) else holdings.truth.repo.resolve(text) for text in (a, b))
    if before and after:
        return compare_features(holdings, before, after)
    if before or after:
        one, other = (a, b) if before else (b, a)
        raise UsageError(f"{one} is a revision, {other} is none", hint="actum diff REV REV, or actum diff ID ID")
    return None


def _is_id(holdings: Holdings, text: str) -> bool:
    try:
        identify(holdings, text)
    except UserError:
        return False
    return True


def _show_features(reading: Reading, found: FeatureDifferences, as_json: bool) -> None:
    if as_json:
        reading.envelope("features-diff/1", encode(found) | {"equal": found.is_none()})
        return
    print_feature_differences(found)
    reading.notes()


def _print_model(found: Differences) -> None:
    if found.is_none():
        click.echo("nothing differs" + (", as far as can be told" if found.unknown else ""))
        return
    if found.model:
        words = ", ".join(f"{likeness.of} {'equal' if likeness.equal else 'different'}" for likeness in found.model)
        click.echo(f"model    {words}")
    empty: tuple[str, ...] = ("packages", "outs", *found.undecided)
    empty += () if found.sets else ("features",)
    if same := [name for name, changes in found.sections().items() if not changes and name not in empty]:
        click.echo(f"same     {', '.join(same)}")


def _rows(section_name: str, change: Change | FileChange | FeatureChange) -> Iterable[Sequence[str]]:
    return feature_rows(change) if isinstance(change, FeatureChange) else (_row(section_name, change),)


def _row(section_name: str, change: Change | FileChange) -> Sequence[str]:
    if isinstance(change, FileChange):
        return (change.path, _fact(change.a), _fact(change.b), "")
    if section_name == "code":
        return (change.name, change.how)
    text = _param if section_name == "params" else _value
    a, b = text(change.a), text(change.b)
    if a == b and change.how == "changed":
        a, b = repr(change.a), repr(change.b)
    difference = "" if section_name == "params" else _difference(change)
    return (change.name, "-" if change.how == "added" else a, "-" if change.how == "removed" else b, difference)


def _fact(fact: FileFact | None) -> str:
    if fact is None:
        return "-"
    return f"{digests.short(fact.md5)} {size(fact.size)}".rstrip()


def _param(value: Any) -> str:
    return clip(as_given(value), _ONE_LINE)


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
