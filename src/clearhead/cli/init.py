"""`clearhead init`: from files to a recipe for them."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearhead.cli.naming import command
from clearhead.cli.options import Debug, Quiet
from clearhead.errors import UsageError

if TYPE_CHECKING:
    import clearhead.starting

_SUFFIXES = (".yaml", ".yml")


def init(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="A table (.tsv, .csv, .jsonl, .parquet, .xlsx, .tmx), a text, or two files with one line for each "
            "other. Files with val, valid, validation or dev in their names validate.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The recipe to write.")] = Path("recipe.yaml"),
    from_language: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="LANG", help="The language of the sources. Default: as names say, such as a.en."
        ),
    ] = None,
    to_language: Annotated[
        str | None, typer.Option("--to", metavar="LANG", help="The language of the translations, likewise.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="FIRST,SECOND",
            help="A table's text and its translation or label, by numbers from 1 or by names; one alone is learned as "
            "a text. Default: those that look so.",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", metavar="M", min=0.1, max=100_000.0, help="How long training may take here.")
    ] = 30.0,
    force: Annotated[bool, typer.Option("--force", help="Replace the recipe where there is one.")] = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a recipe for files of your own.

    It looks at what the files are, chooses sizes for so much text, and tries some steps to know how many this machine
    takes in the time. A comment in the recipe tells why each choice was made. `clearhead train` is what follows.

    Example: clearhead init train.en train.de --minutes 30 && clearhead train recipe.yaml
    """
    wanted = _columns(columns)
    _check_out(out, files, force)
    from clearhead.starting import find_corpus

    found = find_corpus(files, (from_language, to_language), wanted)
    plan = _planned(found, out, minutes, quiet)
    _write(found, plan, out)
    if not quiet:
        print("\n".join(_said(plan, out)))


def _columns(text: str | None) -> tuple[int | str, ...]:
    """What `--columns` names. Raises UsageError where it is not one or two."""
    if text is None:
        return ()
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(names) > 2 or len(set(names)) < len(names):
        raise UsageError(f"--columns {text[:60]!r} names no columns; expected two, as in 1,2 or English,Français")
    return tuple(int(name) if name.isdecimal() else name for name in names)


def _check_out(out: Path, files: list[Path], force: bool) -> None:
    if out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out {out} is no name of a recipe; expected one that ends in .yaml, such as recipe.yaml")
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; name a file in it, such as {out / 'recipe.yaml'}")
    if any(out.absolute() == file.absolute() for file in files):
        raise UsageError(f"--out {out} is a file that is read; name another, or it would be lost")
    if out.exists() and not force:
        raise UsageError(f"{out} exists and stays as it is; name another by --out, or add --force to replace it")


def _planned(found: "clearhead.starting.Found", out: Path, minutes: float, quiet: bool) -> "clearhead.starting.Plan":
    """What suits, by steps that are tried and shown while they are."""
    from clearhead.cli.status import starting, told_activity

    with starting(quiet):
        # They import torch, which takes seconds.
        from clearhead.starting import make_plan
        from clearhead.training import dry_run

    with told_activity(quiet) as doing:
        return make_plan(found, out, minutes, lambda recipe: dry_run(recipe, doing=doing))


def _write(found: "clearhead.starting.Found", plan: "clearhead.starting.Plan", out: Path) -> None:
    from clearhead.files import publish_file
    from clearhead.starting import recipe_text

    names = " and ".join(path.name for path in found.training)
    heading = (
        f"Written by `clearhead init` for {names}. Training takes about {_time(plan.seconds)} on the machine that "
        f"wrote it:\n    clearhead train {shlex.quote(out.name)}\n"
        "docs/starting.md tells how the sizes are chosen, docs/reference/recipe.md what each key means."
    )
    with publish_file(out) as draft:
        draft.write_text(recipe_text(plan.values, plan.reasons, heading), encoding="utf-8")


def _said(plan: "clearhead.starting.Plan", out: Path) -> list[str]:
    return [
        f"{out}: {plan.reasons['data.train'].rstrip('.')}; {plan.steps:,} steps, about {_time(plan.seconds)}",
        f"next: {command()} train {shlex.quote(str(out))}",
    ]


def _time(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return "1 minute" if minutes == 1 else f"{minutes:,} minutes"
