"""`clearhead evaluate --table`: how well a classifier tells a table's texts apart."""

import dataclasses
import json
from pathlib import Path

from clearhead.bundle import find_bundle, load
from clearhead.cli.evaluating import require_task
from clearhead.errors import UsageError


def evaluate_classes(
    model: Path, table: Path, columns: str | None, device: str, as_json: bool, given: Path | None
) -> None:
    """Print accuracy, each class's figures, and which classes are mistaken for which.

    given: a file of another way to evaluate, which is refused.
    """
    from clearhead.data import TableFile, check_file

    if given is not None:
        raise UsageError(f"--table {table} is for a classifier, and {given} for another model; give one of them")
    check_file(table)
    file = TableFile(table, _columns(columns))
    find_bundle(model)
    bundle = load(model, device=device)
    require_task(bundle, "classification")
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


def _columns(named: str | None) -> tuple[int | str, ...]:
    """Two, by number or by name. Raises UsageError otherwise."""
    from clearhead.tasks.classification.examples import COLUMNS

    if named is None:
        return COLUMNS
    found = tuple(int(one) if one.isdecimal() else one for one in (one.strip() for one in named.split(",")))
    if len(found) != len(COLUMNS) or any(one in (0, "") for one in found):
        raise UsageError(f"--columns {named} names no two columns, the text's and the label's; write 1,2 or text,label")
    return found
