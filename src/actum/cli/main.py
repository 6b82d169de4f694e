"""Find the command, import it alone, and turn what it raises into an exit status."""

from __future__ import annotations

import difflib
import importlib
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from actum.cli.context import Context
from actum.cli.screen import screens
from actum.errors import UserError, of_the_disk

# name -> its help line; the module is actum.cli.<name>
COMMANDS = {
    "init": "begin here, or adopt an existing git and DVC repository",
    "lock": "write requirements.lock: exact versions with hashes",
    "doctor": "find what is missing or left behind, and say what mends it",
    "run": "run the pipeline in the locked environment and record it",
    "register": "give a trained model a version that never changes",
    "promote": "move a version to a stage, if its policy allows",
    "lint": "look over what is about to be committed",
    "check": "validate records and promotions, for pull requests and CI",
    "approve": "agree to a promotion that waits, by a signature",
    "tags": "write the git tags that GTO and DVC read",
    "features": "check the definitions of features, materialize them, look them up",
    "score": "decide about a table of rows, seal and record the decisions",
    "rebuild": "rebuild a version from its commit and compare the bytes",
    "why": "explain one decision: inputs, model, approval, replay, proof",
    "fsck": "cross-check records, references, tags, objects and seals",
    "ls": "list models, versions, stages, runs, events, features, decisions",
    "show": "show one thing by its id",
    "log": "tell what happened, newest first",
    "diff": "compare two versions or two runs",
    "lineage": "trace a thing to what it came of, and to what came of it",
    "import": "take over what MLflow, GTO or DVC have on record",
    "export": "write runs and registry as plain tables",
    "demo": "live through a model's whole life on real flights",
}
GROUPS = {
    "Begin": ("init", "lock", "doctor", "import", "demo"),
    "Train and release": ("run", "register", "promote", "lint", "check", "approve", "tags", "score"),
    "Features": ("features",),
    "Prove": ("rebuild", "why", "fsck"),
    "Read": ("ls", "show", "log", "diff", "lineage", "export"),
}
BUG = 70
INTERRUPTED = 130


class ReaderLeftError(Exception):
    """Nobody reads our stdout any more: ``actum log | head``. click would end this with status 1."""


class Commands(click.Group):
    """The command table: help lines are here, so that ``--help`` imports no command."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _reader_may_leave():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _reader_may_leave():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"actum.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"there is no command {args[0]}" + (f", did you mean {near[0]}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name]) for name in names], col_max=12)


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeftError from error


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"actum {version('actum')}")
        ctx.exit()


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 error, 2 usage, 3 findings, 4 git, dvc or a remote failed, 130 interrupted.",
)
@click.option("-C", "folder", type=click.Path(path_type=Path), default=Path(), help="Work in DIR.", metavar="DIR")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it.")
@click.pass_context
def cli(ctx: click.Context, folder: Path) -> None:
    """Git-native MLOps: records in git, bytes in DVC, any past model rebuilt from a commit.

    New here? Try `actum demo`.
    """
    ctx.obj = Context.of_process(folder)
    if ctx.obj.environ.get("NO_COLOR"):
        ctx.color = False


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    _tidy_when_asked_to_end()
    with screens():
        try:
            status = _run(list(sys.argv[1:] if argv is None else argv))
            sys.stdout.flush()
            return status
        except (ReaderLeftError, BrokenPipeError):
            return 0  # the reader has seen enough
        except UserError as error:  # stdout itself, at its end
            return _tell(error)


def _tidy_when_asked_to_end() -> None:
    """Take a request to end like Ctrl-C: children are ended, worktrees removed. Who has us ignore it is obeyed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _run(argv: list[str]) -> int:
    try:
        status = cli.main(args=argv, prog_name="actum", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except UserError as error:
        return _tell(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (ReaderLeftError, BrokenPipeError):
        raise
    except OSError as error:
        met = of_the_disk(error)
        return _bug() if met is None else _tell(met)
    except Exception:
        return _bug()


def _bug() -> int:
    traceback.print_exc()
    print("error: this is a bug in actum, please report what is above", file=sys.stderr)
    return BUG


def _tell(error: UserError) -> int:
    sys.stdout.flush()
    print(f"error: {error}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    return error.exit_code
