"""`clearhead evaluate --table`: how well a classifier tells a table's texts apart."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from clearhead.errors import UsageError

if TYPE_CHECKING:
    from clearhead.bundle import Bundle


def evaluate_classes(bundle: "Bundle", table: Path, columns: tuple[int | str, ...], as_json: bool) -> None:
    """Print accuracy, each class's figures, and which classes are mistaken for which."""
    from clearhead.data import TableFile
    from clearhead.tasks.classification.examples import COLUMNS

    if len(columns or COLUMNS) != len(COLUMNS):
        raise UsageError(f"--columns has {len(columns)} columns, and a classifier has two: the text's and the label's")
    file = TableFile(table, columns or COLUMNS)
    # They import torch, which takes seconds.
    from clearhead.cli.class_table import class_lines
    from clearhead.tasks.classification.examples import prepare_labelled
    from clearhead.tasks.classification.scoring import score_labelled

    tokenizer, labels = bundle.source_tokenizer, bundle.settings.labels
    corpus = prepare_labelled([file], tokenizer, labels, bundle.config.max_length)
    scores = score_labelled(bundle.model, corpus, labels, tokenizer.padding)
    if as_json:
        each = {name: getattr(scores, name).tolist() for name in ("precision", "recall", "f1")}
        document = {"texts": scores.texts, "accuracy": scores.accuracy, "macro_f1": scores.macro_f1, **each}
        print(json.dumps({**document, **dataclasses.asdict(scores)}, ensure_ascii=False, indent=2))
        return
    print("\n".join(class_lines(scores)))
    if corpus.cut:
        print(f"\n{corpus.cut:,} texts are longer than the model reads ({bundle.config.max_length}) and were cut")
