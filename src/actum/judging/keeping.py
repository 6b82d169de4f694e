"""Judgements that were made before, in ``.actum/judged``: the same question costs nothing a second time."""

from __future__ import annotations

from pathlib import Path

from actum import digests, files, layout, state
from actum.errors import InvalidRecordError
from actum.files.text import Limits
from actum.git.repository import Git
from actum.records.codec import decode, encode
from actum.records.judgement import Judged

LIMITS = Limits(size=16 << 20)


def remembered(repo: Git, question: str) -> Judged | None:
    """Return the judgement kept under a question's digest; None where there is none, or none to be believed.

    Git never holds ``.actum``: where it does, somebody's commit brought the answer along, and it is not read.
    """
    place = _place(repo, question)
    if not place.is_file() or repo.tree(repo.head(), layout.STATE):
        return None
    try:
        return decode(Judged, files.read_json(place.read_bytes(), where=str(place), limits=LIMITS))
    except InvalidRecordError:
        return None


def remember(repo: Git, question: str, judged: Judged) -> None:
    """Keep a judgement; what was there before is replaced as a whole."""
    place = _place(repo, question)
    place.parent.mkdir(exist_ok=True)
    files.replace(place, files.write_json(encode(judged)))


def _place(repo: Git, question: str) -> Path:
    return state.folder(repo.root) / "judged" / f"{question.removeprefix(digests.SHA256)}.json"
