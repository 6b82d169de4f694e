"""How one run is shown: of a pipeline with its stages, of a script with what it said of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from actum import digests
from actum.catalogue.details import RunDetail
from actum.catalogue.figures import as_given, written
from actum.cli import output
from actum.cli.wording import clip, moment, place_of, seconds, section, size, wrap
from actum.records.forms import FileFact
from actum.records.run import Run, RunEnvironment
from actum.records.version import VersionEnvironment

_TEXT = 76


def print_run(found: RunDetail) -> None:
    run = found.run
    head = (run.name, *_kind(run), place_of(found))
    click.echo("  ".join(fact for fact in (click.style(f"run/{run.id}", bold=True), *head) if fact))
    output.facts((*_happened(run), *_surroundings(run), ("versions", ", ".join(found.versions))))
    section("stages", (), _executions(run))
    print_values("metrics", run.metrics)
    print_values("params", run.params)
    print_values("tags", run.tags)
    section("kept", (), map(file_row, (*run.artifacts, *((run.series,) if run.series else ()))))


def _kind(run: Run) -> Iterable[str]:
    return ("" if run.kind == "pipeline" else run.kind, run.status or "")


def _happened(run: Run) -> Iterable[tuple[str, object]]:
    by = f" by {run.by}" if run.by else ""
    took = "" if run.seconds is None else f", took {seconds(run.seconds)}"
    origin = run.origin
    return (
        ("committed" if run.kind == "observed" else "started", f"{moment(run.started_at)}{by}{took}"),
        ("part of", run.parent and f"run/{run.parent}"),
        ("from", origin and f"{origin.system} {origin.id}" + (f", {origin.address}" if origin.address else "")),
        ("command", clip(" ".join(run.command), _TEXT)),
        ("notes", wrap(run.notes or "", _TEXT)),
    )


def _surroundings(run: Run) -> Iterable[tuple[str, object]]:
    environment, interpreter = run.environment, run.interpreter
    pin = environment.pin if environment else {}
    return (
        ("code", run.code_commit and f"commit {run.code_commit[:10]}{_dirty(run)}"),
        ("pipeline", "" if run.pipeline == "." else run.pipeline),
        ("environment", environment and environment_line(environment)),
        ("pin", wrap(" ".join(f"{name}={_quoted(value)}" for name, value in pin.items()), _TEXT)),
        ("machine", environment and _machine(environment)),
        ("interpreter", interpreter and f"python {interpreter.python}, {interpreter.platform}, not locked"),
    )


def _dirty(run: Run) -> str:
    if not run.dirty:
        return ""
    return ", a snapshot of a dirty work tree" if run.kind == "pipeline" else ", and changes that no commit holds"


def _executions(run: Run) -> Iterable[Sequence[str]]:
    for stage in run.stages:
        cpu = "" if stage.cpu_seconds is None else f"cpu {seconds(stage.cpu_seconds)}"
        peak = "" if stage.peak_mb is None else f"{stage.peak_mb:,.0f} MB"
        did = "changed" if run.kind == "observed" else "executed"
        who = did if stage.run == run.id else f"cites run/{stage.run}"
        yield (stage.name, "" if stage.seconds is None else seconds(stage.seconds), cpu, peak, who)


def environment_line(environment: RunEnvironment | VersionEnvironment) -> str:
    relaxed = ", relaxed" if environment.exactness == "relaxed" else ""
    lock = f"{environment.lock} {digests.short(environment.lock_sha256)}"
    return f"python {environment.python}, {environment.platform}, {lock}{relaxed}"


def _machine(environment: RunEnvironment) -> str:
    """The facts that the locked interpreter reported, those that are one value each."""
    plain = {name: value for name, value in environment.facts.items() if isinstance(value, (str, int, float))}
    return wrap(", ".join(f"{name} {value}" for name, value in plain.items()), _TEXT)


def file_row(fact: FileFact) -> Sequence[str]:
    return (fact.path, size(fact.size), f"md5 {digests.short(fact.md5)}")


def print_values(title: str, values: Mapping[str, Any]) -> None:
    text = as_given if title == "params" else written
    section(title, (), ((name, clip(text(value), _TEXT)) for name, value in values.items()))


def _quoted(value: str) -> str:
    return f"'{value}'" if " " in value else value
