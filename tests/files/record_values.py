"""Records of every shape, with the text that has broken YAML writers before."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from actum.files.text import CONTROL

# fmt: off
NASTY = [
    "1.10.0", "2026-11-23T00:00:00Z", "2026-11-23", "true", "null", "0x1F", "1e5", "1e-09", "~", "", "no", "On",
    "y", "- a", "-", "?", ": ", "a: b", "a #b", "#", "a:", "&a", "*a", "!x", "|", ">", "%", "@", "`", "{", "[a",
    "a, b", "---", "...", "... x", "--- x", "<<", "=", " a", "a ", "\t", "a\tb", "a\n", "\na", "a\n\n", "a\nb",
    " a\nb", "a\n b", "a \nb", "a\n\nb\n", "a\n---\nb", "a\n...\nb\n", "a\n# b", "\"", "'", "\\", "\\n",
    "\u2028", "\u0085", "\ufeff", "\u00a0", "0123", "1_000", "12:30:45", ".5", "5.", "+1", ".inf", "-.INF",
    ".nan", "0b1", "1,5", "é", "日本", "😀", "\uffff", "x\ufffe", "5e123456", "01JDC8ZZZZZZZZZZZZZZZZZZZZ", "C:\\x",
    "$HOME", "(a)", "key: [1]", "?x", "k:v", "a" * 200 + " " + "b" * 200,
]
# fmt: on


def words() -> st.SearchStrategy[str]:
    fit = st.text(max_size=20).filter(lambda text: not CONTROL.search(text))
    alphabet = st.text(alphabet="ab1.:-_ #\n\"'\\,[]{}&*!|>%@`~?=\t0eE+é\u2028", max_size=12)
    return st.one_of(st.sampled_from([text for text in NASTY if not CONTROL.search(text)]), fit, alphabet)


def scalars(*, nulls: bool) -> st.SearchStrategy[Any]:
    numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
    return st.one_of(words(), numbers, st.none()) if nulls else st.one_of(words(), numbers)


def records(*, nulls: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    values = st.recursive(
        scalars(nulls=nulls),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words(), inner, max_size=3)),
        max_leaves=8,
    )
    return st.dictionaries(words(), values, max_size=5)
