"""GitHub's REST interface, as far as a comment needs it. Standard library only; a redirect never gets the token."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

_PAGE = 100
_TIMEOUT_S = 60


class RefusedError(Exception):
    """What was asked for is not there, not ours or not as it must be; nothing was written."""


@dataclass(frozen=True)
class Api:
    """One repository at one server. ``root``: such as GITHUB_API_URL has it."""

    root: str
    repository: str
    token: str

    def get(self, path: str, **query: str | int) -> Any:
        """Return one answer below the repository."""
        return json.loads(self._ask("GET", self._url(path, query)))

    def pages(self, path: str, key: str = "", most: int = 30, **query: str | int) -> Iterator[Any]:
        """Yield the items of a list over its pages. ``key``: where the list lies in an answer that is none itself."""
        for page in range(1, most + 1):
            answer = self.get(path, per_page=_PAGE, page=page, **query)
            items = answer[key] if key else answer
            yield from items
            if len(items) < _PAGE:
                return
        raise RefusedError(f"{path}: has more than {most * _PAGE:,} items")

    def send(self, method: str, path: str, value: Mapping[str, Any]) -> None:
        self._ask(method, self._url(path, {}), json.dumps(value).encode())

    def download(self, path: str, most: int) -> bytes:
        """Return the bytes that a path leads to, at most so many."""
        status, headers, data = _exchange("GET", self._url(path, {}), self._headers(), b"", most)
        if status in (301, 302, 303, 307, 308):
            status, _, data = _exchange("GET", headers.get("location", ""), {"User-Agent": "actum"}, b"", most)
        if status != 200:
            raise RefusedError(f"{path}: the server answered {status}")
        return data

    def _url(self, path: str, query: Mapping[str, str | int]) -> str:
        return f"{self.root}/repos/{self.repository}/{path}" + (f"?{urlencode(query)}" if query else "")

    def _headers(self) -> dict[str, str]:
        stated = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return stated | {"Authorization": f"Bearer {self.token}", "User-Agent": "actum"}

    def _ask(self, method: str, url: str, body: bytes = b"") -> bytes:
        status, _, data = _exchange(method, url, self._headers(), body, 64 << 20)
        if not 200 <= status < 300:
            raise RefusedError(f"{method} {urlsplit(url).path}: the server answered {status}")
        return data


def _exchange(
    method: str, url: str, headers: Mapping[str, str], body: bytes, most: int
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    kinds = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise RefusedError(f"{url[:80]!a}: is no address on the web")
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=_TIMEOUT_S)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body or None, headers=dict(headers))
        answer = connection.getresponse()
        data = answer.read(most + 1)
    except (OSError, http.client.HTTPException) as error:
        raise RefusedError(f"{parts.hostname}: {error}") from error
    finally:
        connection.close()
    if len(data) > most:
        raise RefusedError(f"{parts.path}: has more than {most:,} bytes")
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data
