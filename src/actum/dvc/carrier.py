"""Carry single objects to and from a remote that only DVC can reach, through a tiny project of our own.

The project tracks nothing but the objects wanted, each as a file of its own and never as part of a folder. DVC
therefore asks the remote about every one of them: it believes in a folder's files wherever it finds the list of
that folder, so a list is pushed after its files, and read as what it is, by its address. What DVC remembers
about remotes (``core.site_cache_dir``) is this project's own too, and empty at the start.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from actum.dvc import commands
from actum.dvc.cache import ObjectStore
from actum.dvc.config import Remote, remote_section, write_sections
from actum.dvc.objects import Needed
from actum.errors import ToolFailedError
from actum.files import hold, remove_dead

_PREFIX = "actum-carrier-"
_ABSENT = re.compile(r"The path 'remote://carried/\S+' does not exist|do not exist neither locally nor on remote")


@dataclass(frozen=True, slots=True)
class Carrier:
    """The tiny project. ``store``: the cache that objects are pushed from, or fetched into."""

    root: Path
    remote: Remote
    store: ObjectStore
    env: Mapping[str, str]

    def push(self, objects: Sequence[Needed]) -> int:
        """Push what the remote lacks of *objects*, lists of folders last; return how many DVC says it sent."""
        sent = 0
        for group in ([one for one in objects if not one.is_dir], [one for one in objects if one.is_dir]):
            if group:
                said = self._call(["push"], group)
                sent += sum(int(count) for count in re.findall(r"^(\d+) files? pushed", said, re.M))
        return sent

    def fetch(self, objects: Sequence[Needed]) -> None:
        """Bring the bytes of *objects* into the store; what the remote lacks is simply not there afterwards.

        Raises:
            ToolFailedError: The remote could not be asked.
        """
        files = [one for one in objects if not one.is_dir]
        if files:
            self._call(["fetch"], files, may_lack=True)
        for one in objects:
            if one.is_dir:
                self._get_list(one)
        if not any(self.store.has(one.md5, legacy=one.legacy) for one in objects):
            _ask(self.remote, self.env)

    def _get_list(self, one: Needed) -> None:
        target = self.store.path(one.md5, legacy=one.legacy)
        target.parent.mkdir(parents=True, exist_ok=True)
        inside = ("" if one.legacy else "files/md5/") + f"{one.md5[:2]}/{one.md5[2:]}"
        words = ["get-url", "--force", f"remote://carried/{inside}", str(target)]
        self._run(words, may_lack=True)

    def _call(self, words: list[str], objects: Sequence[Needed], *, may_lack: bool = False) -> str:
        (self.root / "objects.dvc").write_bytes(_listing(objects))
        return self._run(words, may_lack=may_lack)

    def _run(self, words: list[str], *, may_lack: bool) -> str:
        code, said = commands.call(words, self.root, self.env)
        if code and not (may_lack and _ABSENT.search(said)):
            raise commands.failure(words, said)
        return said


@contextmanager
def carrier(remote: Remote, env: Mapping[str, str], *, cache_dir: Path | None = None) -> Iterator[Carrier]:
    """Give a carrier to and from *remote*; without *cache_dir* its store is empty and goes with it.

    Raises:
        ToolFailedError: The remote keeps versions of its own: a push would rewrite dvc.lock.
    """
    if remote.version_aware:
        raise ToolFailedError(
            f"remote {remote.name!r}: is version_aware, objects have no names of their own there",
            hint=f"dvc remote modify {remote.name} version_aware false",
        )
    place = Path(tempfile.gettempdir())
    remove_dead(place, _PREFIX)  # one that was killed left the remote's credentials
    held = hold(place, _PREFIX)
    folder = held.path
    try:
        store = ObjectStore(cache_dir or folder / "cache")
        inner = folder / ".dvc"
        inner.mkdir()
        config = inner / "config"
        config.touch(mode=0o600)  # the credentials of the remote go in
        config.write_bytes(_config(remote, store.root, folder / "site"))
        yield Carrier(folder, remote, store, env)
    finally:
        held.release()


def batches(objects: Iterable[Needed], sizes: Mapping[str, int], max_bytes: int) -> Iterator[list[Needed]]:
    """Cut *objects* into runs of at most *max_bytes*, or of one object that is larger."""
    batch: list[Needed] = []
    total = 0
    for one in objects:
        size = sizes.get(one.md5, 0)
        if batch and total + size > max_bytes:
            yield batch
            batch, total = [], 0
        batch.append(one)
        total += size
    if batch:
        yield batch


def _ask(remote: Remote, env: Mapping[str, str]) -> None:
    """Refuse a web remote that does not answer at all: DVC takes a dead server for an empty one."""
    import urllib.error
    import urllib.request

    address = re.sub(r"^webdav", "http", remote.url)
    if not address.startswith(("http://", "https://")):
        return  # of every other kind DVC tells when it cannot connect
    proxies = {scheme: env[f"{scheme}_proxy"] for scheme in ("http", "https") if env.get(f"{scheme}_proxy")}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    try:
        opener.open(urllib.request.Request(address, method="HEAD"), timeout=30).close()  # noqa: S310 - checked above
    except urllib.error.HTTPError:
        pass  # an answer, if only that there is no page at the root
    except OSError as error:
        problem = f"remote {remote.name!r}: {remote.shown} does not answer: {error}"
        raise ToolFailedError(problem, hint="dvc remote list") from error


def _config(remote: Remote, cache_dir: Path, site: Path) -> bytes:
    core = {"no_scm": "true", "remote": "carried", "analytics": "false", "check_update": "false"}
    return write_sections(
        {
            "core": {**core, "site_cache_dir": str(site)},
            "cache": {"dir": str(cache_dir)},
            'remote "carried"': remote_section(remote),
        }
    )


def _listing(objects: Sequence[Needed]) -> bytes:
    """A ``.dvc`` file of all the objects. Names are hex digits: nothing that YAML would need quoted."""
    lines = ["outs:"]
    for one in {one.md5: one for one in objects}.values():
        lines += [f'- md5: "{one.md5}"', f"  path: o{one.md5}"] + ([] if one.legacy else ["  hash: md5"])
    return "".join(f"{line}\n" for line in lines).encode()
