"""The wing is the same bytes wherever and whenever it is built, and runs from the zip alone."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from actum.environment.wing import build_wing, wing_digest, zip_of


def tree(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


FILES = {"__init__.py": b"", "models.py": b"M = 1\n", "inside/__init__.py": b"", "inside/deep/job.py": b"J = 2\n"}


def test_the_same_sources_give_the_same_bytes_whatever_their_order_and_times(tmp_path: Path) -> None:
    one = tree(tmp_path / "one", FILES)
    other = tree(tmp_path / "other", dict(reversed(FILES.items())))
    (other / "models.py").chmod(0o600)

    assert zip_of(one) == zip_of(other)


def test_line_ends_of_another_system_do_not_change_the_digest(tmp_path: Path) -> None:
    unix = tree(tmp_path / "unix", FILES)
    windows = tree(tmp_path / "windows", {name: data.replace(b"\n", b"\r\n") for name, data in FILES.items()})

    assert wing_digest(zip_of(unix)) == wing_digest(zip_of(windows))


def test_only_the_wing_travels_and_nothing_else_of_the_tool(tmp_path: Path) -> None:
    strangers = {
        "state.py": b"",
        "cli/main.py": b"",
        "records/card.py": b"",
        "inside/__pycache__/job.cpython-311.pyc": b"",
        "inside/a.txt": b"",
    }
    archive = tmp_path / "wing.zip"
    archive.write_bytes(zip_of(tree(tmp_path / "actum", FILES | strangers)))

    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == [
            "actum/__init__.py",
            "actum/inside/__init__.py",
            "actum/inside/deep/job.py",
            "actum/models.py",
        ]
        assert {entry.date_time for entry in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}


def test_what_tool_and_wing_share_travels_with_the_wing(tmp_path: Path) -> None:
    shared = {"errors.py": b"", "definitions/deep.py": b"", "features/__init__.py": b"", "records/view.py": b""}

    with zipfile.ZipFile(io.BytesIO(zip_of(tree(tmp_path / "actum", FILES | shared)))) as opened:
        assert {f"actum/{name}" for name in shared} <= set(opened.namelist())


def test_whatever_travels_can_be_imported_where_nothing_else_of_the_tool_is(tmp_path: Path) -> None:
    archive = tmp_path / "wing.zip"
    archive.write_bytes(build_wing())
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.endswith("__main__.py")]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names]
    code = f"""
import sys
sys.path[:] = [path for path in sys.path if not __import__("os").path.isfile(path + "/actum/__init__.py")]
sys.path.insert(0, {str(archive)!r})
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
for name in {modules!r}:
    assert __import__("importlib").import_module(name).__file__.startswith({str(archive)!r}), name
"""
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=unmeasured)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_digest_of_a_wing_is_golden(tmp_path: Path) -> None:
    built = wing_digest(zip_of(tree(tmp_path, FILES)))

    assert built == "sha256:55e9b8c304acc9de94bd5f8381f3ce8885775b984bcf78166df6eccc451dd10c"


def test_the_installed_wing_imports_from_the_zip_with_the_standard_library_alone(tmp_path: Path) -> None:
    archive = tmp_path / "wing.zip"
    archive.write_bytes(build_wing())
    asked = f"import sys; sys.path.insert(0, {str(archive)!r}); import actum.inside.facts as f; print(f.__file__)"

    said = subprocess.run([sys.executable, "-I", "-S", "-c", asked], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == f"{archive}/actum/inside/facts.py"
