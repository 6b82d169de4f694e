"""What it costs to ask what a file touches, among 10,000 runs of a pipeline of four stages.

python benchmarks/lineage.py [--runs N] [--times N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import many_runs
from measure import actum, cpu_seconds, median, print_machine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        root = many_runs.make(Path(folder, "repo"), asked.runs, many_runs.OfPipeline())
        told = json.loads(_output(actum("ls", "runs", "--limit", "1", "--json"), root))["data"]
        raw = many_runs.RAW[0]
        questions = {
            f"{raw}, all its contents": (raw, "--down"),
            "the newest run": (f"run/{told[0]['id']}",),
        }
        print(f"{asked.runs:,} runs of four stages; CPU seconds of whole processes")
        for name, words in questions.items():
            command = actum("lineage", *words)
            print(f"  {name:<34}{median([cpu_seconds(command, cwd=root) for _ in range(asked.times)])}")
            print("\n".join(f"    {line}" for line in _output(command, root).splitlines()[:4]))


def _output(command: list[str], root: Path) -> str:
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
