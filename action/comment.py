"""The step `comment`: put the report of a finished check on its pull request, and edit the same comment next time.

This job may write, so it has nothing of the pull request but a report, and takes that as data: the pull request is
found by the commit that GitHub says was checked, never by what the report says; the archive must hold one small
text; and where the change touches .github/, the workflow that wrote the report is part of the change: not shown then.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api import Api, RefusedError

MARKER = "<!-- actum: report of a check -->"
MEMBER = "actum-report.md"
MOST_ARCHIVE, MOST_TEXT, MOST_SHOWN = 1 << 20, 1 << 18, 65_000
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Nobody is called up by a report; after a letter it is a version, model@v1.0.0.
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_UNTRUSTED = """\
The report of `actum check` is not shown: this pull request changes `.github/`, and with it the workflow that writes
the report. Run it yourself: `git fetch origin pull/{number}/head && git switch --detach FETCH_HEAD && actum check`
"""


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Return 0 when the comment says what the report says, or there is nothing to say; 1 otherwise."""
    api = Api(environ["GITHUB_API_URL"], environ["GITHUB_REPOSITORY"], environ["ACTUM_TOKEN"])
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        run = event.get("workflow_run") or {}
        if run.get("event") != "pull_request":
            raise RefusedError("this is for workflow_run, after a workflow that ran on pull_request")
        number = _pull_request(api, run)
        if number is None:
            print(f"nothing to do: no open pull request is at {run['head_sha'][:10]}; it went on, or was closed")
            return 0
        report = _UNTRUSTED.format(number=number) if _touches_workflows(api, number) else _report(api, run, environ)
        _post(api, number, _body(report, run["head_sha"]), environ.get("ACTUM_AUTHOR") or "github-actions[bot]")
    except RefusedError as error:
        print(f"refused: {error}".encode("ascii", "backslashreplace").decode(), file=sys.stderr)
        return 1
    return 0


def _pull_request(api: Api, run: Mapping[str, Any]) -> int | None:
    """Return the open pull request whose head is the commit that was checked; of a fork, GitHub does not say it."""
    commit, branch, home = run["head_sha"], run["head_branch"], run["head_repository"]
    if not _COMMIT.fullmatch(commit):
        raise RefusedError("the event names no commit")
    asked = api.pages("pulls", state="open", head=f"{home['owner']['login']}:{branch}")
    fitting = [
        int(one["number"])
        for one in asked
        if one["head"]["sha"] == commit and (one["head"]["repo"] or {}).get("id") == home["id"]
    ]
    return min(fitting, default=None)


def _touches_workflows(api: Api, number: int) -> bool:
    try:
        files = list(api.pages(f"pulls/{number}/files"))
    except RefusedError:
        return True  # more than GitHub tells: nobody knows
    names = [one.get(key) or "" for one in files for key in ("filename", "previous_filename")]
    return len(files) >= 3000 or any(name.startswith(".github/") for name in names)


def _report(api: Api, run: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    name = environ.get("ACTUM_ARTIFACT") or "actum-report"
    listed = api.pages(f"actions/runs/{int(run['id'])}/artifacts", "artifacts", name=name)
    found = [one for one in listed if one["name"] == name and not one["expired"]]
    if len(found) != 1:
        raise RefusedError(f"the run has {len(found)} artifacts called {name}, must have one")
    if found[0]["size_in_bytes"] > MOST_ARCHIVE:
        raise RefusedError(f"{name}: has {found[0]['size_in_bytes']:,} bytes, must have at most {MOST_ARCHIVE:,}")
    return text_of(api.download(f"actions/artifacts/{int(found[0]['id'])}/zip", MOST_ARCHIVE))


def text_of(archive: bytes) -> str:
    """Return the one text that an artifact must hold, harmless to show.

    Raises:
        RefusedError: It holds anything else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            if [member.filename for member in members] != [MEMBER]:
                raise RefusedError(f"the archive must hold {MEMBER} and nothing else")
            with opened.open(members[0]) as file:
                data = file.read(MOST_TEXT + 1)  # whatever size the archive claims
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError, OSError) as error:
        raise RefusedError(f"the archive cannot be read: {error}") from error
    if len(data) > MOST_TEXT:
        raise RefusedError(f"{MEMBER}: has more than {MOST_TEXT:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise RefusedError(f"{MEMBER}: is not UTF-8") from error
    return _MENTION.sub("@\u200b", _CONTROL.sub("\ufffd", text.replace("\r\n", "\n")))


def _body(report: str, commit: str) -> str:
    if len(report) > MOST_SHOWN:
        report = report[:MOST_SHOWN] + "\n\n(cut off: the artifact of the run has the rest)"
    origin = f"Checked: {commit}, without secrets, by the workflow as the pull request has it."
    return f"{MARKER}\n{origin}\n\n{report.replace(MARKER, '')}"


def _post(api: Api, number: int, body: str, author: str) -> None:
    """Edit the comment that this job wrote before; the marker in anybody else's comment means nothing."""
    for one in api.pages(f"issues/{number}/comments"):
        if (one.get("user") or {}).get("login") == author and (one.get("body") or "").startswith(MARKER):
            if one["body"] != body:
                api.send("PATCH", f"issues/comments/{int(one['id'])}", {"body": body})
            return
    api.send("POST", f"issues/{number}/comments", {"body": body})


if __name__ == "__main__":
    sys.exit(main())
