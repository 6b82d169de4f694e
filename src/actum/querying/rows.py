"""The runs of an answer as rows of the list that people know."""

from __future__ import annotations

from actum.catalogue.holdings import Holdings
from actum.catalogue.listing import RunRow, metrics_by_pipeline, run_row
from actum.querying.asking import Answer, read_runs


def answered_rows(holdings: Holdings, answer: Answer, model: str | None = None) -> list[RunRow | None]:
    """Return the runs of an answer in its order, read whole; None in the place of one that is gone.

    The metrics that were asked about come first; where none was, those of the policies.
    """
    asked = [name.removeprefix("metrics.") for name in answer.named if name.startswith("metrics.")]
    metrics = {} if asked else metrics_by_pipeline(holdings, model)
    found: list[RunRow | None] = []
    for run, path, committed in zip(read_runs(holdings, answer), answer.paths, answer.committed, strict=True):
        first = (*asked, *metrics.get(run.pipeline or "", ())) if run else ()
        merged = committed and holdings.is_merged(path)
        found.append(run_row(run, first, merged=merged, committed=committed) if run else None)
    return found
