"""From the text of a row expression to its value; by precedence climbing, with every refusal in words."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast, get_args

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
    parts,
)
from actum.definitions.zone_names import zone_problem

_WORD = "(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
_PARTS = r"""(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.(?:[A-Za-z0-9_]+|"(?:[^"]|"")+"))*)"""
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<comment>--|/\*)
    |(?P<sign><>|!=|<=|>=|[-+*/%=<>(),])
    )""",
    re.VERBOSE,
)
_PART = re.compile(r'(?<=\.)"((?:[^"]|"")+)"')
_WORDS = frozenset(
    {"and", "or", "not", "is", "null", "true", "false", "in", "between", "case", "when", "then", "else", "end", "cast"}
    | {"as"}
)
# What people may try, and what to say of it.
_STATEMENTS = frozenset({"select", "from", "with", "insert", "update", "delete", "create", "drop", "join", "over"})
_COMPARISONS = {"=", "<>", "!=", "<", "<=", ">", ">="}
_LONGEST, _DEEPEST, _SHOWN = 4_000, 60, 80
_LARGEST = 2**63


class ExpressionError(ValueError):
    """The text is no row expression; ``str(error)`` says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@cache
def _dotted() -> re.Pattern[str]:
    """A filter names columns of runs by parts, such as metrics.auc or params."learning-rate"; few reads have one."""
    return re.compile(_TOKEN.pattern.replace(_WORD, _PARTS), re.VERBOSE)


@lru_cache(maxsize=4_096)
def parse(text: str, *, dotted: bool = False) -> Expression:
    """Read a row expression.

    Args:
        dotted: Whether a name may have parts: ``metrics.auc``, ``metrics."f1-score"``.

    Raises:
        ExpressionError: It is none.
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"has {len(text):,} characters, must have at most {_LONGEST:,}")
    found = _Parser(text, _dotted() if dotted else _TOKEN).whole()
    _require_shallow(found)
    return found


class _Parser:
    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self.text, self.tokens, self.at, self.depth = text, _tokens(text, pattern), 0, 0

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
            return ExpressionError(f"{_shown(self.text)} ends too early")
        if self.now.text.lower() in _STATEMENTS:
            problem = "is not allowed: only an expression over one row is; a column of that name goes in double quotes"
        return ExpressionError(f"{_shown(self.text)}: {_shown(self.now.text)} at {self.now.at + 1} {problem}")

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
            raise ExpressionError(f"is nested more than {_DEEPEST} deep")
        found = [self.conjunction()]
        while self.take("or"):
            found.append(self.conjunction())
        self.depth -= 1
        return _chain("or", found)

    def conjunction(self) -> Expression:
        found = [self.negation()]
        while self.take("and"):
            found.append(self.negation())
        return _chain("and", found)

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
        found = [_compared("=", left, self.sum())]
        while self.take(","):
            found.append(_compared("=", left, self.sum()))
        self.need(")")
        return _chain("or", found)

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
            raise ExpressionError(f"{_shown(self.text)}: {name.text}() at {name.at + 1} is not known here{guess}")
        arguments: list[Expression] = []
        if not self.take(")"):
            arguments.append(self.disjunction())
            while self.take(","):
                arguments.append(self.disjunction())
            self.need(")")
        least, most = FUNCTIONS[function]
        if not least <= len(arguments) <= most:
            wanted = f"{least} to {most}" if least != most else str(least)
            problem = f"{function}() takes {wanted} argument{'s' * (most > 1)}, not {len(arguments)}"
            raise ExpressionError(f"{_shown(self.text)}: {problem}")
        if function in CALENDAR:
            _require_zone(self.text, function, arguments[1])
        return Call(function, tuple(arguments))


def _tokens(text: str, pattern: re.Pattern[str]) -> list[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = pattern.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(f"{_shown(text)}: {text[place]!r} at {place + 1} is not expected here")
        kind = str(match.lastgroup)
        word = match[kind]
        if kind == "comment":
            raise ExpressionError(f"{_shown(text)}: {word!r} at {match.start(kind) + 1} begins a comment")
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
            return Name(_PART.sub(lambda part: part[1].replace('""', '"'), token.text))
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


def _chain(operator: str, operands: list[Expression]) -> Expression:
    """Join with ``and`` or ``or``, in halves: a hundred of them are then not nested a hundred deep."""
    if len(operands) == 1:
        return operands[0]
    half = len(operands) // 2
    return Operation(operator, (_chain(operator, operands[:half]), _chain(operator, operands[half:])))


def _require_zone(text: str, function: str, zone: Expression) -> None:
    if not (isinstance(zone, Literal_) and isinstance(zone.value, str)):
        problem = f"{function}() takes a time and a time zone in quotes, such as 'Europe/Rome'"
        raise ExpressionError(f"{_shown(text)}: {problem}")
    if problem := zone_problem(zone.value):
        raise ExpressionError(f"{_shown(text)}: {problem}")


def _require_shallow(found: Expression) -> None:
    """Whoever reads the tree goes down it, and must come to its end."""
    level, depth = [found], 0
    while level:
        level, depth = [part for each in level for part in parts(each)], depth + 1
        if depth > _DEEPEST:
            raise ExpressionError(f"is nested more than {_DEEPEST} deep: put parts of it in parentheses")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
