"""Every command by its name. What a command computes with is imported when it runs, so that its help comes at once."""

import importlib
from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.main import get_command

import clearhead
from clearhead.errors import UsageError

# The class is not exported, and lies in click or in typer depending on typer's version.
ParserError: type[Exception] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")

# Names, and the modules of this package that hold a function, or an application, for each.
COMMANDS = (
    "demo",
    "corpus",
    "data",
    "init",
    "train",
    "average",
    "translate",
    "summarise",
    "generate",
    "fill",
    "classify",
    "embed",
    "search",
    "chat",
    "score",
    "evaluate",
    "compare",
    "shortlist",
    "import",
    "export",
    "byhand",
    "look",
    "check",
)

# What Python reserves is called otherwise there.
_FUNCTIONS = MappingProxyType({"import": "import_model", "export": "export_model"})

# Where a command's text comes from instead, said to whoever writes it behind the command.
INSTEAD = MappingProxyType(
    {"translate": "its lines come from standard input or --in FILE: echo TEXT | clearhead translate MODEL"}
)


def print_version(wanted: bool) -> bool:
    """Print the version and leave, where it was asked for."""
    if wanted:
        print(f"clearhead {clearhead.__version__}")
        raise typer.Exit()
    return wanted


def describe(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A Transformer you can train, run and see through.

    Begin with `clearhead demo`.
    """


def application(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands: whoever runs one need not wait for what the others import."""
    made = typer.Typer(
        name="clearhead",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(describe)
    for name in names:
        function = _FUNCTIONS.get(name, name)
        module = importlib.import_module(f"clearhead.cli.{function}")
        if hasattr(module, "application"):
            made.add_typer(module.application, name=name)
        else:
            made.command(name)(getattr(module, function))
    return made


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code. Raises UsageError for what the parser does not understand."""
    # Not the command's own `main`, which handles some exceptions in ways that differ between versions.
    command = get_command(application(arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS))
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
    # By its name: nothing of pydantic is imported where another version of typer has its own words.
    if type(error.__cause__).__name__ == "ValidationError":
        from clearhead.recipe.explaining import refusal

        error.message = refusal(error.__cause__)
    message = error.format_message().rstrip(".")
    if context and context.info_name == "train" and message.startswith("No such option"):
        from clearhead.recipe.explaining import key_called

        # What is like it among the options is of no help.
        if key := key_called(error.option_name.lstrip("-")):
            message = f"No such option: {error.option_name}; a setting stands behind the recipe, as in {key}=VALUE"
    instead = INSTEAD.get(context.info_name) if context and "unexpected extra argument" in message else None
    return f"{message}; {instead + ', or ' if instead else ''}try `{command} --help`"
