"""``actum show pipeline``: stages in order, and what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from actum.catalogue.holdings import Holdings
from actum.catalogue.identify import shown_length
from actum.cli import output
from actum.cli.diagram import Shape, print_diagram
from actum.cli.wording import moment, seconds, wrap
from actum.flow.page import Made, PipelinePage, StagePage, folder_of, page_of
from actum.flow.remarks import FlowRemark, described_remarks, page_remarks
from actum.quantities import plural
from actum.records.codec import encode

_TEXT = 76


class Shown:
    """A pipeline of what is checked out, or of the revision asked for, with the runs that a read knows."""

    def __init__(self, holdings: Holdings, asked: str | None) -> None:
        store = holdings.head or holdings.truth
        self.page: PipelinePage = page_of(store, folder_of(store, asked), holdings.runs())
        self.remarks: tuple[FlowRemark, ...] = (
            *page_remarks(self.page),
            *described_remarks(store, self.page.folder),
        )
        self._length = shown_length(holdings.ulids("run"))

    def json(self) -> dict[str, Any]:
        return encode(self.page) | {"remarks": [encode(one) for one in self.remarks]}

    def print(self) -> None:
        page = self.page
        click.echo(f"{click.style(page.where, bold=True)}  {plural(len(page.stages), 'stage')}")
        for stage in page.stages:
            click.echo(stage.name)
            output.facts(self._facts(stage))
        if self.remarks:
            click.echo("to mend")
            told = (
                (one.stage, f"{wrap(one.message, _TEXT)}\n{wrap(f'hint: {one.hint}', _TEXT)}") for one in self.remarks
            )
            output.facts(told)

    def print_diagram(self) -> None:
        """Print stages, and the files between them."""
        nodes: dict[str, tuple[str, Shape]] = {}
        arrows: list[tuple[str, str]] = []
        for stage in self.page.stages:
            for path in stage.reads:
                nodes.setdefault(f"file {path}", (path, "data"))
                arrows.append((f"file {path}", f"stage {stage.name}"))
            nodes[f"stage {stage.name}"] = (stage.name, "work")
            for out in stage.makes:
                nodes.setdefault(f"file {out.path}", (out.path, "thing" if out.kind == "model" else "data"))
                arrows.append((f"stage {stage.name}", f"file {out.path}"))
        print_diagram(nodes, arrows)

    def _facts(self, stage: StagePage) -> Iterable[tuple[str, object]]:
        return (
            ("runs", "\n".join(stage.cmd)),
            ("reads", wrap(", ".join(stage.reads), _TEXT)),
            ("params", wrap(", ".join(stage.params), _TEXT)),
            ("makes", wrap(", ".join(map(_output, stage.makes)), _TEXT)),
            ("made by", self._made_by(stage)),
        )

    def _made_by(self, stage: StagePage) -> str:
        if stage.run is None:
            return "no run on record" if stage.locked else "nobody yet"
        when = f", {moment(stage.at)}" if stage.at else ""
        return f"run/{stage.run[: self._length]}{when}, took {seconds(stage.seconds or 0)}"


def _output(out: Made) -> str:
    known = f"model {out.model}" if out.model else "" if out.kind == "out" else out.kind
    return f"{out.path} ({known})" if known else out.path
