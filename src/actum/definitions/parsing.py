"""From the text of a row expression to its value; by precedence climbing, with every refusal in words."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast, get_args
from zoneinfo import ZoneInfo

from actum.definitions.expression import (
    CALENDAR,
    FUNCTIONS,
    Call,
    Case,
    Cast,
    Dtype,
    Expression,
    Literal_,
    Name,
    Operation,
)

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign><>|!=|<=|>=|[-+*/%=<>(),])
    )""",
    re.VERBOSE,
)
_WORDS = frozenset(
    {"and", "or", "not", "is", "null", "true", "false", "in", "between", "case", "when", "then", "else", "end", "cast"}
    | {"as"}
)
# What people may try, and what to say of it.
_STATEMENTS = frozenset({"select", "from", "with", "insert", "update", "delete", "create", "drop", "join", "over"})
_COMPARISONS = {"=", "<>", "!=", "<", "<=", ">", ">="}
_LONGEST, _DEEPEST = 4_000, 60
_LARGEST = 2**63


class ExpressionError(ValueError):
    """The text is no row expression; ``str(error)`` says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4_096)
def parse(text: str) -> Expression:
    """Read a row expression.

    Raises:
        ExpressionError: It is none.
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"has {len(text):,} characters, must have at most {_LONGEST:,}")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at, self.depth = text, _tokens(text), 0, 0

    def whole(self) -> Expression:
        if self.now.kind == "end":
            raise ExpressionError("is empty")
        found = self.disjunction()
        if self.now.kind != "end":
            raise self.error("is not expected here")
        return found

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def error(self, problem: str) -> ExpressionError:
        if self.now.kind == "end":
            return ExpressionError(f"{self.text!r} ends too early")
        if self.now.text.lower() in _STATEMENTS:
            problem = "is not allowed: only an expression over one row is"
        return ExpressionError(f"{self.text!r}: {self.now.text!r} at {self.now.at + 1} {problem}")

    def take(self, *texts: str) -> str | None:
        """Return the word or sign that comes next, if it is one of these, and go on."""
        now = self.now
        if now.kind in ("keyword", "sign") and now.text in texts:
            self.at += 1
            return now.text
        return None

    def need(self, text: str) -> None:
        if self.take(text) is None:
            raise self.error(f"is not expected here, {text} is")

    def disjunction(self) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ExpressionError("is nested too deep")
        found = self.conjunction()
        while self.take("or"):
            found = Operation("or", (found, self.conjunction()))
        self.depth -= 1
        return found

    def conjunction(self) -> Expression:
        found = self.negation()
        while self.take("and"):
            found = Operation("and", (found, self.negation()))
        return found

    def negation(self) -> Expression:
        times = 0
        while self.take("not"):
            times += 1
        found = self.comparison()
        for _ in range(times):
            found = Operation("not", (found,))
        return found

    def comparison(self) -> Expression:
        left = self.sum()
        if (sign := self.take(*_COMPARISONS)) is not None:
            return _compared(sign, left, self.sum())
        if self.take("is"):
            negated = self.take("not") is not None
            self.need("null")
            return _unless(negated, Operation("is_null", (left,)))
        negated = self.take("not") is not None
        if self.take("in"):
            return _unless(negated, self.membership(left))
        if self.take("between"):
            low = self.sum()
            self.need("and")
            high = self.sum()
            return _unless(negated, Operation("and", (_compared(">=", left, low), _compared("<=", left, high))))
        if negated:
            raise self.error("is not expected here, in or between is")
        return left

    def membership(self, left: Expression) -> Expression:
        self.need("(")
        found: Expression = _compared("=", left, self.sum())
        while self.take(","):
            found = Operation("or", (found, _compared("=", left, self.sum())))
        self.need(")")
        return found

    def sum(self) -> Expression:
        found = self.product()
        while (sign := self.take("+", "-")) is not None:
            found = Operation(sign, (found, self.product()))
        return found

    def product(self) -> Expression:
        found = self.signed()
        while (sign := self.take("*", "/", "%")) is not None:
            found = Operation(sign, (found, self.signed()))
        return found

    def signed(self) -> Expression:
        minus = False
        while (sign := self.take("+", "-")) is not None:
            minus ^= sign == "-"
        found = self.primary()
        if not minus:
            return found
        if isinstance(found, Literal_) and type(found.value) in (int, float):
            return Literal_(-cast("int | float", found.value))
        return Operation("neg", (found,))

    def primary(self) -> Expression:
        now = self.now
        if self.take("("):
            found = self.disjunction()
            self.need(")")
            return found
        if self.take("case"):
            return self.case()
        if self.take("cast"):
            return self.cast()
        if self.take("null"):
            return Literal_(None)
        if (word := self.take("true", "false")) is not None:
            return Literal_(word == "true")
        if now.kind in ("number", "text", "name", "quoted") and now.text.lower() not in _STATEMENTS:
            self.at += 1
            return self.call(now) if now.kind == "name" and self.take("(") else _atom(now)
        raise self.error("is not expected here")

    def case(self) -> Expression:
        branches = []
        while self.take("when"):
            condition = self.disjunction()
            self.need("then")
            branches.append((condition, self.disjunction()))
        if not branches:
            raise self.error("is not expected here, when is")
        otherwise = self.disjunction() if self.take("else") else Literal_(None)
        self.need("end")
        return Case(tuple(branches), otherwise)

    def cast(self) -> Expression:
        self.need("(")
        operand = self.disjunction()
        self.need("as")
        kind = self.now.text.lower()
        if kind not in get_args(Dtype):
            raise self.error(f"is no type, must be one of {', '.join(get_args(Dtype))}")
        self.at += 1
        self.need(")")
        return Cast(operand, cast("Dtype", kind))

    def call(self, name: _Token) -> Expression:
        function = name.text.lower()
        if function not in FUNCTIONS:
            near = difflib.get_close_matches(function, FUNCTIONS, n=1)
            guess = f", did you mean {near[0]}?" if near else f": there are {', '.join(sorted(FUNCTIONS))}"
            raise ExpressionError(f"{self.text!r}: {name.text}() at {name.at + 1} is not known here{guess}")
        arguments: list[Expression] = []
        if not self.take(")"):
            arguments.append(self.disjunction())
            while self.take(","):
                arguments.append(self.disjunction())
            self.need(")")
        least, most = FUNCTIONS[function]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(f"{self.text!r}: {function}() takes {wanted} arguments, not {len(arguments)}")
        if function in CALENDAR:
            _require_zone(self.text, function, arguments[1])
        return Call(function, tuple(arguments))


