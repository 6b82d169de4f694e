"""Stage 1: raw CSV -> flights with their times resolved to UTC, and what became of each of them.

A claim is arriving more than ``cover.late_min`` minutes late, cancelled or diverted. Cancelled flights have no
delay in the raw data; dropping them would teach the model a world without its worst days.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from project import read_params, write_table
from times import NEW_YORK, scheduled_arrival, to_utc, wall_clock

RAW = Path("data/raw")
FLIGHTS = Path("data/flights.parquet")
OUTCOMES = Path("data/outcomes.parquet")


def resolve(raw: pd.DataFrame, zones: pd.Series, lead_min: int) -> pd.DataFrame:
    """Give every flight its key and its times in UTC: scheduled, offered, departed, landed. NaT = did not happen."""
    local = wall_clock(raw, raw["sched_dep_time"])
    scheduled = to_utc(local, NEW_YORK)
    due = scheduled_arrival(raw, scheduled, zones)
    parts = [raw["carrier"], raw["flight"].astype(str), raw["origin"], raw["dest"], local.dt.strftime("%Y-%m-%dT%H:%M")]
    flights = pd.DataFrame(
        {
            "flight_id": parts[0].str.cat(parts[1:], sep="-"),
            "offered_at": scheduled - pd.Timedelta(minutes=lead_min),
            "scheduled_at": scheduled,
            "scheduled_local": local.dt.strftime("%d %b %Y %H:%M"),
            "departed_at": scheduled + pd.to_timedelta(raw["dep_delay"], unit="min"),
            "due_at": due,
            "landed_at": due + pd.to_timedelta(raw["arr_delay"], unit="min"),
            "dep_delay": raw["dep_delay"].astype("Int64"),
            "arr_delay": raw["arr_delay"].astype("Int64"),
            **{column: raw[column] for column in ("carrier", "flight", "origin", "dest", "tailnum", "distance")},
        }
    )
    return flights.sort_values("flight_id", ignore_index=True)


def judge(flights: pd.DataFrame, late_min: int) -> pd.DataFrame:
    """Say what became of each flight and since when the claim is known.

    ``known_at``: a flight that is no claim is known to be none when it lands; any other is a claim from the minute
    it is overdue by ``late_min``, in the air, on the ground or cancelled. Delay and words are final: landed or never.
    """
    cancelled = flights["departed_at"].isna()
    diverted = flights["landed_at"].isna() & ~cancelled
    delay = flights["arr_delay"]
    claim = (delay > late_min).fillna(True).astype(bool)
    overdue = flights["due_at"] + pd.Timedelta(minutes=late_min)
    words = (delay.astype("string") + " min late").where(delay > 0, "on time")
    return pd.DataFrame(
        {
            "flight_id": flights["flight_id"],
            "carrier": flights["carrier"],
            "dest": flights["dest"],
            "claim": claim.astype("int64"),
            "arr_delay": delay,
            "cancelled": cancelled,
            "diverted": diverted,
            "known_at": flights["landed_at"].mask(claim, overdue),
            "words": words.mask(cancelled, "cancelled").mask(diverted, "diverted"),
        }
    )


def main() -> None:
    """Read data/raw, write flights and outcomes."""
    cover = read_params()["cover"]
    raw = pd.read_csv(RAW / "flights.csv")
    zones = pd.read_csv(RAW / "airports.csv", index_col="faa")["tzone"]
    flights = resolve(raw, zones, cover["lead_min"])
    write_table(judge(flights, cover["late_min"]), OUTCOMES)
    write_table(flights, FLIGHTS)


if __name__ == "__main__":
    main()
