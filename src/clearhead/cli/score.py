"""`clearhead score`: how probable a model holds given translations to be."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.bundle import find_bundle, load
from clearhead.bundle.verbs import require_command
from clearhead.cli import lines
from clearhead.cli.asked_search import check_search
from clearhead.cli.options import BatchTokens, Debug, Device, LengthPenaltyName, Model, Quiet, To

Source = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="Lines of text (.gz, .xz, .zst too).", show_default=False)
]
Target = Annotated[Path, typer.Argument(metavar="TARGET", help="A translation for each line.", show_default=False)]


def score(
    model: Model,
    source: Source,
    target: Target,
    to: To = None,
    length_penalty: LengthPenaltyName = None,
    batch_tokens: BatchTokens = None,
    device: Device = "cpu",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print how probable a model holds given translations to be.

    For each pair of lines the log-probability of the translation and its score, separated by a tab. The score is the
    log-probability under the length penalty: the same that translate --n-best reports.

    Example: clearhead score runs/street source.en target.fr --to fr
    """
    from clearhead.data import read_pairs

    check_search(length_penalty=length_penalty)
    find_bundle(model)
    sources, targets = zip(*read_pairs(source, target), strict=True)
    bundle = load(model, device=device)
    require_command("score", bundle.task)
    bundle.tag(to)
    if not quiet:
        lines.note_files(bundle, {source: sources, target: targets})
        if not lines.note_swapped(bundle, sources, targets, "TARGET"):
            lines.note_unreadable(bundle, sources)
    scored = bundle.score(sources, targets, to, length_penalty=length_penalty, batch_tokens=batch_tokens)
    lines.write((f"{one.log_probability:.8f}\t{one.score:.8f}" for one in scored), None)
