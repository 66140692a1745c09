"""The command line: every command by its name, and every error as one plain line."""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import torch
import typer
from typer.main import get_command

import clearhead
from clearhead.cli import check, corpus, demo, evaluate, score, shortlist, train, translate
from clearhead.cli.machine import keep_freed_memory
from clearhead.errors import ClearheadError

USAGE_ERROR = 2
INTERRUPTED = 130
PIPE_CLOSED = 141
# The class is not exported, and lies in click or in typer depending on typer's version.
ParserError: type[Exception] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")

application = typer.Typer(
    name="clearhead",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.command("demo")(demo.demo)
application.add_typer(corpus.application, name="corpus")
application.command("train")(train.train)
application.command("translate")(translate.translate)
application.command("score")(score.score)
application.command("evaluate")(evaluate.evaluate)
application.command("shortlist")(shortlist.shortlist)
application.command("check")(check.check)


def print_version(wanted: bool) -> bool:
    """Print the version and leave, where it was asked for."""
    if wanted:
        print(f"clearhead {clearhead.__version__}")
        raise typer.Exit()
    return wanted


@application.callback()
def describe(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A Transformer you can train, run and see through.

    Begin with `clearhead demo`.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for an error of the user's, 130 after Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    keep_freed_memory()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its number; it does not stop the program.
        getattr(stream, "reconfigure", lambda errors: None)(errors="backslashreplace")
    try:
        code = _run(given)
        _flush()
    except ClearheadError as error:
        code = _fail(str(error), given)
    except ParserError as error:
        code = _fail(_usage(error), given)
    except KeyboardInterrupt:
        print("clearhead: stopped", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output has read enough, as in `| head`.
        code = PIPE_CLOSED
    except OSError as error:
        file = error.filename or "a file"
        code = _fail(f"{file}: {error.strerror or error}; check the path, its rights and the disk", given)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        code = _fail("there is not enough memory; lower training.batch_tokens or --batch-tokens, or the sizes", given)
    _silence_what_cannot_be_written()
    return code


def _run(arguments: list[str]) -> int:
    # Not the command's own `main`, which handles some exceptions in ways that differ between versions.
    command = get_command(application)
    try:
        with command.make_context("clearhead", arguments or ["--help"]) as context:
            result: Any = command.invoke(context)
    except typer.Exit as leave:
        return int(leave.exit_code)
    return result if isinstance(result, int) else 0


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "clearhead"
    return f"{error.format_message().rstrip('.')}; try `{command} --help`"


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "t allocate memory" in str(error)


def _fail(message: str, arguments: Sequence[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exc()
    # A file's name may hold anything, a line break or a terminal's commands too.
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in " ".join(message.splitlines()))
    print(f"clearhead: {line}", file=sys.stderr)
    return USAGE_ERROR


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _silence_what_cannot_be_written() -> None:
    """Where standard output is closed or full, let Python not complain once more while it ends."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
