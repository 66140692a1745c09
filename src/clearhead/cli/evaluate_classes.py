"""`clearhead evaluate --table`: how well a classifier tells a table's texts apart."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from clearhead.errors import DataError, UsageError

if TYPE_CHECKING:
    from clearhead.bundle import Bundle


def evaluate_classes(bundle: "Bundle", table: Path, columns: tuple[int | str, ...], as_json: bool) -> None:
    """Print accuracy, each class's figures, and which classes are mistaken for which."""
    from clearhead.data import TableFile, read_table
    from clearhead.tasks.classification.labels import COLUMNS, classes_of

    if len(columns or COLUMNS) != len(COLUMNS):
        raise UsageError(f"--columns has {len(columns)} columns, and a classifier has two: the text's and the label's")
    rows = list(read_table(TableFile(table, columns or COLUMNS)))
    labels, texts = bundle.settings.labels, [text for text, _ in rows]
    right = classes_of((label.strip() for _, label in rows), labels, str(table))
    if not rows:
        raise DataError(f"{table}: there are no rows; check the file")
    given = [labels.index(one.label) for one in bundle.classify(texts)]
    # Not before: what is wrong with the table was said without waiting for what this imports.
    from clearhead.cli.class_table import class_lines
    from clearhead.evaluation import count_classes

    scores = count_classes(labels, right, given)
    if as_json:
        each = {name: getattr(scores, name).tolist() for name in ("precision", "recall", "f1")}
        document = {"texts": scores.texts, "accuracy": scores.accuracy, "macro_f1": scores.macro_f1, **each}
        print(json.dumps({**document, **dataclasses.asdict(scores)}, ensure_ascii=False, indent=2))
        return
    print("\n".join(class_lines(scores)))
    if cut := len(bundle.too_long(texts)):
        what, were = ("text is", "was") if cut == 1 else ("texts are", "were")
        print(f"\n{cut:,} {what} longer than the model reads ({bundle.config.max_length}) and {were} cut")
