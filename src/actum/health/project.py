"""Does the work tree say what the project is, and does git hold it?"""

from __future__ import annotations

from collections.abc import Iterator

from actum import filing, layout, revisions
from actum.errors import InvalidRecordError
from actum.git.repository import Git
from actum.health.finding import Finding, note, ok, told, wrong
from actum.records.card import ModelCard
from actum.records.settings import Settings

UNFINISHED = "TODO"


def read_settings(repo: Git) -> tuple[Settings | None, tuple[Finding, ...]]:
    """Return the settings of the work tree, if they can be read, and what is wrong with them."""
    path = repo.root / layout.SETTINGS
    if not path.is_file():
        return None, (wrong("project", f"{layout.SETTINGS} is not there", "actum init"),)
    if path.is_symlink():  # read through the link it may be sound, but git holds only where it leads
        name = layout.SETTINGS
        mend = f'cp --remove-destination "$(readlink -f {name})" {name} && git commit {name}'
        return None, (wrong("project", f"{layout.SETTINGS} is a link, must be a regular file", mend),)
    try:
        settings = filing.read_record(layout.SETTINGS, path.read_bytes())
    except InvalidRecordError as error:
        return None, (told("project", error, f"mend {layout.SETTINGS} as the message says"),)
    assert isinstance(settings, Settings)
    found = [*committed(repo, layout.SETTINGS, "project")]
    if settings.project.owner.startswith(UNFINISHED):
        says = f"{layout.SETTINGS}: project.owner says {settings.project.owner!r}"
        found.append(wrong("project", says, f"write the owner's address into {layout.SETTINGS}, git commit"))
    return settings, tuple(found) or (ok("project", settings.project.name),)


def look_at_project(repo: Git, settings: Settings) -> Iterator[Finding]:
    if settings.clock == "simulated":
        yield note("clock", f"{layout.SETTINGS} says clock: simulated, as a demo or a back-fill does")
    yield _trunk(repo, settings.trunk)
    yield _trusted_types(repo)
    yield from _cards(repo)


def committed(repo: Git, path: str, check: str) -> Iterator[Finding]:
    """Say so when git does not hold *path* as it is; without any commit there is another finding already."""
    head = repo.resolve("HEAD")
    if head is None:
        return
    if repo.read(head, path) is None:
        yield wrong(check, f"{path} is not committed", f"git add {path} && git commit")
    elif path in repo.dirty():
        yield wrong(check, f"{path} is not committed as it is, commands read what is committed", f"git commit {path}")


def _trunk(repo: Git, trunk: str) -> Finding:
    if repo.resolve("HEAD") is None or revisions.trunk_commit(repo, trunk):
        return ok("trunk", trunk)
    says = f"the trunk {trunk} is neither a branch here nor at origin"
    return wrong("trunk", says, f"git fetch origin {trunk}  # or name the branch that is: trunk: in {layout.SETTINGS}")


def _trusted_types(repo: Git) -> Finding:
    if not (repo.root / layout.TRUSTED_TYPES).is_file():
        return wrong("trusted types", f"{layout.TRUSTED_TYPES} is not there", "actum init")
    return next(committed(repo, layout.TRUSTED_TYPES, "trusted types"), ok("trusted types", "listed"))


def _cards(repo: Git) -> Iterator[Finding]:
    for path in sorted(repo.root.glob(layout.card("*"))):
        if not path.is_file():
            continue
        where = path.relative_to(repo.root).as_posix()
        try:
            card = filing.read_record(where, path.read_bytes())
        except InvalidRecordError as error:
            yield told("card", error, f"mend {where} as the message says, git commit {where}")
            continue
        yield from committed(repo, where, "card")
        assert isinstance(card, ModelCard)
        if card.policy and not (repo.root / layout.policy(card.policy)).is_file():
            policy = layout.policy(card.policy)
            yield note("card", f"{where} names the policy {card.policy}, {policy} is not there", f"write {policy}")
        lines = path.read_text(errors="replace").splitlines()
        open_ = [str(number) for number, line in enumerate(lines, 1) if f"{UNFINISHED}:" in line.partition("#")[0]]
        if open_:
            yield note("card", f"{where}: still to be written: line {', '.join(open_)}", f"write it, git add {where}")
