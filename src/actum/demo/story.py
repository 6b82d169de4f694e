"""The story as data: what is typed, why, and what must come of it. Nothing here runs anything."""

from __future__ import annotations

from dataclasses import dataclass

MODEL = "late-arrival"
BESIDE_THE_CARD = f"registry/{MODEL}/"
OFFER = "B6-11-JFK-FLL-2013-04-18T22:07"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One command line. ``expect``: the exit statuses that the story allows; ``quiet``: its output is not shown."""

    title: str
    command: tuple[str, ...]
    expect: tuple[int, ...] = (0,)
    quiet: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An edit of params.yaml, as a data scientist makes it. ``values``: dotted key -> value."""

    title: str
    values: tuple[tuple[tuple[str, ...], str], ...]
    message: str


Act = Step | Change

BOOSTING = (
    (("model", "kind"), "boosting"),
    (("train", "until"), "2013-07-01"),
)
BALANCED = ((("model", "class_weight"), "balanced"),)


def _promotion(version: str, since: str) -> tuple[Act, ...]:
    branch = f"promote/{MODEL}/production"
    return (
        Step(
            title=f"version {version} asks for production, effective {since}",
            command=("actum", "promote", f"{MODEL}@v{version}", "--to", "production", "--effective-at", since),
        ),
        Step(title="the check that CI would run on the pull request", command=("actum", "check", "--head", branch)),
        Step(title="the merge", command=("git", "merge", "--no-ff", "--quiet", "--no-edit", branch), quiet=True),
        Step(title="the tags that GTO and DVC read", command=("actum", "tags")),
    )


STORY: tuple[Act, ...] = (
    Step(title="train: a linear model on January to March", command=("actum", "run")),
    Step(
        title="pin a probe (256 flights to compare models on) and a holdout (a quarter to judge them by)",
        command=("cp", "data/probe.parquet", "data/holdout.parquet", BESIDE_THE_CARD),
        quiet=True,
    ),
    Step(
        title="",
        command=("dvc", "add", "--quiet", f"{BESIDE_THE_CARD}probe.parquet", f"{BESIDE_THE_CARD}holdout.parquet"),
        quiet=True,
    ),
    Step(title="", command=("git", "commit", "--quiet", "-m", "Pin probe and holdout"), quiet=True),
    Step(title="a version that never changes", command=("actum", "register", MODEL, "--version", "1.0.0")),
    *_promotion("1.0.0", "2013-04-01"),
    Step(
        title="a quarter of decisions: April to June",
        command=(
            *("actum", "score", f"{MODEL}#production", "data/features.parquet"),
            *("--as-of", "2013-06-30", "--since", "2013-04-01", "--until", "2013-06-30"),
        ),
    ),
    Change(
        title="a better idea: gradient boosting on January to June", values=BOOSTING, message="Try gradient boosting"
    ),
    Step(title="", command=("actum", "run")),
    Step(title="", command=("actum", "register", MODEL, "--version", "2.0.0")),
    Change(title="a tempting one: balanced class weights", values=BALANCED, message="Try balanced class weights"),
    Step(title="", command=("actum", "run")),
    Step(title="", command=("actum", "register", MODEL, "--version", "2.1.0")),
    Step(
        title="the policy refuses it: the ranking holds, the probabilities do not",
        command=("actum", "promote", f"{MODEL}@v2.1.0", "--to", "production", "--effective-at", "2013-07-01"),
        expect=(3,),
    ),
    *_promotion("2.0.0", "2013-07-01"),
    Step(
        title="years later: is version 1.0.0 still what git says it is?",
        command=("actum", "rebuild", f"{MODEL}@v1.0.0"),
    ),
    Step(title="and why was this offer declined, in April?", command=("actum", "why", MODEL, "--key", OFFER)),
)

NEXT = (
    "actum ls --at 2013-04-18",
    f"actum show {MODEL}@v2.0.0",
    f"actum diff {MODEL}@v1.0.0 {MODEL}@v2.0.0",
    f"actum log {MODEL}",
    f"actum rebuild {MODEL}@v1.0.0 --with-env OPENBLAS_CORETYPE=Nehalem",
    "actum fsck",
)
