"""What `actum run` adds to `dvc repro`, and `actum rebuild` to the pipeline: CPU seconds, four small stages."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import tiny_project
from measure import actum, cpu_seconds, dvc, median, print_machine

RUNS = 5


def main() -> None:
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        root = tiny_project.make(Path(folder, "repo"))
        cpu_seconds(actum("run"), cwd=root)  # makes the environment
        cpu_seconds(actum("register", "tiny"), cwd=root)
        repro, run, rebuild = [], [], []
        for number in range(RUNS):
            tiny_project.change(root, 2 * number + 1)
            repro.append(cpu_seconds(dvc("repro", "--no-run-cache"), cwd=root))
            tiny_project.commit(root, "By hand")
            tiny_project.change(root, 2 * number + 2)
            run.append(cpu_seconds(actum("run"), cwd=root))
            rebuild.append(cpu_seconds(actum("rebuild", "tiny@v1.0.0"), cwd=root))
        for name, figures in (("dvc repro", repro), ("actum run", run), ("actum rebuild", rebuild)):
            print(f"{name:14} {median(figures)} CPU s")
        for name, figures in (("run", run), ("rebuild", rebuild)):
            added = [one - other for one, other in zip(figures, repro, strict=True)]
            print(f"{name} adds {statistics.median(added):.2f} CPU s to dvc repro")


if __name__ == "__main__":
    main()
