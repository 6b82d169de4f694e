"""What a command costs before it does anything: CPU seconds of whole processes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import tiny_project
from measure import actum, cpu_seconds, median, print_machine

RUNS = 15


def main() -> None:
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        root = tiny_project.make(Path(folder, "repo"))
        cpu_seconds(actum("run"), cwd=root)
        cpu_seconds(actum("register", "tiny"), cwd=root)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "actum --help": actum("--help"),
            "actum --version": actum("--version"),
            "actum show tiny": actum("show", "tiny"),
            "actum log": actum("log"),
            "actum ls": actum("ls"),
            "actum lint": actum("lint"),
        }
        for name, command in commands.items():
            cpu_seconds(command, cwd=root)
            print(f"{name:18} {median([cpu_seconds(command, cwd=root) for _ in range(RUNS)])} CPU s")


if __name__ == "__main__":
    main()
