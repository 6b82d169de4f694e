"""The live line: when it comes, what it shows, and that nothing of it is left."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import ERASE, Answer, Shown, in_terminal

BEGIN = """
import sys, threading, time
from pathlib import Path
import click
from actum.cli import output
from actum.cli.context import Context
from actum.cli.progress import PATIENCE_S, telling
from actum.cli.screen import screens

def until_seen():
    sys.stdin.readline()
"""
WITHIN = """
with screens(), telling(Context.of_process(Path()), "getting ready", as_json={as_json}) as tell:
{body}
"""
COMMAND = """
from actum.cli import main as door
from actum.errors import UserError

@click.command()
@click.pass_obj
def command(context):
    with telling(context, "getting ready") as tell:
{body}

sys.modules["actum.cli.log"] = type("Module", (), {{"command": command}})
sys.exit(door.main(["log"]))
"""
ENTER = b"\n"
TIME = re.compile(r"^\d+:\d\d")  # a busy machine takes its time


def environment(**variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **variables}


def script(body: str, *, form: str = WITHIN, as_json: bool = False) -> list[str]:
    indent = "    " if form is WITHIN else "        "
    lines = "\n".join(indent + line for line in body.strip().splitlines())
    return [sys.executable, "-c", BEGIN + form.format(body=lines, as_json=as_json)]


def shown(body: str, *answers: Answer, form: str = WITHIN, columns: int = 100, **variables: str) -> Shown:
    """Run a body in a terminal. It says until_seen() and goes on when the terminal shows the next text of *answers*."""
    return in_terminal(script(body, form=form), env=environment(**variables), answers=answers, columns=columns)


def test_what_is_done_now_is_shown_with_the_time_and_leaves_nothing_behind() -> None:
    done = shown("until_seen()\ntell.now('comparing')\nuntil_seen()", ("getting ready", ENTER), ("comparing", ENTER))
    assert (done.code, done.lines()) == (0, [])
    assert {TIME.sub("0:00", line[3:]) for line in done.drawings()} >= {"0:00  getting ready", "0:00  comparing"}
    assert done.sent.endswith(ERASE)


def test_a_known_total_is_a_bar_with_its_figures() -> None:
    done = shown("tell.now('model.bin', 1250, 5000, 'rows')\nuntil_seen()", ("rows", ENTER))
    assert TIME.sub("0:00", done.drawings()[-1][3:]) == f"0:00  {'━' * 5}╺{'━' * 14}  1,250/5,000 rows  model.bin"


def test_lines_that_are_told_or_printed_meanwhile_stay_above_it() -> None:
    body = """
tell("one")
until_seen()
click.echo("two")
until_seen()
output.warn("three")
until_seen()
sys.stdout.write("four ")
sys.stdout.flush()
time.sleep(0.5)
print("ends here")
until_seen()
"""
    done = shown(body, *[("getting ready", ENTER)] * 4)
    assert (done.code, done.lines()) == (0, ["one", "two", "warning: three", "four ends here"])


def test_foreign_text_in_it_is_text() -> None:
    what = "stage \x1b7a\x07b\x1b[2Jc\x1b[31m [red]d[/red]\n\x9bK :smile:"
    done = shown(f"tell.now({what!r}, 1, 4, 'stages')\nuntil_seen()", ("1/4 stages", ENTER), columns=160)
    written = r"stage \u001b7a\u0007b\u001b[2Jc\u001b[31m [red]d[/red]\u000a\u009bK :smile:"
    assert done.drawings()[-1].endswith(f"1/4 stages  {written}")
    assert not any(sequence in done.sent for sequence in ("\x1b7", "\x07", "\x1b[2J", "\x1b[31m", "\x9b"))


@pytest.mark.parametrize("columns", [4, 8, 20, 40, 61])
def test_it_is_one_line_on_the_narrowest_terminal(columns: int) -> None:
    done = shown(
        "tell.now('a long name ' * 20, 1, 4, 'stages')\nuntil_seen()\nuntil_seen()",
        *[(ERASE, ENTER)] * 2,
        columns=columns,
    )
    assert done.drawings()
    assert {len(line) for line in done.drawings()} <= set(range(columns))


def test_what_ends_at_once_draws_nothing_and_loads_nothing() -> None:
    done = shown("tell.now('quick', 1, 2, 'stages')\ntell('a line')\nprint('rich' in sys.modules)")
    assert done.sent == "a line\r\nFalse\r\n"


QUIET = "tell.now('slow', 1, 2, 'stages')\ntell('a line')\ntime.sleep(PATIENCE_S + 1)\nprint(threading.active_count())"


def test_nothing_of_it_is_in_a_log() -> None:
    done = subprocess.run(script(QUIET), env=environment(TERM="xterm"), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "a line\n")


@pytest.mark.parametrize("kind", ["dumb", "unknown", ""])
def test_a_terminal_that_knows_no_control_sequences_gets_none(kind: str) -> None:
    assert shown(QUIET, TERM=kind).sent == "a line\r\n1\r\n"


def test_who_asks_for_json_gets_lines() -> None:
    done = in_terminal(script(QUIET, as_json=True), env=environment())
    assert done.sent == "a line\r\n1\r\n"


def test_a_job_in_the_background_leaves_the_terminal_to_others() -> None:
    words = script(QUIET.replace("active_count()", "active_count() > 1"))
    done = in_terminal(["sh", "-mc", '"$@" & wait', "sh", *words], env=environment())
    assert [line for line in done.lines() if "Done" not in line] == ["a line", "True"]
    assert ERASE not in done.sent


def test_no_color_is_a_line_without_colours() -> None:
    body = "tell.now('a stage', 1, 4, 'stages')\nuntil_seen()"
    plain, coloured = shown(body, ("1/4", ENTER), NO_COLOR="1"), shown(body, ("1/4", ENTER))
    assert "\x1b[" not in plain.sent.replace(ERASE, "")
    assert "\x1b[36m" in coloured.sent


def test_a_terminal_without_unicode_gets_ascii() -> None:
    body = "tell.now('a stage', 1, 4, 'stages')\nuntil_seen()"
    done = shown(body, ("1/4", ENTER), PYTHONIOENCODING="latin-1")
    assert done.drawings()
    assert "".join(done.drawings()).isascii()


def test_ctrl_c_leaves_a_clean_line_and_a_visible_cursor() -> None:
    done = shown("tell.now('a stage', 1, 4, 'stages')\ntime.sleep(600)", ("1/4 stages", b"\x03"), form=COMMAND)
    assert (done.code, done.lines()) == (130, ["interrupted"])
    assert "\x1b[?25l" not in done.sent  # it is never hidden: a kill -9 could not bring it back


def test_an_error_stands_on_a_line_of_its_own() -> None:
    body = "tell.now('a stage', 1, 4, 'stages')\nuntil_seen()\nraise UserError('it broke', hint='mend it')"
    done = shown(body, ("1/4 stages", ENTER), form=COMMAND)
    assert (done.code, done.lines()) == (1, ["error: it broke", "hint: mend it"])


def test_only_one_room_draws() -> None:
    source = Path(__file__).parents[2] / "src" / "actum"
    assert [path.name for path in source.rglob("*.py") if "from rich" in path.read_text()] == ["progress.py"]
