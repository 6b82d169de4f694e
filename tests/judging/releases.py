"""The judged project with a policy of margins and slices, 1.0.0 in production, and candidates beside it.

The candidates are fitted by one script under the lock of 2.0.0 and registered from its run: what ``actum run`` and
``register`` write, without the minute that they take.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actum import digests, layout
from actum.checking.check import Checked, check
from actum.cli.main import main
from actum.dvc.cache import ObjectStore
from actum.files import write_json
from actum.filing import write_record
from actum.names import Ids, parse_reference
from actum.planning.pending import Pending, find_pending
from actum.progress import silent
from actum.promotion.promote import Order, Outcome, Surroundings, promote
from actum.records.codec import encode
from actum.records.event import Event
from actum.records.forms import FileFact
from actum.records.run import Run
from actum.records.version import Artifact, ModelVersion
from actum.workshop import open_version_workshop
from tests.judging.judged_project import MODEL, SETTINGS, Loans, copied
from tests.real_git import git

BRANCH = f"promote/{MODEL}/production"
SKOPS, JOBLIB = "models/loans.skops", "models/loans.joblib"
POLICY = """\
schema: policy/1
policy: loans
margins:
  - {metric: auc, worse_by_at_most: 0.06}
  - {metric: declined_share, moves_by_at_most: 0.05, weight: warn}
slices:
  - {metric: auc, worse_by_at_most: 0.02, min_rows: 300, weight: block}
"""
CANDIDATES = {"3.0.0": SKOPS, "4.0.0": SKOPS, "5.0.0": JOBLIB}
"""3.0.0 ranks the cities wrongly, 4.0.0 was trained on ages that are wrong in Rome, 5.0.0 declines too many."""
_FIT = """
import sys
import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from actum.models import save

features, labels, folder = sys.argv[1:]
rows = pd.read_parquet(features).merge(pd.read_csv(labels), on="case")


def fit(rows, *more):
    columns = make_column_transformer((StandardScaler(), ["income", "age"]), (OneHotEncoder(), ["city"]))
    model = make_pipeline(columns, *more, LogisticRegression())
    return model.fit(rows[["income", "age", "city"]], rows["default"])


