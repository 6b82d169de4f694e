"""Files to which whole lines are added while a script runs: what the disk takes only half of is taken back."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from actum.errors import UserError, of_the_disk

_one_at_a_time = threading.RLock()
# A child that is forked in the midst of another thread's write would wait for it for ever.
os.register_at_fork(
    before=_one_at_a_time.acquire, after_in_parent=_one_at_a_time.release, after_in_child=_one_at_a_time.release
)


class Lines:
    """One such file. Threads may share it, and forked children add to it too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        self._half = b""

    def is_empty(self) -> bool:
        return not os.fstat(self._file).st_size

    def add(self, data: bytes) -> None:
        """Add lines, in one piece where the disk takes them so.

        Raises:
            UserError: The disk does not take all of them; then the file has none.
        """
        with _one_at_a_time:
            done = 0
            try:
                if self._half:
                    self._take_back()
                done = os.write(self._file, data)
                while done < len(data):
                    done += os.write(self._file, data[done:])
            except OSError as error:
                said = of_the_disk(error)
                raise UserError(f"{self._path}: {said or error}", hint=said.hint if said else "") from error
            finally:
                if 0 < done < len(data):
                    self._half = data[:done]
                    with suppress(OSError):  # then before the next, or it is a last line that was cut off
                        self._take_back()

    def close(self) -> None:
        os.close(self._file)

    def _take_back(self) -> None:
        """Remove what was taken of lines that were refused, unless a forked child has added to it since."""
        end = os.fstat(self._file).st_size - len(self._half)
        if end >= 0 and os.pread(self._file, len(self._half), end) == self._half:
            os.ftruncate(self._file, end)
        self._half = b""
