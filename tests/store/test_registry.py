"""What stands where, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from actum import layout, registry
from actum.errors import InvalidRecordError, NotFoundError
from actum.names import Bump, parse_reference
from actum.records.event import Event, Promotion
from actum.records.forms import FileFact
from actum.records.run import RunStage
from tests.records import samples
from tests.records.samples import ONE, PROMOTION, SHA, THREE, TWO
from tests.store.conftest import Keep

APRIL, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5, 6))


def promoted(ulid: str, version: str, at: datetime, stage: str = "production", **changes: Any) -> Event:
    body = Promotion(stage=stage, version=version, artifact=SHA, plan=SHA)
    return samples.event(id=ulid, effective_at=at, promotion=body, **changes)


def by_path(*records: Any) -> dict[str, Any]:
    found = {}
    for record in records:
        match record:
            case Event():
                found[layout.event(record.model, record.id, record.kind)] = record
            case _ if record.schema == "stage/1":
                found[layout.stage(record.model, record.stage)] = record
            case _ if record.schema == "model-version/1":
                found[layout.version(record.model, record.version)] = record
    return {layout.SETTINGS: samples.settings(), layout.card("churn"): samples.card(), **found}


# 1.0.0 in April; 1.1.0 recorded later but back-dated to May; then back to 1.0.0 in June
HISTORY = (promoted(ONE, "1.0.0", APRIL), promoted(THREE, "1.1.0", MAY), promoted(TWO, "1.0.0", JUNE))
VERSIONS = (samples.version(version="1.0.0"), samples.version())
POINTER = samples.pointer(version="1.0.0", event=TWO)


def test_what_stands_now_is_what_the_pointer_says(keep: Keep) -> None:
    held = registry.standing(keep(by_path(*HISTORY, *VERSIONS, POINTER)), "churn", "production")
    assert held == registry.Standing("production", "1.0.0", JUNE, HISTORY[2])
    assert held is not None
    assert held.promotion == HISTORY[2].promotion


def test_without_a_pointer_nothing_stands_now(keep: Keep) -> None:
    assert registry.standing(keep(by_path(*HISTORY, *VERSIONS)), "churn", "production") is None


@pytest.mark.parametrize(
    ("at", "version"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), None),
        (APRIL, "1.0.0"),
        (datetime(2026, 5, 31, tzinfo=UTC), "1.1.0"),
        (MAY, "1.1.0"),
        (JUNE, "1.0.0"),
    ],
)
def test_what_stood_on_a_date_goes_by_when_promotions_took_effect(
    keep: Keep, at: datetime, version: str | None
) -> None:
    held = registry.standing(keep(by_path(*HISTORY, *VERSIONS)), "churn", "production", at)
    assert (held.version if held else None) == version


def test_of_two_promotions_at_one_moment_the_later_recorded_holds(keep: Keep) -> None:
    store = keep(by_path(promoted(TWO, "1.1.0", MAY), promoted(ONE, "1.0.0", MAY)))
    held = registry.standing(store, "churn", "production", JUNE)
    assert held is not None
    assert held.version == "1.1.0"


def test_promotions_of_one_stage_or_of_all(keep: Keep) -> None:
    staged = promoted("01JDC800000000000000000004", "1.1.0", APRIL, stage="staging")
    store = keep(
        by_path(
            *HISTORY,
            staged,
            samples.event(id=TWO[:-1] + "5", kind="attestation", attestation=samples.attestation().attestation),
        )
    )
    assert [event.id[-1] for event in registry.promotions(store, "churn")] == ["1", "4", "3", "2"]
    assert registry.promotions(store, "churn", "staging") == (staged,)


def test_a_pointer_whose_event_is_not_there_is_an_error(keep: Keep) -> None:
    with pytest.raises(NotFoundError) as caught:
        registry.standing(keep(by_path(POINTER)), "churn", "production")
    assert str(caught.value) == f"churn#production points at event {TWO}, which is not there"
    assert caught.value.hint == "actum fsck"


@pytest.mark.parametrize(
    ("pointer", "moved"),
    [
        (replace(POINTER, version="1.1.0"), "churn#production to 1.0.0 with aaaaaaaa"),
        (replace(POINTER, artifact="sha256:" + "b" * 64), "churn#production to 1.0.0 with aaaaaaaa"),
        (replace(POINTER, stage="staging"), "churn#production to 1.0.0 with aaaaaaaa"),
    ],
)
def test_a_pointer_and_its_event_must_agree(keep: Keep, pointer: Any, moved: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        registry.standing(keep(by_path(*HISTORY, pointer)), "churn", pointer.stage)
    says = f"churn#{pointer.stage} says {pointer.version} with {pointer.artifact[7:15]}"
    assert str(caught.value) == f"{says}, but its event {TWO} moved {moved}"
    assert caught.value.hint == "actum fsck"


def test_another_models_event_moves_nothing_here(keep: Keep) -> None:
    other = replace(HISTORY[2], model="other")
    with pytest.raises(InvalidRecordError, match=r"moved other#production to 1\.0\.0 with aaaaaaaa$"):
        registry.standing(keep(by_path(other, POINTER)), "churn", "production")


@pytest.mark.parametrize(
    ("text", "version"), [("churn", "1.1.0"), ("churn@v1.0.0", "1.0.0"), ("churn#production", "1.0.0")]
)
def test_an_id_resolves_to_a_version(keep: Keep, text: str, version: str) -> None:
    store = keep(by_path(*HISTORY, *VERSIONS, POINTER))
    assert registry.resolve(store, parse_reference(text)).version == version


def test_an_id_resolves_as_it_did_on_a_date(keep: Keep) -> None:
    store = keep(by_path(*HISTORY, *VERSIONS, POINTER))
    assert registry.resolve(store, parse_reference("churn#production"), MAY).version == "1.1.0"


@pytest.mark.parametrize(
    ("text", "at", "message", "hint"),
    [
        ("other", None, "there is no model other (models: churn)", "actum ls models"),
        ("churn@v3.0.0", None, "churn has no version 3.0.0 (versions: 1.0.0, 1.1.0)", "actum ls versions churn"),
        ("churn#staging", None, "nothing stands at churn#staging", "actum ls versions churn"),
        (
            "churn#production",
            datetime(2020, 1, 1, tzinfo=UTC),
            "nothing stands at churn#production on 2020-01-01",
            "actum ls versions churn",
        ),
    ],
)
def test_what_does_not_resolve_says_why(keep: Keep, text: str, at: datetime | None, message: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        registry.resolve(keep(by_path(*HISTORY, *VERSIONS, POINTER)), parse_reference(text), at)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_model_without_versions_says_what_to_type(keep: Keep) -> None:
    with pytest.raises(NotFoundError, match=r"^churn has no version yet$") as caught:
        registry.resolve(keep(by_path()), parse_reference("churn"))
    assert caught.value.hint == "actum register churn"


@pytest.mark.parametrize(
    ("versions", "part", "after"),
    [
        ((), "minor", "1.0.0"),
        (("1.9.0", "1.10.0"), "minor", "1.11.0"),
        (("1.9.0", "1.10.0"), "major", "2.0.0"),
        (("2.0.0-rc.1",), "patch", "2.0.0"),
    ],
)
def test_the_next_version_follows_the_highest(keep: Keep, versions: tuple[str, ...], part: Bump, after: str) -> None:
    store = keep(by_path(*(samples.version(version=number) for number in versions)))
    assert registry.next_version(store, "churn", part) == after


def test_the_sample_promotion_is_the_one_that_pointers_expect(keep: Keep) -> None:
    held = registry.standing(keep(by_path(samples.event(), samples.pointer())), "churn", "production")
    assert held is not None
    assert held.promotion == PROMOTION


def test_a_version_that_names_what_its_run_did_not_make_is_refused(keep: Keep) -> None:
    version = samples.version()
    own = version.artifact
    fact = FileFact(path=own.path, md5=own.md5, sha256=own.sha256)
    train = RunStage(name="train", run=ONE, cmd="true", seconds=1.0, outs=(own.path,))
    run = samples.run(id=version.run, stages=(train,), files=(fact,))
    store = keep({**by_path(version), layout.run(run.id, run.started_at): run})
    registry.require_made(store, version)
    registry.require_made(store, replace(version, run=THREE))  # its run is not here: nothing contradicts it
    with pytest.raises(InvalidRecordError) as caught:
        registry.require_made(store, replace(version, artifact=replace(own, md5="0" * 32)))
    said = f"churn@v{version.version}: {own.path} with its digests is no output of run/{run.id}"
    assert (str(caught.value), caught.value.hint) == (said, "actum fsck")
