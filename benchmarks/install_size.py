"""How large a core install is: `pip install .` into a new virtual environment, without pip and setuptools' own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from measure import print_machine

ROOT = Path(__file__).parent.parent


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def main() -> None:
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        env = Path(folder, "env")
        subprocess.run([sys.executable, "-m", "venv", str(env)], check=True)
        bare = size(env)
        subprocess.run([str(env / "bin/python"), "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
        whole = size(env)
        compiled = sum(path.stat().st_size for path in env.rglob("*.pyc"))
        print(f"core install {(whole - bare) / 1e6:.0f} MB, of it {compiled / 1e6:.0f} MB byte code")
        packages = sorted((size(path), path.name) for path in env.glob("lib/*/site-packages/*") if path.is_dir())
        for bytes_, name in reversed(packages[-8:]):
            print(f"  {bytes_ / 1e6:6.1f} MB  {name}")


if __name__ == "__main__":
    main()