def _tokens(text: str) -> list[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(f"{text!r}: {text[place]!r} at {place + 1} is not expected here")
        kind = str(match.lastgroup)
        word = match[kind]
        lower = word.lower()
        if kind == "word":
            kind, word = ("keyword", lower) if lower in _WORDS else ("name", word)
        found.append(_Token(kind, word, match.start(str(match.lastgroup))))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


def _atom(token: _Token) -> Expression:
    match token.kind:
        case "text":
            return Literal_(token.text[1:-1].replace("''", "'"))
        case "quoted":
            return Name(token.text[1:-1].replace('""', '"'))
        case "name":
            return Name(token.text)
        case _:
            return Literal_(_number(token.text))


def _number(text: str) -> int | float:
    if text.isdigit():
        if int(text) >= _LARGEST:
            raise ExpressionError(f"{text} is larger than a whole number can be")
        return int(text)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ExpressionError(f"{text} is larger than a number can be")
    return value


def _compared(sign: str, left: Expression, right: Expression) -> Expression:
    """Write a comparison with ``= <> < <=`` alone."""
    if sign in (">", ">="):
        return Operation("<" if sign == ">" else "<=", (right, left))
    return Operation("<>" if sign == "!=" else sign, (left, right))


def _unless(negated: bool, found: Expression) -> Expression:
    return Operation("not", (found,)) if negated else found


def _require_zone(text: str, function: str, zone: Expression) -> None:
    if not (isinstance(zone, Literal_) and isinstance(zone.value, str)):
        raise ExpressionError(f"{text!r}: {function}() takes a time and a time zone in quotes, such as 'Europe/Rome'")
    try:
        ZoneInfo(zone.value)
    except (KeyError, ValueError, OSError) as error:
        raise ExpressionError(f"{text!r}: {zone.value!r} is no time zone") from error
