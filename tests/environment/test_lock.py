"""A lock holds exact versions and hashes only; making one writes all of it or nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from actum.environment.lock import EDITED, LockChange, Pinned, lock_digest, make_lock, parse_lock, source_only
from actum.errors import InvalidRecordError, NotFoundError, ToolFailedError

A, B = "a" * 64, "b" * 64


def lock(root: Path, *requirements: str, python: str, caller: Mapping[str, str], upgrade: bool = False) -> LockChange:
    (root / "requirements.in").write_text("\n".join(requirements) + "\n")
    return make_lock(
        root, source="requirements.in", out="requirements.lock", python=python, caller=caller, upgrade=upgrade
    )


def test_a_lock_is_read_with_names_versions_markers_and_hashes() -> None:
    text = f"""# a head
Zope.Interface==7.2 \\
    --hash=sha256:{B} \\
    --hash=sha256:{A}
    # via -r requirements.in
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{A}  # why
torch==2.1.0+cpu --hash=sha256:{A}
"""

    assert parse_lock(text) == (
        Pinned(name="zope-interface", version="7.2", hashes=(A, B)),
        Pinned(name="colorama", version="0.4.6", marker="sys_platform == 'win32'", hashes=(A,)),
        Pinned(name="torch", version="2.1.0+cpu", hashes=(A,)),
    )


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("six==1.17.0", "six==1.17.0 has no hash"),
        (f"six>=1.17.0 --hash=sha256:{A}", "'six>=1.17.0' is not NAME==VERSION"),
        (f"six==1.* --hash=sha256:{A}", "'six==1.*' is not NAME==VERSION"),
        ("six==1.17.0 --hash=md5:1234", "six==1.17.0: '--hash=md5:1234' is not --hash=sha256:..."),
        ("six @ https://example.org/six.whl", "six comes from an address, not from an index"),
        ("six @ file:six.whl", "six comes from an address, not from an index"),
        ("-e .", "holds the option -e"),
        ("--index-url=https://example.org/simple", "holds the option --index-url"),
        ("--find-links wheels", "holds the option --find-links"),
        ("-r other.txt", "holds the option -r"),
        (f"six==1.17.0 --hash=sha256:{A}\nsix==1.16.0 --hash=sha256:{B}", "six is there twice"),
    ],
)
def test_a_lock_edited_by_hand_is_refused_with_its_line(line: str, finding: str) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        parse_lock("# head\n" + line + "\n")

    number = 2 + line.count("\n")
    assert (str(refused.value), refused.value.hint) == (f"requirements.lock: line {number}: {finding}", EDITED)


def test_a_first_lock_holds_hashes_and_no_address(tmp_path: Path, python: str, caller: Mapping[str, str]) -> None:
    change = lock(tmp_path, "six==1.17.0", python=python, caller=caller)

    data = (tmp_path / "requirements.lock").read_bytes()
    assert change == LockChange(digest=lock_digest(data), packages=1, added=(("six", "1.17.0"),))
    assert (b"://" in data, b"--index-url" in data, str(tmp_path).encode() in data) == (False, False, False)
    head = f"# Written by `actum lock` from requirements.in for python {python}."
    assert data.decode().splitlines()[:2] == [f"{head} Do not edit: change requirements.in instead.", "six==1.17.0 \\"]


def test_locking_again_changes_nothing_while_the_lock_still_fits(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    lock(tmp_path, "six==1.16.0", python=python, caller=caller)
    kept = lock(tmp_path, "six", python=python, caller=caller)
    again = lock(tmp_path, "six", python=python, caller=caller)

    assert (kept.added, kept.removed, kept.changed) == ((), (), ())
    assert again.written is False
    assert parse_lock((tmp_path / "requirements.lock").read_text())[0].version == "1.16.0"


def test_an_upgrade_and_a_new_requirement_are_told(tmp_path: Path, python: str, caller: Mapping[str, str]) -> None:
    lock(tmp_path, "six==1.16.0", "iniconfig==2.1.0", python=python, caller=caller)
    change = lock(tmp_path, "six<=1.17.0", "toolz==1.0.0", python=python, caller=caller, upgrade=True)

    assert change.added == (("toolz", "1.0.0"),)
    assert change.removed == (("iniconfig", "2.1.0"),)
    assert change.changed == (("six", "1.16.0", "1.17.0"),)


def test_a_package_without_a_wheel_is_locked_as_source_and_named(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    change = lock(tmp_path, "antlr4-python3-runtime==4.9.3", "six==1.17.0", python=python, caller=caller)

    text = (tmp_path / "requirements.lock").read_text()
    assert change.source_only == source_only(text) == ("antlr4-python3-runtime",)
    assert "# no wheel, built from source: antlr4-python3-runtime\n" in text


def test_a_lock_for_one_python_holds_no_package_of_later_ones(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    lock(
        tmp_path,
        "six==1.17.0 ; python_version < '3.90'",
        "toolz==1.0.0 ; python_version >= '3.90'",
        "iniconfig==2.1.0 ; python_version == '3.91'",
        python=python,
        caller=caller,
    )

    assert [item.name for item in parse_lock((tmp_path / "requirements.lock").read_text())] == ["six"]


def test_a_project_file_is_a_source_too(tmp_path: Path, python: str, caller: Mapping[str, str]) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\ndependencies = ["six==1.17.0"]\n')
    change = make_lock(tmp_path, source="pyproject.toml", out="requirements.lock", python=python, caller=caller)

    assert change.added == (("six", "1.17.0"),)


def test_a_requirement_from_an_address_is_refused_and_nothing_written(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    package = tmp_path / "local"
    package.mkdir()
    (package / "pyproject.toml").write_text('[project]\nname = "local"\nversion = "1"\n')

    with pytest.raises(InvalidRecordError) as refused:
        lock(tmp_path, f"local @ {package.as_uri()}", python=python, caller=caller)

    assert str(refused.value) == (
        "requirements.in: local asks for an address; a lock holds packages of an index, by hash"
    )
    assert not (tmp_path / "requirements.lock").exists()


def test_an_index_that_does_not_answer_fails_soon_and_leaves_the_lock_as_it_was(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    old = f"six==1.16.0 \\\n    --hash=sha256:{A}\n"
    (tmp_path / "requirements.lock").write_text(old)
    nowhere = {**caller, "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1"}
    began = time.monotonic()

    with pytest.raises(ToolFailedError) as failed:
        lock(tmp_path, "toolz", python=python, caller=nowhere)

    assert time.monotonic() - began < 15
    assert str(failed.value).startswith("requirements.in: cannot be locked: uv ended with status ")
    assert failed.value.hint.startswith("the package index does not answer")
    assert (tmp_path / "requirements.lock").read_text() == old


def test_requirements_that_cannot_be_met_are_told_in_the_words_of_uv(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    with pytest.raises(ToolFailedError, match=r"six.*99") as failed:
        lock(tmp_path, "six==99.0", python=python, caller=caller)

    assert failed.value.hint.startswith("mend the requirements")


def test_missing_requirements_are_an_error_that_says_what_to_write(
    tmp_path: Path, python: str, caller: Mapping[str, str]
) -> None:
    with pytest.raises(NotFoundError) as missing:
        make_lock(tmp_path, source="requirements.in", out="requirements.lock", python=python, caller=caller)

    assert str(missing.value) == "requirements.in: is not there; it lists what the environment needs"
