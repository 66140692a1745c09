"""Every command by its name. What a command computes with is imported when it runs, so that its help comes at once."""

from typing import Annotated, Any

import typer
from typer.main import get_command

import clearhead
from clearhead.cli import byhand, check, corpus, demo, evaluate, look, score, shortlist, train, translate
from clearhead.errors import UsageError

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
application.command("byhand")(byhand.byhand)
application.command("look")(look.look)
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


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code. Raises UsageError for what the parser does not understand."""
    # Not the command's own `main`, which handles some exceptions in ways that differ between versions.
    command = get_command(application)
    try:
        with command.make_context("clearhead", arguments or ["--help"]) as context:
            result: Any = command.invoke(context)
    except typer.Exit as leave:
        return int(leave.exit_code)
    except ParserError as error:
        raise UsageError(_usage(error)) from error
    return result if isinstance(result, int) else 0


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "clearhead"
    return f"{error.format_message().rstrip('.')}; try `{command} --help`"
