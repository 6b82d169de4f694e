"""Ask one git for many objects, one question after the other: to start it costs more than what it answers."""

from __future__ import annotations

import io
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from actum.git import plumbing
from actum.process import Dialogue

AT_ONCE = 1000
"""How many names are asked for before the first answer is read: they have to fit into a pipe."""
_BYTES, _SIZES = "--batch", "--batch-check=%(objectsize)"
_Answers = TypeVar("_Answers")


class Reader:
    """``git cat-file`` in one repository: a child for bytes and one for sizes, each started when it is first needed.

    They end with the reader, and with this process, however that ends.
    """

    __slots__ = ("__weakref__", "_children", "_root")

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[str, Dialogue] = {}
        weakref.finalize(self, _end, self._children)

    def objects(self, names: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of objects by what names them; what git lacks is absent.

        Raises:
            ToolFailedError: git failed.
        """

        def read(answers: BinaryIO) -> dict[str, bytes]:
            found = {}
            for name in names:
                head = _line(answers).split(b" ")
                if head[-1] != b"missing":
                    size = int(head[2])
                    found[name] = _exactly(answers, size + 1)[:size]
            return found

        return self._asked(_BYTES, names, read)

    def sizes(self, names: Sequence[str]) -> dict[str, int]:
        """Return how many bytes objects have; what git lacks is absent.

        Raises:
            ToolFailedError: git failed.
        """
        told = self._asked(_SIZES, names, lambda answers: [_line(answers) for _ in names])
        # Of an object that it lacks git says so, where the size would stand.
        return {name: int(line) for name, line in zip(names, told, strict=True) if line.isdigit()}

    def _asked(self, form: str, names: Sequence[str], read: Callable[[BinaryIO], _Answers]) -> _Answers:
        question = "".join(f"{name}\n" for name in names).encode()
        if len(names) <= AT_ONCE:
            with suppress(OSError, EOFError):  # it has ended: a git for this question alone says why
                return self._in_dialogue(form, question, read)
        return read(io.BytesIO(plumbing.git(self._root, "cat-file", form, stdin=question)))

    def _in_dialogue(self, form: str, question: bytes, read: Callable[[BinaryIO], _Answers]) -> _Answers:
        child = self._children.pop(form, None) or plumbing.dialogue(self._root, "cat-file", form)
        try:
            answers = read(child.ask(question))
        except BaseException:
            child.close()  # what it still has to say would be taken for the next answer
            raise
        self._children[form] = child
        return answers


def _line(answers: BinaryIO) -> bytes:
    line = answers.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line[:-1]


def _exactly(answers: BinaryIO, size: int) -> bytes:
    data = answers.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _end(children: Mapping[str, Dialogue]) -> None:
    for child in children.values():
        child.close()
