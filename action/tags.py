"""The step `tags`: write the tags of what was merged, and push them."""

from __future__ import annotations

import sys

import runner


def main() -> int:
    """Return the exit status of ``actum tags``."""
    runner.bring("+refs/actum/*:refs/actum/*")
    with runner.foreign_words():
        return runner.actum("tags", "--push", keep=False, env=runner.signed_in()).returncode


if __name__ == "__main__":
    sys.exit(main())
