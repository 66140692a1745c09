"""`clearhead shortlist`: learn which pieces may translate which, for translating faster."""

from pathlib import Path
from typing import Annotated

import typer

from clearhead.bundle import load
from clearhead.cli.options import Debug, Model, Quiet, To
from clearhead.cli.overwriting import refuse_overwriting
from clearhead.decoding.options import SHORTLIST_BEST, SHORTLIST_FREQUENT

Source = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="Lines of text (.gz, .xz, .zst too).", show_default=False)
]
Target = Annotated[Path, typer.Argument(metavar="TARGET", help="A translation for each line.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.", show_default=False)]
Best = Annotated[
    int, typer.Option("--best", metavar="N", min=1, help="How many translations of each source piece to keep.")
]
Frequent = Annotated[
    int, typer.Option("--frequent", metavar="N", min=0, help="How many frequent pieces every sentence may have.")
]


def shortlist(
    model: Model,
    source: Source,
    target: Target,
    out: Out,
    to: To = None,
    best: Best = SHORTLIST_BEST,
    frequent: Frequent = SHORTLIST_FREQUENT,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Learn which pieces may translate which, to translate faster.

    From SOURCE and TARGET, such as the training files, by IBM's model 1. With the file that it writes, translate
    computes for each sentence only the likely pieces: faster the larger the vocabulary, and hardly ever another result.

    Example: clearhead shortlist runs/multi30k train.en.gz train.de.gz --out en-de.safetensors
    """
    from clearhead.data import check_file

    refuse_overwriting({"--out": out}, {"SOURCE": source, "TARGET": target}, model)
    check_file(source)
    check_file(target)
    bundle = load(model)
    from clearhead.bundle import learn_shortlist, save_shortlist

    learned = learn_shortlist(bundle, source, target, to, best=best, frequent=frequent)
    save_shortlist(learned, out, bundle.source_tokenizer, bundle.target_tokenizer)
    if not quiet:
        print(
            f"{out}: {len(learned.targets):,} translations of {learned.source_vocabulary:,} source pieces, "
            f"{len(learned.always):,} pieces for every sentence, of {learned.target_vocabulary:,}"
        )
