"""A server with as much of GitHub's interface as a comment needs, on this machine, remembering what it was asked."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/shop"
HEAD = "a" * 40
BOT = "github-actions[bot]"
MEMBER = "actum-report.md"


def archive(text: str | bytes = "### actum check: clean\n", name: str = MEMBER, more: bytes | None = None) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(name, text)
        if more is not None:
            opened.writestr("more.md", more)
    return held.getvalue()


def pull(number: int = 7, *, sha: str = HEAD, home: int = 1) -> dict[str, Any]:
    return {"number": number, "head": {"sha": sha, "repo": {"id": home}}}


@dataclass
class Forge:
    """What the repository holds. ``status``: an answer that some path gives instead; ``asked``: method, path, token."""

    pulls: list[dict[str, Any]] = field(default_factory=lambda: [pull()])
    files: list[dict[str, str]] = field(default_factory=lambda: [{"filename": "registry/churn/stages/production.yaml"}])
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[int, bytes] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""

    def keeps(self, data: bytes, *, name: str = "actum-report", size: int | None = None, expired: bool = False) -> None:
        """Keep an artifact of the run that was checked."""
        number = len(self.artifacts) + 1
        size = len(data) if size is None else size
        self.artifacts.append({"id": number, "name": name, "size_in_bytes": size, "expired": expired})
        self.archives[number] = data

    def writes(self, body: str, by: str = BOT) -> None:
        self.comments.append({"id": len(self.comments) + 1, "user": {"login": by}, "body": body})

    def event(self, **run: Any) -> dict[str, Any]:
        home = {"id": 1, "owner": {"login": "acme"}}
        told = {"id": 99, "event": "pull_request", "head_sha": HEAD, "head_branch": "promote/churn/production"}
        return {"workflow_run": told | {"head_repository": home, "conclusion": "success"} | run}

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(target)
        path = parts.path.removeprefix(f"/repos/{REPOSITORY}/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if path in self.status:
            return self.status[path], {}, b"{}"
        match [method, *path.split("/")]:
            case ["GET", "pulls"]:
                return self._page([one for one in self.pulls if query["state"] == "open"], query)
            case ["GET", "pulls", "7", "files"]:
                return self._page(self.files, query)
            case ["GET", "actions", "runs", "99", "artifacts"]:
                named = [one for one in self.artifacts if one["name"] == query["name"]]
                return self._page(named, query, key="artifacts")
            case ["GET", "actions", "artifacts", number, "zip"]:
                return 302, {"Location": f"{self.address}/storage/{number}?signature=x"}, b""
            case ["GET", "", "storage", number]:
                return 200, {}, self.archives[int(number)]
            case ["GET", "issues", "7", "comments"]:
                return self._page(self.comments, query)
            case ["POST", "issues", "7", "comments"]:
                self.writes(json.loads(body)["body"])
                return 201, {}, b"{}"
            case ["PATCH", "issues", "comments", number]:
                self.comments[int(number) - 1]["body"] = json.loads(body)["body"]
                return 200, {}, b"{}"
        return 404, {}, b"{}"

    def _page(self, items: list[Any], query: dict[str, str], key: str = "") -> tuple[int, dict[str, str], bytes]:
        size = int(query["per_page"])
        page = items[(int(query["page"]) - 1) * size :][:size]
        return 200, {}, json.dumps({key: page} if key else page).encode()


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    """Answer on a free port of this machine until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            forge.asked.append((self.command, self.path, self.headers.get("Authorization") or ""))
            status, headers, data = forge.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _do

        def log_message(self, *_: Any) -> None:
            """The log of a test is not the server's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    forge.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
