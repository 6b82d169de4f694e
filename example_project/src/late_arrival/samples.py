"""Stage 2, second step: the rows that versions are compared on: a small probe, and the holdout."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
from inputs import INPUTS, KEY, MOMENT
from project import write_table

PROBE_ROWS, PROBE_UNTIL = 256, pd.Timestamp("2013-04-01", tz="America/New_York")
HOLDOUT = pd.Timestamp("2013-07-01", tz="America/New_York"), pd.Timestamp("2013-10-01", tz="America/New_York")


def choose_probe(features: pd.DataFrame) -> pd.DataFrame:
    """Pick 256 flights of the first quarter by the smallest sha256 of their key: arbitrary, fixed, unsortable."""
    early = features[features[MOMENT] < PROBE_UNTIL]
    digest = early[KEY].map(lambda key: hashlib.sha256(key.encode()).hexdigest())
    return early.loc[digest.sort_values().index[:PROBE_ROWS]].sort_values(KEY)


def choose_holdout(offers: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Take the offers of the third quarter with what became of them: every version is judged by these."""
    start, end = HOLDOUT
    rows = offers[[KEY, MOMENT]].merge(outcomes[[KEY, "claim"]], on=KEY, validate="one_to_one")
    return rows[(rows[MOMENT] >= start) & (rows[MOMENT] < end)].astype({"claim": "int64"})


def main() -> None:
    """Read features and outcomes; write probe and holdout."""
    data = Path("data")
    features, outcomes = pd.read_parquet(data / "features.parquet"), pd.read_parquet(data / "outcomes.parquet")
    write_table(choose_probe(features)[[KEY, MOMENT, *INPUTS]], data / "probe.parquet")
    write_table(choose_holdout(features, outcomes), data / "holdout.parquet")


if __name__ == "__main__":
    main()
