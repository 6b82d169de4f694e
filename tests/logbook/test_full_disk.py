"""A disk that is full for a moment: what it did not take is absent, what came before and after is on record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from actum.runlog import series
from tests.logbook.conftest import Records, listed

# A limit of the kernel stands for the disk's: the write that crosses it is taken in part, the next one not at all.
FILLS = """
import os, resource, signal, sys
import actum
from actum.errors import UserError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

run = actum.run("full").begin()
refused = 0
for step in range(400):
    limit(3000 if 100 <= step < 200 else resource.RLIM_INFINITY)
    try:
        run.log_param(f"param {step}", step)
    except UserError:
        refused += 1
    try:
        run.log_metrics({"loss": step, 'the "rest", of it': 1.0}, step)
    except UserError:
        refused += 1
print(refused, flush=True)
if "killed" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
run.end()
"""


@pytest.mark.parametrize("how", ["ended", "killed"])
def test_what_a_full_disk_does_not_take_is_absent_and_the_run_is_on_record(
    how: str, root: Path, records: Records
) -> None:
    done = subprocess.run([sys.executable, "-c", FILLS, how], cwd=root, capture_output=True, text=True)
    assert 0 < int(done.stdout) <= 200
    assert listed(root)["warnings"] == []
    (record,) = records().values()
    assert record.status == (None if how == "ended" else "interrupted")
    taken = [number for number in range(400) if f"param {number}" in record.params]
    assert {*range(100), *range(200, 400)} <= {*taken}
    assert record.series is not None
    rows = list(series.rows(root / record.series.path))
    assert len(taken) + len(rows) // 2 == 800 - int(done.stdout)
    assert [row.value for row in rows[::2]] == [row.step for row in rows[::2]]
    assert {(row.metric, row.value) for row in rows[1::2]} == {('the "rest", of it', 1.0)}
    assert (root / record.series.path).read_text().startswith(series.HEAD)


FILLS_AT_ONCE = """
import resource, signal
import actum
from actum.errors import UserError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with actum.run("full") as run:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
    try:
        run.log_metric("loss", 1.0, 0)
    except UserError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    run.log_metric("loss", 0.5, 1)
"""


def test_a_disk_that_is_full_at_the_first_step_takes_no_half_of_a_head(root: Path, records: Records) -> None:
    done = subprocess.run([sys.executable, "-c", FILLS_AT_ONCE], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("series.csv: File too large")
    (record,) = records().values()
    assert record.series is not None
    head, line = (root / record.series.path).read_text().splitlines()
    assert (head + "\n", line.split(",")[0], line.split(",")[2:]) == (series.HEAD, "1", ["loss", "0.5"])
