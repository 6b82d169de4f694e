"""From text to what it says, and why a text says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actum.definitions.expression import FUNCTIONS, Call, Case, Cast, Expression, Literal_, Name, Operation, names_in
from actum.definitions.parsing import ExpressionError, parse

NO_STATEMENT = "is not allowed: only an expression over one row is; a column of that name goes in double quotes"
A, B, C, ONE, NULL = Name("a"), Name("b"), Name("c"), Literal_(1), Literal_(None)


def op(operator: str, *operands: Expression) -> Operation:
    return Operation(operator, operands)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a", A),
        (' "a" ', A),
        ('"odd "" name"', Name('odd " name')),
        ('"from"', Name("from")),
        ("'it''s'", Literal_("it's")),
        ("1", ONE),
        ("1.", Literal_(1.0)),
        (".5e1", Literal_(5.0)),
        ("-1", Literal_(-1)),
        ("- -1", ONE),
        ("-a", op("neg", A)),
        ("+a", A),
        ("TRUE", Literal_(True)),
        ("null", NULL),
        ("a + b * c", op("+", A, op("*", B, C))),
        ("(a + b) * c", op("*", op("+", A, B), C)),
        ("a - b - c", op("-", op("-", A, B), C)),
        ("a % b / c", op("/", op("%", A, B), C)),
        ("a > b", op("<", B, A)),
        ("a >= b", op("<=", B, A)),
        ("a != b", op("<>", A, B)),
        ("a is null", op("is_null", A)),
        ("a is not null", op("not", op("is_null", A))),
        ("not not a", op("not", op("not", A))),
        ("not a = b", op("not", op("=", A, B))),
        ("a or b and c", op("or", A, op("and", B, C))),
        ("a in (1, b)", op("or", op("=", A, ONE), op("=", A, B))),
        ("a not in (1)", op("not", op("=", A, ONE))),
        ("a between 1 and b", op("and", op("<=", ONE, A), op("<=", A, B))),
        ("a not between 1 and b", op("not", op("and", op("<=", ONE, A), op("<=", A, B)))),
        ("a between 1 and b and c", op("and", op("and", op("<=", ONE, A), op("<=", A, B)), C)),
        ("case when a then 1 end", Case(((A, ONE),), NULL)),
        ("case when a then 1 when b then c else a end", Case(((A, ONE), (B, C)), A)),
        ("cast(a as FLOAT)", Cast(A, "float")),
        ("Coalesce(a, 1)", Call("coalesce", (A, ONE))),
        ("hour(a, 'Europe/Rome')", Call("hour", (A, Literal_("Europe/Rome")))),
    ],
)
def test_an_expression_says(text: str, says: Expression) -> None:
    assert parse(text) == says


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("a +", "'a +' ends too early"),
        ("(a", "'(a' ends too early"),
        ("a b", "'a b': 'b' at 3 is not expected here"),
        ("a)", "'a)': ')' at 2 is not expected here"),
        ("a; drop", "'a; drop': ';' at 2 is not expected here"),
        ("a -- b", "'a -- b': '--' at 3 begins a comment"),
        ("a /* b */", "'a /* b */': '/*' at 3 begins a comment"),
        ("é", "'é': 'é' at 1 is not expected here"),
        ("'a", '"\'a": "\'" at 1 is not expected here'),
        ("3h", "'3h': 'h' at 2 is not expected here"),
        ("a < b < c", "'a < b < c': '<' at 7 is not expected here"),
        ("a not like b", "'a not like b': 'like' at 7 is not expected here, in or between is"),
        ("a is 1", "'a is 1': '1' at 6 is not expected here, null is"),
        ("case a when 1 then 2 end", "'case a when 1 then 2 end': 'a' at 6 is not expected here, when is"),
        ("case when a then 1", "'case when a then 1' ends too early"),
        (
            "select a",
            f"'select a': 'select' at 1 {NO_STATEMENT}",
        ),
        (
            "sum(a) over (b)",
            f"'sum(a) over (b)': sum() at 1 is not known here: there are {', '.join(sorted(FUNCTIONS))}",
        ),
        ("read_csv('x')", None),
        ("lengt(a)", "'lengt(a)': lengt() at 1 is not known here, did you mean length?"),
        ("abs()", "'abs()': abs() takes 1 argument, not 0"),
        ("least(a)", "'least(a)': least() takes 2 to 16 arguments, not 1"),
        (
            "cast(a as text)",
            "'cast(a as text)': 'text' at 11 is no type, must be one of float, int, string, bool, timestamp",
        ),
        ("cast(a, int)", "'cast(a, int)': ',' at 7 is not expected here, as is"),
        ("hour(a, b)", "'hour(a, b)': hour() takes a time and a time zone in quotes, such as 'Europe/Rome'"),
        (
            "hour(a, 'Europe/Roma')",
            "\"hour(a, 'Europe/Roma')\": 'Europe/Roma' is no time zone, did you mean Europe/Rome?",
        ),
        ("hour(a, '../x')", "\"hour(a, '../x')\": '../x' is no time zone, write one such as Europe/Rome"),
        (
            "hour(a, 'localtime')",
            "\"hour(a, 'localtime')\": 'localtime' is no time zone, write one such as Europe/Rome",
        ),
        ("9223372036854775808", "9223372036854775808 is larger than a whole number can be"),
        ("1e999", "1e999 is larger than a number can be"),
        ("a + " * 1000 + "a", "has 4,001 characters, must have at most 4,000"),
        ("(" * 70 + "a" + ")" * 70, "is nested more than 60 deep"),
        ("+".join("a" * 61), "is nested more than 60 deep: put parts of it in parentheses"),
        ("-(" * 59 + "a + b" + ")" * 59, "is nested more than 60 deep: put parts of it in parentheses"),
    ],
)
def test_what_is_no_expression_over_one_row_is_refused_in_words(text: str, refusal: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert refusal is None or str(caught.value) == refusal


def test_a_long_text_is_quoted_in_part() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("a and " * 50)
    assert str(caught.value) == f"{('a and ' * 50)[:77] + '...'!r} ends too early"


@pytest.mark.parametrize("text", [" and ".join("a" * 600), " or ".join("a" * 600), f"a in ({', '.join('b' * 900)})"])
def test_many_conditions_are_not_deep(text: str) -> None:
    assert names_in(parse(text)) <= {"a", "b"}


def test_an_expression_names_what_it_reads() -> None:
    text = "case when a > 1 then cast(b as int) else coalesce(c, hour(d, 'UTC')) end + 'no name'"
    assert names_in(parse(text)) == {"a", "b", "c", "d"}


@given(st.text(alphabet="ab1.'\"()+-*/%<>=, \n\\;", max_size=30) | st.text(max_size=30))
def test_any_text_is_an_expression_or_refused_in_one_line(text: str) -> None:
    assert "\n" not in refusal_of(text)


def refusal_of(text: str) -> str:
    try:
        parse(text)
    except ExpressionError as error:
        return str(error)
    return ""
