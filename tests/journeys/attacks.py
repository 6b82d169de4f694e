"""What somebody could do to a promotion that was approved, or put in the place of its approval."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import joblib

from actum import digests, layout
from actum.git import writing
from actum.git.repository import Git
from actum.records.event import Comparison, Event, Figure
from tests.journeys.review import POINTER, PROMOTION, SIGNERS, V1, V2, Review, Trap

Attack = Callable[[Review], None]
Given = Callable[[Review], tuple[Event, ...]]
EVIDENCE = "actum/evidence"
GHOST = layout.version("tiny", "2.0.0")
HUGE = layout.event("tiny", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "approval")
SHA = "sha256:" + "0" * 64


def edit(path: str, old: str, new: str) -> Attack:
    """Edit a file beside the pointer; with nothing old, write a new one."""

    def attack(held: Review) -> None:
        with held.change() as ana:
            if old:
                ana.edit(path, old, new)
            else:
                ana.write(path, new)

    return attack


def delete_a_run(held: Review) -> None:
    with held.change() as ana:
        ana.git("rm", "--quiet", ana.git("ls-tree", "-r", "--name-only", "HEAD", "runs").splitlines()[0])


def edit_an_event(held: Review) -> None:
    with held.change() as ana:
        path = layout.event("tiny", held.read(POINTER).supersedes, "promotion")
        ana.edit(path, "name: Ana", "name: Rosa")


def forge_a_figure(held: Review) -> None:
    with held.change() as ana:
        ana.edit(held.event_path, "0.25 against", "0.95 against")


def make_up_a_comparison(held: Review) -> None:
    with held.change():
        figure = Figure(metric="auc", challenger=0.99, champion=0.5, low=0.4, high=0.5)
        held.forge_promotion(comparison=Comparison(holdout="0" * 32, rows=86_326, figures=(figure,)))


def point_at_other_bytes(held: Review) -> None:
    with held.change():
        held.forge(POINTER, artifact=SHA)
        held.forge_promotion(artifact=SHA)


def bring_the_version(held: Review) -> None:
    with held.change() as ana:
        ana.write(layout.version("tiny", "2.0.0"), (ana.repo / V2).read_text().replace('"1.1.0"', '"2.0.0"'))
        held.forge(POINTER, version="2.0.0")
        held.forge_promotion(version="2.0.0")


def swap_the_version(held: Review) -> None:
    with held.change():
        artifact = held.read(V1).artifact.sha256
        held.forge(POINTER, version="1.0.0", artifact=artifact)
        held.forge_promotion(version="1.0.0", artifact=artifact)


def bring_signers(held: Review) -> None:
    held.only(held.signed("mallory"))
    edit(SIGNERS, "", held.key("mallory").line())(held)


def let_the_base_move(held: Review) -> None:
    held.rosa.actum("promote", "tiny@v1.1.0", "--to", "production")
    held.rosa.git("push", "--quiet", "origin", f"{PROMOTION}:main")


def link(path: str, target: str) -> Attack:
    def attack(held: Review) -> None:
        with held.change() as ana:
            (ana.repo / path).unlink(missing_ok=True)
            (ana.repo / path).symlink_to(target)

    return attack


def bring_an_environment(held: Review) -> None:
    with held.change() as ana:
        path = f".actum/environments/{'0' * 20}/complete.json"
        ana.write(path, "{}")
        ana.git("add", "--force", path)


def remove_the_pointer(held: Review) -> None:
    with held.change() as ana:
        ana.git("rm", "--quiet", POINTER)


def keep_the_pointer(held: Review) -> None:
    with held.change() as ana:
        ana.git("checkout", "--quiet", "origin/main", "--", POINTER)


def date_back(held: Review) -> None:
    with held.change():
        held.forge(held.event_path, effective_at=held.read(held.event_path).effective_at - timedelta(days=400))


def forge(**promotion: object) -> Attack:
    def attack(held: Review) -> None:
        with held.change():
            held.forge_promotion(**promotion)

    return attack


# ------------------------------------------------------------------ beside the promotion


def on_evidence(changes: Callable[[Review], dict[str, bytes | None]]) -> Attack:
    """Push a commit to the evidence branch, which nobody reviews."""

    def attack(held: Review) -> None:
        commit = writing.commit_files(Git(held.ana.repo), f"origin/{EVIDENCE}", changes(held), "Change")
        held.ana.git("push", "--quiet", "origin", f"{commit}:refs/heads/{EVIDENCE}")

    return attack


def _attestation(held: Review) -> tuple[str, bytes]:
    """Return path and bytes of what the promotion rests on."""
    (path,) = held.ana.attestations()
    return path, held.ana.git("show", f"{EVIDENCE}:{path}").encode() + b"\n"


def _promotion(held: Review) -> dict[str, bytes | None]:
    paths = (held.event_path, POINTER)
    return {path: held.ana.git("show", f"origin/{PROMOTION}:{path}").encode() + b"\n" for path in paths}


delete_evidence = on_evidence(lambda held: {_attestation(held)[0]: None})
edit_evidence = on_evidence(lambda held: {(it := _attestation(held))[0]: it[1].replace(b"name: Ana", b"name: Rosa")})
promote_by_evidence = on_evidence(_promotion)


def _pickle(_held: Review) -> dict[str, bytes | None]:
    """Return what could run code, and what says that DVC tracks it."""
    data = pickle.dumps(Trap(Path("/nowhere")))
    tracked = f"outs:\n- md5: {digests.md5_of_bytes(data)}\n  size: {len(data)}\n  hash: md5\n  path: model.bin\n"
    return {"decisions/tiny/model.bin": data, "decisions/tiny/model.bin.dvc": tracked.encode()}


bring_a_pickle_as_evidence = on_evidence(_pickle)


def forge_a_metric(held: Review) -> None:
    """Bring another version of the same run, with a better figure."""
    with held.change("work") as ana:
        text = (ana.repo / V2).read_text().replace('"1.1.0"', '"2.0.0"')
        ana.write(GHOST, text.replace("share: 0.25", "share: 0.95"))


def bring_a_pickle(held: Review, marker: Path, wrapped: str) -> Path:
    """Add what would make a file if it were loaded."""
    with held.change("work") as ana:
        place = ana.repo / f"models/new.{wrapped}"
        joblib.dump(Trap(marker), place, compress=0 if wrapped == "pickle" else 3)
        ana.git("add", "--force", place)
    return place


# ------------------------------------------------------------------ in the place of an approval


def nothing(_held: Review) -> tuple[Event, ...]:
    return ()


def of(name: str, key: str = "", **approval: object) -> Given:
    """Return an approval by somebody with their own key, or another's."""
    return lambda held: (held.signed(name, key, **approval),)


def relabelled(held: Review) -> tuple[Event, ...]:
    """Return what Rosa signed for another plan, with this plan written over it."""
    (event,), honest = of("rosa", stage="staging", plan=SHA)(held), held.approval().approval
    assert event.approval is not None
    assert honest is not None
    return (replace(event, approval=replace(event.approval, stage=honest.stage, plan=honest.plan)),)


def edited(held: Review) -> tuple[Event, ...]:
    event = held.approval()
    return (replace(event, recorded_at=event.recorded_at + timedelta(seconds=1)),)


def withdrawn(held: Review) -> tuple[Event, ...]:
    return held.approval(), held.signed("rosa", withdrawn=True)
