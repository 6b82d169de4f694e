"""DVC's effective configuration, read without DVC: where the cache is, which remotes there are.

Credentials live in ``Remote.settings``; nothing here prints them, and ``Remote.shown`` is the address for people.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from actum.errors import InvalidRecordError, NotFoundError

Section = dict[str, str]
_NAMED = re.compile(r"""^\s*remote\s*["'](.*)["']\s*$""")
_LINE = re.compile(r"""^\s*("[^"]*"|'[^']*'|[^'"=\s][^=]*?)\s*=\s*(.*?)\s*$""")
# The settings of a remote that DVC resolves against the folder of the file that they stand in.
_PATHS = frozenset({"url", "credentialpath", "configpath", "keyfile", "cert_path", "key_path"}) | {
    "gdrive_user_credentials_file",
    "gdrive_service_account_json_file_path",
}
ADD_REMOTE = "dvc remote add --default storage /path/or/address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A place that ``dvc push`` writes to. ``url`` is absolute; ``settings`` hold all else, credentials included."""

    name: str
    url: str = field(repr=False)
    settings: Mapping[str, str] = field(repr=False, default_factory=dict)

    @property
    def path(self) -> Path | None:
        """The folder of a remote on this machine or on a mounted disk; None for every other."""
        if self.url.startswith("file://"):
            return Path(self.url.removeprefix("file://"))
        return None if "://" in self.url else Path(self.url)

    @property
    def shown(self) -> str:
        """The address without user and password."""
        return re.sub(r"(?<=://)[^/@]*@", "", self.url)

    @property
    def version_aware(self) -> bool:
        """Whether DVC lays it out by path with versions of the store's own, and rewrites dvc.lock on a push."""
        return any(is_true(self.settings.get(key, "false")) for key in ("version_aware", "worktree"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What system, global, repository and local configuration say together, the later over the earlier."""

    root: Path
    cache_dir: Path
    default_remote: str
    remotes: Mapping[str, Remote]
    core: Mapping[str, str] = field(repr=False, default_factory=dict)
    cache: Mapping[str, str] = field(repr=False, default_factory=dict)

    def remote(self, name: str = "") -> Remote:
        """Return the remote of that name, or the default one.

        Raises:
            NotFoundError: There is none.
        """
        wanted = (name or self.default_remote).lower()
        if not wanted:
            hint = f"dvc remote default {next(iter(self.remotes))}" if self.remotes else ADD_REMOTE
            raise NotFoundError(".dvc/config: names no default remote", hint=hint)
        if wanted not in self.remotes:
            known = ", ".join(self.remotes) or "none"
            raise NotFoundError(f".dvc/config: there is no remote {wanted!r}, known: {known}", hint=ADD_REMOTE)
        return self.remotes[wanted]


def read_config(
    root: Path, env: Mapping[str, str], *, committed: bytes | None = None, with_local: bool = True
) -> Config:
    """Read the configuration of the DVC project at *root*; *env* says where system and global files are.

    Args:
        committed: What a revision has as ``.dvc/config``, b"" for none; it stands in for the work tree's file.
        with_local: Whether ``.dvc/config.local`` is this machine's own; one that came with a revision is not.

    Raises:
        NotFoundError: *root* holds no DVC project.
        InvalidRecordError: A configuration file cannot be read.
    """
    if not (root / ".dvc").is_dir():
        raise NotFoundError(f"{root}: is no DVC project, it holds no .dvc folder", hint="dvc init")
    merged: dict[str, Section] = {}
    own, local = root / ".dvc" / "config", root / ".dvc" / "config.local"
    for file in (*_outer_files(env), own, *([local] if with_local else [])):
        given = committed if file == own else None
        for name, section in _sections(file, env, given).items():
            merged.setdefault(name, {}).update(section)
    core, cache = merged.get("core", {}), merged.get("cache", {})
    named = {found[1]: section for name, section in merged.items() if (found := _NAMED.match(name))}
    return Config(
        root=root,
        cache_dir=Path(cache.get("dir") or root.absolute() / ".dvc" / "cache"),
        default_remote=core.get("remote", "").lower(),
        remotes={name: _remote(name, named) for name in named},
        core=core,
        cache=cache,
    )


def is_true(text: str) -> bool:
    """Read a truth as DVC does."""
    return text.lower() in ("true", "yes", "on", "1")


def worktree_config(config: Config, *, site_cache_dir: Path | None = None) -> bytes:
    """Return the ``config.local`` for a detached worktree, which has neither cache nor remotes of its own.

    All addresses are absolute: an old commit carries its old remote, and a relative one would resolve inside
    the worktree. ``cache.type = copy``: a stage that writes in place through a link would harm the shared cache.
    The file holds the main checkout's credentials: write it readable by its owner only.

    Args:
        site_cache_dir: where DVC is to keep what it remembers about this worktree; inside it, it goes with it.
    """
    core = {"analytics": "false", "autostage": "false", "check_update": "false"}
    core |= {key: config.core[key] for key in ("hardlink_lock", "no_scm") if key in config.core}
    core |= {"remote": config.default_remote} if config.default_remote else {}
    core |= {"site_cache_dir": str(site_cache_dir.absolute())} if site_cache_dir else {}
    cache = {key: value for key, value in config.cache.items() if key not in ("dir", "type")}
    sections = {"core": core, "cache": {"dir": str(config.cache_dir), "type": "reflink,copy", **cache}}
    for name, remote in config.remotes.items():
        sections[f'remote "{name}"'] = remote_section(remote)
    return write_sections(sections)


def remote_section(remote: Remote) -> Section:
    """Return the settings under which a child of ours may use *remote*.

    ``verify`` is never on: DVC then deletes an object that does not match from a remote that it may write to.
    """
    section = {"url": str(remote.path) if remote.path else remote.url, **remote.settings}
    if "verify" in section or "://" not in section["url"]:
        section["verify"] = "false"
    return section


def write_sections(sections: Mapping[str, Section]) -> bytes:
    """Write a configuration file as DVC writes it."""
    lines = []
    for name, section in sections.items():
        lines.append(f"['{name}']" if '"' in name else f"[{name}]")
        lines += [f"    {key} = {_quoted(key, value)}" for key, value in section.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted(key: str, value: str) -> str:
    if key == "type" or re.fullmatch(r"[^\s'\"#,\[][^'\"#,]*", value):
        return value
    if "\n" in value or ('"' in value and "'" in value):
        raise InvalidRecordError(f"{key}: holds a value that a DVC configuration file cannot")
    return f"'{value}'" if '"' in value else f'"{value}"'


def _remote(name: str, named: Mapping[str, Section], above: tuple[str, ...] = ()) -> Remote:
    """Build one remote; ``remote://other/path`` stands for a folder in another one, with its settings."""
    section = dict(named.get(name, {}))
    url = section.pop("url", "")
    if name not in named or not url or name in above:
        raise InvalidRecordError(f".dvc/config: remote {name!r} has no url that leads anywhere", hint=ADD_REMOTE)
    if not url.startswith("remote://"):
        return Remote(name=name, url=url, settings=section)
    base, _, path = url.removeprefix("remote://").partition("/")
    under = _remote(base.lower(), named, (*above, name))
    return Remote(name=name, url=f"{under.url.rstrip('/')}/{path}", settings={**under.settings, **section})


def _outer_files(env: Mapping[str, str]) -> Iterator[Path]:
    """The files of the machine and of the user. Source: platformdirs, which DVC asks for both folders."""
    mac = sys.platform == "darwin"
    dirs = env.get("XDG_CONFIG_DIRS", "").split(os.pathsep)[0]
    system = Path(dirs or ("/Library/Application Support" if mac else "/etc/xdg"), "dvc")
    yield Path(env.get("DVC_SYSTEM_CONFIG_DIR") or system, "config")
    home = Path(env.get("HOME") or Path.home())  # as DVC's child finds it when HOME is not handed on
    own = env.get("XDG_CONFIG_HOME") or (home / "Library/Application Support" if mac else home / ".config")
    yield Path(env.get("DVC_GLOBAL_CONFIG_DIR") or Path(own, "dvc"), "config")


def _sections(file: Path, env: Mapping[str, str], given: bytes | None = None) -> dict[str, Section]:
    try:
        text = (file.read_bytes() if given is None else given).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRecordError(f"{file}: cannot be read: {error}") from error
    return _parse(text, file, env)


def _parse(text: str, file: Path, env: Mapping[str, str]) -> dict[str, Section]:
    """Parse DVC's dialect of INI (ConfigObj): quoted section names and values, ``#`` comments, keys in any case."""
    sections: dict[str, Section] = {}
    current: Section = {}
    named = False
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            name = _unquoted(stripped.partition("#")[0].strip()[1:-1].strip()).lower()
            current, named = sections.setdefault(name, {}), _NAMED.match(name) is not None
        elif found := _LINE.match(line):
            key, value = _unquoted(found[1]).lower(), _unquoted(_uncommented(found[2]))
            place = (named and key in _PATHS) or (current is sections.get("cache") and key == "dir")
            current[key] = _absolute(value, file.parent, env) if place else value
        else:  # the line itself is not shown: it may hold a credential
            raise InvalidRecordError(
                f"{file}:{number}: is neither a [section] nor key = value", hint="dvc config --list"
            )
    return sections


def _uncommented(value: str) -> str:
    quoted = re.match(r"""("[^"]*"|'[^']*')\s*(?:#.*)?$""", value)
    return quoted[1] if quoted else re.split(r"\s*#", value, maxsplit=1)[0]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _absolute(path: str, folder: Path, env: Mapping[str, str]) -> str:
    if re.match(r"\w+://", path):
        return path
    if path == "~" or path.startswith("~/"):
        path = (env.get("HOME") or str(Path.home())) + path[1:]
    return os.path.normpath(folder.absolute() / path)
