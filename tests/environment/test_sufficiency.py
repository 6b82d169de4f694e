"""What a lock lacks, told without resolving anything."""

from __future__ import annotations

import pytest

from actum.environment.lock import Pinned
from actum.environment.sufficiency import disagreements, lacking
from actum.records.card import DecisionRule, ModelCard

RULE = DecisionRule(threshold=0.5, at_or_above="declined", below="offered")


def card(model: str, artifact: str, decision: DecisionRule | None = None) -> ModelCard:
    return ModelCard(schema="model/1", model=model, owner="ana@example.org", artifact=artifact, decision=decision)


PINNED = (
    Pinned(name="numpy", version="2.4.6", hashes=()),
    Pinned(name="ruamel-yaml", version="0.18.1", hashes=()),
    Pinned(name="scipy", version="1.15.0", marker="python_version < '3.12'", hashes=()),
    Pinned(name="scipy", version="1.17.0", marker="python_version >= '3.12'", hashes=()),
    Pinned(name="pre", version="2.0rc1", hashes=()),
)


@pytest.mark.parametrize(
    ("names", "cards", "told"),
    [
        ({"six"}, [], ()),
        ({"six"}, [card("bytes", "models/a.bin")], ()),
        ({"six"}, [card("a", "a.skops")], ("has no skops, without which a cannot be saved and loaded",)),
        ({"skops"}, [card("a", "a.skops")], ()),
        (
            {"six"},
            [card("a", "a.skops", RULE), card("b", "b.skops")],
            (
                "has no skops, without which a, b cannot be saved and loaded",
                "has no pyarrow and no pandas, without which a cannot be scored",
            ),
        ),
        ({"skops", "pyarrow"}, [card("a", "a.skops", RULE)], ("has no pandas, without which a cannot be scored",)),
        ({"skops", "pyarrow", "pandas"}, [card("a", "a.skops", RULE)], ()),
    ],
)
def test_what_the_models_of_a_project_will_need_is_missed(
    names: set[str], cards: list[ModelCard], told: tuple[str, ...]
) -> None:
    assert lacking(names, cards) == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("numpy", ()),
        ("NumPy >=2,<3  # a remark", ()),
        ("ruamel.yaml[jinja2]==0.18.1", ()),
        ("scipy==1.17.0", ()),
        ("pre>=1", ()),
        ("red", ("has no red, which requirements.in asks for",)),
        ("numpy>=3", ("has numpy 2.4.6, requirements.in asks for >=3",)),
        ("scipy<1", ("has scipy 1.15.0, 1.17.0, requirements.in asks for <1",)),
        ("red; python_version < '3.9'", ()),
        ("red; python_full_version >= '3.11.0'", ("has no red, which requirements.in asks for",)),
        ("-r other.in", ()),
        ("--index-url x", ()),
        ("not a requirement!", ()),
        ("numpy \\\n  >=3", ("has numpy 2.4.6, requirements.in asks for >=3",)),
    ],
)
def test_a_lock_that_is_not_what_its_source_asks_for_is_seen(line: str, told: tuple[str, ...]) -> None:
    assert disagreements("requirements.in", f"# first\n{line}\n", PINNED, "3.11") == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[project]\ndependencies = ["red", "numpy"]\n', ("has no red, which pyproject.toml asks for",)),
        ("[project]\nname = 'a'\n", ()),
        ("[project]\ndependencies = 3\n", ()),
        ("[project\n", ()),
    ],
)
def test_a_pyproject_is_a_source_too(text: str, told: tuple[str, ...]) -> None:
    assert disagreements("pyproject.toml", text, PINNED, "3.11.7") == told
