"""What the reads of a large registry cost, with an index and until there is one, beside `gto show`: CPU seconds."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import large_registry
from measure import actum, cpu_seconds, median, print_machine

RUNS = 7
WARM = (("ls",), ("show", "model-00"), ("log",), ("ls", "versions"), ("ls", "--at", "2020-01-03"))


def main() -> None:
    print_machine()
    print(f"gto {version('gto')}, {_text('git', '--version')}")
    with tempfile.TemporaryDirectory() as folder:
        _large(large_registry.make(Path(folder, "large"), models=10, versions=1000, promotions=500))
        _beside_gto(large_registry.make(Path(folder, "small"), models=10, versions=100, promotions=50))


def _large(root: Path) -> None:
    print("10,000 versions and 5,000 promotions of 10 models")
    first = []
    for _ in range(3):
        shutil.rmtree(root / ".actum", ignore_errors=True)
        first.append(cpu_seconds(actum("ls"), cwd=root))
    print(f"  {'actum ls, no index yet':28} {median(first)} CPU s")
    for words in WARM:
        cpu_seconds(actum(*words), cwd=root)
        figures = [cpu_seconds(actum(*words), cwd=root) for _ in range(RUNS)]
        print(f"  {'actum ' + ' '.join(words):28} {median(figures)} CPU s")
    print(f"  the index is {Path(root, '.actum/index.sqlite').stat().st_size / 1e6:.1f} MB")


def _beside_gto(root: Path) -> None:
    print("1,000 versions and 500 promotions of 10 models, with their tags")
    cpu_seconds(actum("ls"), cwd=root)
    ours, theirs = [], []
    for _ in range(3):
        ours += [cpu_seconds(actum("ls"), cwd=root)]
        theirs += [cpu_seconds([str(Path(sys.executable).with_name("gto")), "show"], cwd=root)]
    print(f"  {'actum ls':28} {median(ours)} CPU s")
    print(f"  {'gto show':28} {median(theirs)} CPU s")
    print(f"  gto takes {statistics.median(theirs) / statistics.median(ours):.0f} times as long")


def _text(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
