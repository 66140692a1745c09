"""The command line: every command by its name, and every error as one plain line."""

import sys
import traceback
from collections.abc import Sequence

import click
import typer
from typer.main import get_command

from clearhead.cli import check, corpus, demo, evaluate, score, train, translate
from clearhead.cli.machine import keep_freed_memory
from clearhead.errors import ClearheadError

application = typer.Typer(
    name="clearhead",
    help="A Transformer you can train, run and see through.\n\nBegin with `clearhead demo`.",
    no_args_is_help=True,
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
application.command("check")(check.check)

USAGE_ERROR = 2
INTERRUPTED = 130
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for an error of the user's, 130 after Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    keep_freed_memory()
    try:
        result = get_command(application).main(args=given, prog_name="clearhead", standalone_mode=False)
        sys.stdout.flush()
    except ClearheadError as error:
        return _fail(str(error), given)
    except click.exceptions.ClickException as error:
        return _fail(_usage(error), given)
    except (KeyboardInterrupt, click.exceptions.Abort):
        print("clearhead: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output has read enough, as in `| head`. Python would complain once more while it ends.
        sys.stdout = None  # type: ignore[assignment]
        return PIPE_CLOSED
    except OSError as error:
        return _fail(
            f"{error.filename or 'a file'}: {error.strerror or error}; check the path, its rights and the disk", given
        )
    return result if isinstance(result, int) else 0


def _usage(error: click.exceptions.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "clearhead"
    return f"{' '.join(error.format_message().split())} Try `{command} --help`."


def _fail(message: str, arguments: Sequence[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exc()
    print(f"clearhead: {message}", file=sys.stderr)
    return USAGE_ERROR