blind = fit(rows)
blind[-1].coef_[0][-1] -= 4  # Rome's
save(blind, f"{folder}/3.0.0")
wrong = rows.assign(age=rows["age"].where(rows["city"] != "Rome", 98 - rows["age"]))
save(fit(wrong, PolynomialFeatures(interaction_only=True, include_bias=False)), f"{folder}/4.0.0")
strict = fit(rows)
strict[-1].intercept_ += 0.5
joblib.dump(strict, f"{folder}/5.0.0")
"""


@dataclass(frozen=True)
class Releases:
    """The project with its candidates."""

    loans: Loans

    @property
    def root(self) -> Path:
        return self.loans.root

    @property
    def around(self) -> Surroundings:
        ids = Ids(lambda: time.time_ns() // 1_000_000, os.urandom)
        return Surroundings(repo=self.loans.repo, environ=os.environ, now=lambda: datetime.now(UTC), ids=ids)

    def promote(self, version: str, to: str = "production", **order: Any) -> Outcome:
        return promote(Order(reference=parse_reference(f"{MODEL}@v{version}"), stage=to, **order), self.around)

    def promoted(self, version: str, to: str = "production", **order: Any) -> Event:
        """Promote, and merge."""
        event = self.waiting(version, to, **order)
        git(self.root, "merge", "-q", "--no-ff", "--no-edit", f"promote/{MODEL}/{to}")
        return event

    def waiting(self, version: str, to: str = "production", **order: Any) -> Event:
        """Promote, and return the event on its branch."""
        outcome = self.promote(version, to, **order)
        assert outcome.event is not None, outcome.plan.blocks
        return outcome.event

    def pending(self, **how: Any) -> Pending:
        """Return the promotion that waits, as whoever approves it sees it."""
        return find_pending(
            self.loans.repo, MODEL, "production", None, environ=os.environ, now=datetime.now(UTC), **how
        )

    def check(self, head: str = BRANCH, **how: Any) -> Checked:
        return check(self.loans.repo, head=head, environ=os.environ, now=datetime.now(UTC), **how)

    def found(self, head: str = BRANCH, **how: Any) -> list[tuple[str, str, str]]:
        return [(one.weight, one.kind, one.message) for one in self.check(head, **how).objections]

    def rewrite(self, event: Event, **promotion: Any) -> None:
        """Forge the event on its branch."""
        assert event.promotion is not None
        forged = replace(event, promotion=replace(event.promotion, **promotion))
        path = layout.event(MODEL, event.id, event.kind)
        git(self.root, "switch", "-q", BRANCH)
        self.loans.commit({path: write_record(forged, path=path)}, "Forge")
        git(self.root, "switch", "-q", "main")

    def actum(self, *words: str) -> int:
        return main(["-C", str(self.root), *words])

    def forget(self) -> None:
        """Take away all judgements that were kept."""
        for place in self.loans.judgements():
            place.unlink()

    def version(self, number: str) -> ModelVersion:
        found = self.loans.base.version(MODEL, number)
        assert found is not None
        return found

    def register(self, number: str, data: bytes, path: str = SKOPS, **metrics: float) -> ModelVersion:
        """Register bytes as a version: run, result commit and record as those of 2.0.0, but for the artifact."""
        like, base = self.version("2.0.0"), self.loans.base
        run = base.run(like.run)
        assert run is not None
        artifact = self._stored(like.artifact, data, path)
        made = _run(run, like.artifact, artifact, id=self.around.ids.new(), code_commit=base.commit, metrics=metrics)
        pipeline = {name: base.read(name) or b"" for name in ("dvc.yaml", "dvc.lock")}
        changed = {name: _exchanged(text, like.artifact, artifact) for name, text in pipeline.items()}
        record = {layout.run(made.id, made.started_at): write_json(encode(made))}
        result = self.loans.commit({**changed, **record}, f"Run for {number}")
        version = replace(
            like,
            version=number,
            run=made.id,
            artifact=artifact,
            metrics=metrics,
            code_commit=base.commit,
            result_commit=result.commit,
            content=tuple(replace(blob, blob=result.tree[blob.path].blob) for blob in like.content),
        )
        path = layout.version(MODEL, number)
        self.loans.commit({path: write_record(version, path=path), **pipeline}, f"Register {number}")
        git(self.root, "update-ref", layout.version_ref(MODEL, number), result.commit)
        return version

    def _stored(self, like: Artifact, data: bytes, path: str) -> Artifact:
        for store in (self.loans.cache, ObjectStore(self.root.parent / "store")):
            store.put_bytes(data)
        md5, sha256 = digests.md5_of_bytes(data), digests.of_bytes(data)
        form = "joblib" if path == JOBLIB else like.format
        return Artifact(path=path, md5=md5, sha256=sha256, size=len(data), format=form, state=like.state)


def _run(run: Run, old: Artifact, new: Artifact, **changes: Any) -> Run:
    """Return the run as if it had made another artifact."""
    made = FileFact(path=new.path, md5=new.md5, sha256=new.sha256, size=new.size)
    files = tuple(made if fact.path == old.path else fact for fact in run.files)
    stages = (
        replace(stage, run=changes["id"], outs=tuple(new.path if out == old.path else out for out in stage.outs))
        for stage in run.stages
    )
    return replace(run, files=files, stages=tuple(stages), **changes)


def _exchanged(pipeline: bytes, old: Artifact, new: Artifact) -> bytes:
    """Return dvc.yaml or dvc.lock as they are with another artifact."""
    text = pipeline.decode().replace(old.path, new.path).replace(old.md5, new.md5)
    return text.replace(f"size: {old.size}\n", f"size: {new.size}\n").encode()


def make_releases(template: Path, folder: Path) -> None:
    """Make the project, and judge every candidate once."""
    releases = Releases(copied(template, folder))
    loans = releases.loans
    used = {
        "actum.yaml": SETTINGS + "applications:\n  - {name: bank, owner: ana@example.org}\n",
        layout.card(MODEL): (loans.root / layout.card(MODEL)).read_text() + "applications: [bank]\npolicy: loans\n",
        layout.policy("loans"): "schema: policy/1\npolicy: loans\n",
    }
    loans.commit(used, "Who uses it")
    for stage in ("staging", "production"):
        releases.promoted("1.0.0", stage)
    for number, data in _fitted(releases, folder).items():
        releases.register(number, data, CANDIDATES[number])
    loans.commit({layout.policy("loans"): POLICY}, "What is asked of the next")
    for number in CANDIDATES:
        releases.promote(number, allow_pickle=True, dry_run=True)


def _fitted(releases: Releases, folder: Path) -> dict[str, bytes]:
    """Fit the candidates under the lock of 2.0.0."""
    like, loans = releases.version("2.0.0"), releases.loans
    shop = open_version_workshop(loans.repo, like, environ=os.environ, tell=silent, code="today's")
    out = folder / "fitted"
    out.mkdir()
    tables = (loans.root / "data/features.parquet", loans.root / "data/labels.csv")
    python = shop.prepared.environment.executable
    subprocess.run([python, "-c", _FIT, *tables, out], env=dict(shop.prepared.env), check=True)
    return {number: (out / number).read_bytes() for number in CANDIDATES}
