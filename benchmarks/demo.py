"""How long the demo takes, step by step (wall seconds), with whatever the package cache holds."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from measure import actum, print_machine


def main() -> None:
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(actum("demo", str(Path(folder, "demo"))), check=True, capture_output=True, text=True)
    print(done.stdout[done.stdout.index("how long it took") :])


if __name__ == "__main__":
    main()
