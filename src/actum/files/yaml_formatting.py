"""Bring a YAML text that people wrote into one form: comments, order, quotes and brackets stay theirs.

Two spaces a level, list items under their key, one space after a colon and a dash, quotes around text that some
reader takes for something else, LF, no white space at line ends, no two blank lines, one final newline. What
:func:`write_yaml` writes is left as it is. The result is read again; one that says anything else is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from actum.errors import InvalidRecordError
from actum.files.text import RECORD, decode
from actum.files.yaml_places import compose
from actum.files.yaml_reading import read_yaml, resolved
from actum.files.yaml_writing import LIKE_NUMBER, scalar_text, write_yaml

_STEP = 2
_BOM = b"\xef\xbb\xbf"
_BREAKS = re.compile(r"\r\n?")
_SPACE = re.compile(r"[ \t]+")
_COLON = re.compile(r"[ \t]*:[ \t]+")
_TAGS = {str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}


def format_yaml(data: bytes, *, where: str = "the file") -> bytes:
    """Return the text of a record in its one form.

    Raises:
        InvalidRecordError: The text is no record, or cannot be brought into form without changing what it says.
    """
    text = _BREAKS.sub("\n", decode(data.removeprefix(_BOM), where=where, limits=RECORD))
    before = read_yaml(text.encode(), where=where)
    form = _Form(text.split("\n"))
    form.block(compose(text.encode(), where=where)[1], 0)
    after = form.written().encode()
    try:
        same = _meaning(read_yaml(after, where=where)) == _meaning(before)
    except InvalidRecordError:
        same = False
    if not same:
        problem = f"{where}: cannot be brought into form without changing what it says"
        raise InvalidRecordError(problem, hint=f"write {where} more plainly, one key a line")
    return after


def _meaning(value: dict[str, Any]) -> bytes:
    """1, 1.0 and true are equal in Python, and not in a record."""
    return write_yaml(value, nulls="written")


@dataclass(slots=True)
class _Form:
    """The lines of a text, and what is to become of each.

    Attributes:
        moved: Line on which an entry begins -> its column, and the one that it should have.
        inside: Line that continues a value -> the line of that entry, or, in a literal block, its own two columns.
        kept: Lines whose white space may be content.
        splices: Line -> from, to, new text.
    """

    lines: list[str]
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)
    inside: dict[int, int | tuple[int, int]] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    splices: dict[int, list[tuple[int, int, str]]] = field(default_factory=dict)

    def block(self, node: Any, column: int) -> None:
        """Take in a mapping or a list whose entries should begin at *column*."""
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._begins(key.start_mark.line, key.start_mark.column, column)
                self._scalar(key, False)
                self._gap(key.end_mark.line, key.end_mark.column, value.start_mark, _COLON, ": ")
                self._value(value, key.start_mark.line, column)
        else:
            for item in node.value:
                line, dash = self._dash(node, item)
                self._begins(line, dash, column)
                self._gap(line, dash + 1, item.start_mark, _SPACE, " ")
                self._value(item, line, column)

    def _value(self, node: Any, owner: int, column: int) -> None:
        if isinstance(node, yaml.ScalarNode):
            self._scalar(node, False)
            self._continues(node, owner, column)
        elif node.flow_style:
            self._flow(node)
            self._continues(node, owner, column)
        else:
            self.block(node, column + _STEP)

    def _flow(self, node: Any) -> None:
        for part in node.value:
            for one in part if isinstance(part, tuple) else (part,):
                if isinstance(one, yaml.ScalarNode):
                    self._scalar(one, True)
                    self.kept.update(range(one.start_mark.line, one.end_mark.line))
                else:
                    self._flow(one)

    def _scalar(self, node: Any, flow: bool) -> None:
        """Write a plain value anew where YAML 1.1 reads another one, or where text could pass for a number."""
        start, end = node.start_mark, node.end_mark
        if node.style or self.lines[start.line][start.column : end.column] != node.value or not node.value:
            return
        value = resolved(node)
        misread = node.tag.rpartition(":")[2] != _TAGS[type(value)]
        if misread or (isinstance(value, str) and LIKE_NUMBER.fullmatch(value)):
            self._splice(start.line, start.column, end.column, scalar_text(value, flow=flow))

    def _begins(self, line: int, old: int, new: int) -> None:
        if _is_blank(self.lines[line][:old]):  # else it follows a dash, which moves it
            self.moved[line] = (old, new)

    def _gap(self, line: int, start: int, end: Any, found: re.Pattern[str], text: str) -> None:
        """Write what lies between a key or a dash and its value on the same line in one way."""
        if line == end.line and found.fullmatch(self.lines[line][start : end.column]):
            self._splice(line, start, end.column, text)

    def _splice(self, line: int, start: int, end: int, text: str) -> None:
        self.splices.setdefault(line, []).append((start, end, text))

    def _dash(self, node: Any, item: Any) -> tuple[int, int]:
        """The parser marks where an item begins, not its dash; all dashes of a list stand in one column."""
        line, column = item.start_mark.line, node.start_mark.column
        while self.lines[line][column : column + 1] != "-" and line > node.start_mark.line:
            line -= 1
        return line, column

    def _continues(self, node: Any, owner: int, column: int) -> None:
        start, end = node.start_mark, node.end_mark
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            self._literal(node, owner, column)
            return
        for line in range(start.line + (start.line == owner), end.line + 1):
            self.inside[line] = owner
        if isinstance(node, yaml.ScalarNode):
            self.kept.update(range(start.line, end.line))

    def _literal(self, node: Any, owner: int, column: int) -> None:
        first, last = node.start_mark.line + 1, node.end_mark.line + bool(node.end_mark.column)
        head = self.lines[node.start_mark.line][node.start_mark.column :].partition(" ")[0]
        while "+" not in head and last > first and _is_blank(self.lines[last - 1]):
            last -= 1  # what is blank behind it is no content
        body = range(first, last)
        indents = [_indent(self.lines[line]) for line in body if not _is_blank(self.lines[line])]
        self.kept.update(body)
        for line in body:
            stated = bool(re.search("[1-9]", head))
            self.inside[line] = owner if stated or not indents else (indents[0], column + _STEP)

    def written(self) -> str:
        """Return the text in its form."""
        out: list[str] = []
        blank = True  # so that none comes first
        for number, old in enumerate(self.lines):
            line = self._indented(number, self._spliced(number, old))
            if number not in self.kept:
                line = line.rstrip(" \t")
                if blank and not line:
                    continue
            blank = not line and number not in self.kept
            out.append(line)
        return "\n".join(out[:-1] if blank else out) + "\n"

    def _spliced(self, number: int, line: str) -> str:
        for start, end, text in sorted(self.splices.get(number, ()), reverse=True):
            line = line[:start] + text + line[end:]
        return line

    def _indented(self, number: int, line: str) -> str:
        old, new = self._columns(number)
        indent = _indent(line)
        if _is_blank(line):
            return " " * (new + len(line) - old) if number in self.kept and len(line) > old else ""
        return " " * max(0, indent + new - old) + line[indent:]

    def _columns(self, number: int) -> tuple[int, int]:
        if number in self.moved:
            return self.moved[number]
        within = self.inside.get(number)
        if isinstance(within, tuple):
            return within
        if within is not None:
            return self._columns(within)
        return self._beside(number) if self.lines[number].lstrip().startswith("#") else (0, 0)

    def _beside(self, comment: int) -> tuple[int, int]:
        """A comment goes with the entry after it where that begins in its column, else with what is above it."""
        column = _indent(self.lines[comment])
        after = next((self.moved[line] for line in range(comment, len(self.lines)) if line in self.moved), None)
        if after and after[0] == column:
            return after
        above = (self.moved[line] for line in range(comment, -1, -1) if line in self.moved)
        old, new = next((columns for columns in above if columns[0] <= column), (0, 0))
        before = next((line for line in range(comment - 1, -1, -1) if not self._says_nothing(line)), 0)
        literal = self.inside.get(before)
        # As deep as the text of a literal block it would become part of it.
        most = literal[1] - _STEP if isinstance(literal, tuple) else column + new - old
        return column, min(column + new - old, most)

    def _says_nothing(self, line: int) -> bool:
        return line not in self.kept and (_is_blank(self.lines[line]) or self.lines[line].lstrip(" ").startswith("#"))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_blank(line: str) -> bool:
    return not line.strip(" \t")  # a no-break space is text
