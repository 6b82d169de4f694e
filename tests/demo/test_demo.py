"""The whole story, once, on the real flights: what the README promises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from actum.cli.main import COMMANDS
from actum.demo.story import MODEL, OFFER
from tests.in_process import typed

ACTUM = [sys.executable, "-m", "actum"]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The repository that the demo leaves behind, and what it printed.

    The environment is a hostile caller's: nothing of it may reach what is computed.
    """
    root = tmp_path_factory.mktemp("demo") / "story"
    hostile = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7", "OPENBLAS_CORETYPE": "Nehalem", "TZ": "Asia/Tokyo"}
    done = subprocess.run([*ACTUM, "demo", str(root)], capture_output=True, text=True, env={**os.environ, **hostile})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root, done.stdout


def actum(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(words, *typed(["-C", str(root), *words], cwd=root.parent, env=os.environ))


def data(root: Path, *words: str) -> object:
    done = actum(root, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


def test_the_rebuild_of_the_first_version_says_bytes(lived: tuple[Path, str]) -> None:
    verdict = next(line for line in lived[1].splitlines() if "VERDICT" in line)
    assert verdict.split()[:2] == ["VERDICT", "bytes"]


def test_the_policy_refuses_the_balanced_candidate_for_its_probabilities(lived: tuple[Path, str]) -> None:
    refused = lived[1].split("late-arrival 2.1.0 -> production")[1].split("refused: nothing was written")[0]
    blocked = [line.split()[0] for line in refused.splitlines() if "BLOCK" in line]
    assert blocked == ["brier", "declined_share", "holdout:brier"]


def test_the_declined_offer_is_explained_replayed_and_proved(lived: tuple[Path, str]) -> None:
    why = lived[1].split("$ actum why")[1]
    assert "DECLINED delay cover   B6 11 JFK-FLL, 18 Apr 2013" in why
    assert "equal, to the bit" in why
    assert "inclusion proved" in why
    assert "84 min late" in why


def test_what_was_in_production_on_a_date_is_answered_by_the_business_time(lived: tuple[Path, str]) -> None:
    told = {day: data(lived[0], "ls", "stages", "--at", day) for day in ("2013-03-31", "2013-04-18", "2013-07-02")}
    standing = {
        day: [row.get("version") for row in rows if row["stage"] == "production"]  # type: ignore[attr-defined]
        for day, rows in told.items()
    }
    assert standing == {"2013-03-31": [None], "2013-04-18": ["1.0.0"], "2013-07-02": ["2.0.0"]}


def test_nothing_is_wrong_afterwards(lived: tuple[Path, str]) -> None:
    found = data(lived[0], "fsck")
    assert found == {
        "looked_at": {"records": 29, "versions": 3, "objects": 14, "seals": 1},
        "clean": True,
        "faults": [],
    }


def test_what_one_raw_file_touches_is_listed_down_to_the_decisions(lived: tuple[Path, str]) -> None:
    told = data(lived[0], "lineage", "data/raw/weather.csv", "--down")
    (walk,) = told["walks"]  # type: ignore[index]
    assert walk["touched"] == {
        "runs": 3,
        "versions": ["late-arrival@v1.0.0", "late-arrival@v2.0.0", "late-arrival@v2.1.0"],
        "stands": ["late-arrival#production"],
        "stood": [],
        "segments": 1,
        "decisions": 85_368,
        "first_moment": "2013-04-01T00:00:00Z",
        "last_moment": "2013-06-30T23:59:00Z",
    }


def test_gto_and_dvc_read_the_registry_by_their_own_means(lived: tuple[Path, str], tmp_path: Path) -> None:
    root = lived[0]
    gto = shutil.which("gto", path=str(Path(sys.executable).parent))
    assert gto is not None
    shown = json.loads(subprocess.run([gto, "show", "--json"], cwd=root, check=True, capture_output=True).stdout)
    assert shown["late-arrival"]["stage"]["production"] == "v2.0.0"
    got = tmp_path / "model.skops"
    dvc = [sys.executable, "-m", "dvc", "artifacts", "get", ".", "late-arrival", "--rev", "v1.0.0", "-o", str(got)]
    subprocess.run(dvc, cwd=root, check=True, capture_output=True)
    version = data(root, "show", "late-arrival@v1.0.0")
    assert f"sha256:{_sha256(got)}" == version["version"]["artifact"]["sha256"]  # type: ignore[index]


def test_another_core_type_is_seen_and_named(lived: tuple[Path, str]) -> None:
    done = actum(lived[0], "rebuild", "late-arrival@v1.0.0", "--with-env", "OPENBLAS_CORETYPE=Nehalem", "--json")
    told = json.loads(done.stdout)["data"]
    assert done.returncode == 3
    assert (told["level"], told["first_difference"]) == ("tolerance", ["train", ["models/late-arrival.skops"]])
    assert told["cause"] == "OPENBLAS_CORETYPE=Nehalem, given by --with-env"
    assert told["attestation"] is None


def test_a_dry_run_tells_what_would_be_executed_and_changes_nothing(lived: tuple[Path, str]) -> None:
    root = lived[0]
    params = root / "params.yaml"
    before = params.read_text()
    cited = {row["stage"]: row["run"] is None for row in data(root, "run", "--dry-run")}  # type: ignore[attr-defined]
    params.write_text(before.replace("class_weight: balanced", "class_weight: null"))
    changed = {row["stage"]: row["run"] is None for row in data(root, "run", "--dry-run")}  # type: ignore[attr-defined]
    params.write_text(before)
    assert cited == dict.fromkeys(("ingest", "features", "train", "evaluate"), False)
    assert changed == {"ingest": False, "features": False, "train": True, "evaluate": True}
    assert subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout == ""


def test_a_dry_rebuild_verifies_the_objects_and_runs_nothing(lived: tuple[Path, str]) -> None:
    done = actum(lived[0], "rebuild", "late-arrival@v1.0.0", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.endswith(": 4 stages, 12 objects verified\n")


def test_one_flipped_byte_in_the_remote_is_named_before_anything_runs(lived: tuple[Path, str]) -> None:
    root = lived[0]
    remote = root.parent / f"{root.name}-remote"
    victim = max((path for path in remote.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    sound = victim.read_bytes()
    victim.chmod(0o644)
    victim.write_bytes(sound[:1000] + bytes([sound[1000] ^ 1]) + sound[1001:])
    checked, rebuilt = actum(root, "fsck"), actum(root, "rebuild", "late-arrival@v1.0.0")
    victim.write_bytes(sound)
    md5 = victim.parent.name + victim.name
    assert (checked.returncode, rebuilt.returncode) == (3, 3)
    assert f"wrong  data/raw/flights.csv: object {md5} is corrupt in storage" in checked.stdout
    assert f"storage: object {md5} of data/raw/flights.csv is corrupt" in rebuilt.stderr
    assert "stage 'ingest'" not in rebuilt.stderr


WORDS = {
    "init": ("--dry-run",),
    "lock": ("--dry-run",),
    "doctor": (),
    "run": (),
    "register": (MODEL, "--dry-run"),
    "promote": (f"{MODEL}@v1.0.0", "--to", "staging", "--effective-at", "2013-08-01", "--dry-run"),
    "lint": (),
    "check": (),
    "tags": (),
    "score": (
        f"{MODEL}@v2.0.0",
        "data/features.parquet",
        "--since",
        "2013-08-01",
        "--until",
        "2013-08-03",
        "--dry-run",
    ),
    "rebuild": (f"{MODEL}@v1.0.0", "--dry-run"),
    "why": (MODEL, "--key", OFFER),
    "fsck": (),
    "features": ("check", "--no-data"),
    "ls": (),
    "show": (MODEL,),
    "log": (),
    "diff": (f"{MODEL}@v1.0.0", f"{MODEL}@v2.0.0"),
    "lineage": (f"{MODEL}@v1.0.0",),
    "import": ("gto", "--dry-run"),
    "export": ("../tables",),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_output_says_that_the_clock_is_simulated(lived: tuple[Path, str], name: str) -> None:
    if name == "demo":
        assert "clock: simulated" in lived[1]
        return
    if name == "approve":  # whoever promotes may not approve, so it ends in a refusal, which is no JSON
        actum(lived[0], "promote", f"{MODEL}@v1.0.0", "--to", "staging", "--effective-at", "2013-08-01")
        asked = actum(lived[0], name, MODEL, "--to", "staging", "--dry-run")
        assert asked.returncode == 3
        assert "clock: simulated" in asked.stderr.splitlines()
        return
    told, as_json = actum(lived[0], name, *WORDS[name]), actum(lived[0], name, *WORDS[name], "--json")
    assert {told.returncode, as_json.returncode} <= {0, 3}, told.stderr + as_json.stderr
    assert "clock: simulated" in told.stderr.splitlines()
    assert json.loads(as_json.stdout)["clock"] == "simulated"


def test_a_run_foretold_is_told_by_the_clock_too(lived: tuple[Path, str]) -> None:
    assert "clock: simulated" in actum(lived[0], "run", "--dry-run").stderr.splitlines()
    assert json.loads(actum(lived[0], "run", "--dry-run", "--json").stdout)["clock"] == "simulated"


def test_an_ordinary_run_record_stays_small(lived: tuple[Path, str]) -> None:
    sizes = [path.stat().st_size for path in (lived[0] / "runs").rglob("*.json")]
    assert len(sizes) == 3
    assert max(sizes) <= 8 * 1024


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run([*ACTUM, "demo", str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        f"error: {tmp_path} is not an empty folder\nhint: actum demo NEW-FOLDER\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_of_somebody_s_where_the_remote_would_lie_is_refused(tmp_path: Path) -> None:
    root, remote = tmp_path / "story", tmp_path / "story-remote"
    remote.mkdir()
    (remote / "mine.txt").write_text("mine")
    done = subprocess.run([*ACTUM, "demo", str(root)], capture_output=True, text=True)
    told = f"error: {remote} is not an empty folder, and the demo's remote lies there\nhint: actum demo NEW-FOLDER\n"
    assert (done.returncode, done.stderr) == (1, told)
    assert [path.name for path in remote.iterdir()] == ["mine.txt"]
    assert not root.exists()


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
