"""The tool orchestrates, the locked environment computes: what lies beside actum itself decides nothing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from actum.environment.uv import find_uv
from tests.journeys.world import World

ROOT = Path(__file__).resolve().parents[2]
VERSION = "import sklearn; print(sklearn.__version__)"


def test_a_tool_with_another_scikit_learn_rebuilds_the_very_bytes(linear: World, tmp_path: Path) -> None:
    lock = (linear.repo / "requirements.lock").read_text()
    locked = re.findall(r"^scikit-learn==(\S+)", lock, re.MULTILINE)[0]
    python, uv = tmp_path / "tool" / "bin" / "python", find_uv()
    constraints = tmp_path / "constraints.txt"
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    constraints.write_text("\n".join(line for line in lines if not line.startswith("scikit-learn==")))
    for words in (
        ("venv", "--quiet", "--python", sys.executable, tmp_path / "tool"),
        ("pip", "install", "--quiet", "--python", python, "--constraint", constraints,
         "--editable", ROOT, f"scikit-learn<{locked}"),
    ):  # fmt: skip
        done = linear.call(uv, *words)
        assert done.code == 0, done.said
    beside = linear.call(python, "-c", VERSION, cwd=tmp_path).out.strip()
    assert beside not in ("", locked)

    done = linear.call(python, "-m", "actum", "rebuild", "linear@v1.0.0", "-v")

    assert done.code == 0, done.said
    assert "VERDICT  bytes" in done.out
    (path,) = linear.attestations()
    attested = linear.git("show", f"actum/evidence:{path}")
    environment = linear.version("1.0.0")["environment"]
    assert environment["lock_sha256"].removeprefix("sha256:") in attested
    recorded = linear.git("show", f"{linear.version('1.0.0')['result_commit']}:{environment['lock']}")
    assert f"scikit-learn=={locked} " in recorded
    assert f"scikit-learn=={beside} " not in recorded
    assert f"computed with scikit-learn {locked}" in done.err
