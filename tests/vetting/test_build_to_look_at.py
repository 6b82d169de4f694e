"""``actum features build``: the bytes that a stage would make, in the locked environment, on no record."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from actum.cli.main import main
from tests.flight_features import workshop
from tests.real_git import git
from tests.scored_project import Loans

SPEC = "features/sets/late.yaml"


def test_it_builds_what_a_stage_would_build(airline: Loans, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root, shop = airline.root, workshop(airline.root)
    before = git(root, "status", "--porcelain")
    stage = [str(shop.prepared.environment.executable), "-m", "actum.features", "build", SPEC, str(tmp_path / "s")]
    subprocess.run(stage, cwd=root, env=dict(shop.prepared.env), capture_output=True, check=True)
    capsys.readouterr()
    assert main(["-C", str(root), "features", "build", "late"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("built 4,933 rows of 15 features\n")
    assert "it is on no record: a stage of dvc.yaml puts it there" in printed.err
    made = root / ".actum/training/late.parquet"
    assert made.read_bytes() == (tmp_path / "s").read_bytes()
    assert git(root, "status", "--porcelain") == before
    assert main(["-C", str(root), "features", "build", SPEC, str(tmp_path / "o"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["data"]["path"]) == ("training-set/1", str(tmp_path / "o"))
    assert (tmp_path / "o").read_bytes() == made.read_bytes()


def test_a_set_that_is_not_there_or_does_not_fit_is_refused(airline: Loans, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(airline.root), "features", "build", "lat"]) == 1
    assert "features/sets/lat.yaml is not there\nhint: ls features/sets" in capsys.readouterr().err
    spec = airline.root / SPEC
    spec.write_text(spec.read_text().replace("moment: offered_at", "moment: offered_on"))
    assert main(["-C", str(airline.root), "features", "build", "late"]) == 1
    said = capsys.readouterr().err
    assert f"{SPEC}" in said
    assert "offered_on" in said
    assert not (airline.root / ".actum/training/late.parquet").exists()
