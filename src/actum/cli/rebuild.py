"""``actum rebuild MODEL@V``."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import Any

import click

from actum import digests, registry, revisions
from actum.cli import output
from actum.cli.context import Context, dry_run_option, json_option, pickle_option
from actum.cli.progress import telling
from actum.errors import UsageError
from actum.git.repository import Git
from actum.names import parse_reference
from actum.quantities import plural
from actum.rebuild.rebuild import Rebuilt, Surroundings, rebuild
from actum.records.codec import encode
from actum.store import Store

FINDINGS = 3


@click.command(epilog="Example: actum rebuild churn@v1.0.0")
@click.argument("version")
@click.option("--with-env", "overrides", multiple=True, metavar="NAME=VALUE", help="Set a variable against the pin.")
@click.option("-v", "--verbose", is_flag=True, help="Show what DVC and the stages print.")
@pickle_option
@dry_run_option
@json_option
@click.pass_obj
def command(
    context: Context,
    version: str,
    overrides: tuple[str, ...],
    verbose: bool,
    allow_pickle: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Rebuild a version from its commit and compare: bytes > state > predictions > tolerance > different.

    Clean checkout, locked environment, source data only, every stage executed. The verdict is written
    as an attestation to the branch actum/evidence, once a day and person while it says the same and more
    than half of its life is left. Exit status 3 below the level that the card asks for.
    """
    repo = context.repo()
    records = _records(repo, version)
    wanted = registry.resolve(records, parse_reference(version))
    name = f"{wanted.model}@v{wanted.version}"

    def each_line(line: str) -> None:
        if verbose or line.startswith("Running stage"):
            output.say(line if verbose else f"  {line.removeprefix('Running ').rstrip(':')}")

    given = dict(map(_pair, overrides))
    if not dry_run:
        output.say(f"rebuilding {name}")
    with telling(context, "getting ready", as_json=as_json) as tell:
        around = Surroundings(
            repo=repo,
            store=records,
            environ=context.environ,
            now=context.now,
            ids=context.ids,
            tell=tell,
            each_line=each_line,
            tool=installed("actum"),
            overrides=given,
            allow_pickle=allow_pickle,
            dry_run=dry_run,
        )
        rebuilt = rebuild(wanted, records.card(wanted.model), around)
    if as_json:
        clock = records.settings().clock
        output.envelope("rebuild-result/1", _data(rebuilt) | {"clock": clock}, clock=clock, warnings=rebuilt.limits)
    else:
        _show(rebuilt, records)
    return 0 if rebuilt.good or (dry_run and rebuilt.found_by) else FINDINGS


def _records(repo: Git, reference: str) -> Store:
    """Return the trunk, or what is checked out when only that has the version yet."""
    trunk, head = revisions.open_trunk(repo), revisions.open_head(repo)
    wanted = parse_reference(reference)
    on_trunk = wanted.kind != "version" or trunk.version(wanted.owner, wanted.name) is not None
    return trunk if on_trunk else head


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--with-env {text}: is not NAME=VALUE")
    return name, value


def _show(rebuilt: Rebuilt, records: Store) -> None:
    output.clock_line(records.settings().clock)
    if rebuilt.level is None:
        click.echo(rebuilt.why if rebuilt.found_by else f"VERDICT  {rebuilt.why}")
        return
    equal, metrics = rebuilt.metrics
    same = rebuilt.rebuilt_sha256 == rebuilt.version.artifact.sha256
    old, new = digests.short(rebuilt.version.artifact.sha256), digests.short(rebuilt.rebuilt_sha256)
    output.facts(
        [
            ("source", f"{plural(rebuilt.objects, 'object')} verified, commit found by {rebuilt.found_by}"),
            ("environment", "cached" if rebuilt.packages_cached else "made from the lock"),
            ("stages", f"{rebuilt.stages_run} of {rebuilt.stages} re-run, cache off"),
            ("model", f"{old} {'=' if same else '/='} {new}"),
            ("metrics", f"{equal} of {metrics} equal"),
            ("differs", _difference(rebuilt)),
            ("cause", rebuilt.cause),
            ("on probe", _likeness(rebuilt)),
        ]
    )
    for limit in rebuilt.limits:
        output.warn(limit)
    event = rebuilt.attestation
    attested = "attested before by" if rebuilt.attested_before else "attested"
    tail = f"   {attested} event/{event.id}" if event else "   an experiment: not attested"
    if event and event.attestation and rebuilt.good:
        tail += f", good until {event.attestation.expires_at:%Y-%m-%d}"
    click.echo(click.style(f"VERDICT  {rebuilt.level}", fg="green" if rebuilt.good else "red", bold=True) + tail)


def _difference(rebuilt: Rebuilt) -> str:
    if rebuilt.difference is None:
        return ""
    stage, paths = rebuilt.difference
    return f"first at stage {stage}: {', '.join(paths)}"


def _likeness(rebuilt: Rebuilt) -> str:
    likeness = rebuilt.likeness
    if likeness is None or likeness.largest_difference is None:
        return ""
    flips = "no threshold" if likeness.flips is None else _flips(likeness.flips)
    return f"largest difference {likeness.largest_difference:.3g} over {plural(likeness.rows or 0, 'row')}, {flips}"


def _flips(count: int) -> str:
    return "1 decision flips" if count == 1 else f"{count:,} decisions flip"


def _data(rebuilt: Rebuilt) -> dict[str, Any]:
    likeness = rebuilt.likeness
    return {
        "version": f"{rebuilt.version.model}@v{rebuilt.version.version}",
        "level": rebuilt.level,
        "wanted": rebuilt.wanted,
        "good": rebuilt.good,
        "why": rebuilt.why,
        "found_by": rebuilt.found_by,
        "stages": {"executed": rebuilt.stages_run, "of": rebuilt.stages},
        "sha256": {"recorded": rebuilt.version.artifact.sha256, "rebuilt": rebuilt.rebuilt_sha256},
        "metrics": {"equal": rebuilt.metrics[0], "of": rebuilt.metrics[1]},
        "first_difference": list(rebuilt.difference) if rebuilt.difference else None,
        "cause": rebuilt.cause,
        "probe": encode(likeness) if likeness else None,
        "attestation": encode(rebuilt.attestation) if rebuilt.attestation else None,
    }
