"""``python -m actum``: the same door as the ``actum`` command."""

from __future__ import annotations

import sys

from actum.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
