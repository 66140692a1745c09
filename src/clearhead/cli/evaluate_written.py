"""`clearhead evaluate` for models that write a text for each text: translations, summaries and answers."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearhead.cli import lines
from clearhead.cli.evaluating import WRITES, require_task
from clearhead.cli.quality_table import print_quality
from clearhead.errors import DataError, UsageError

if TYPE_CHECKING:
    from clearhead.bundle import Bundle
    from clearhead.evaluation import TextScores


@dataclass(frozen=True)
class Asked:
    """What a model is asked, each a text or a conversation, and what is right.

    files: what is read, for notes on it; none of a table.
    """

    texts: Sequence[Any]
    right: Sequence[str]
    files: dict[Path, Sequence[str]]


@dataclass(frozen=True)
class EvaluationSet:
    """Where a model's questions and the right answers are: in two files of lines, or in a table.

    columns: of the table; none where none are named. against: another system's lines.
    """

    source: Path | None
    reference: Path | None
    table: Path | None
    columns: tuple[int | str, ...]
    against: Path | None

    def check(self) -> None:
        """Raise DataError for what is wrong whatever the model is, so that nobody waits for it to be loaded."""
        if self.table is None:
            _ = self._of_files
        else:
            from clearhead.data import check_file

            check_file(self.table)

    def read(self, task: str) -> tuple[Asked, list[str] | None]:
        """What is asked, and the other system's lines where there is one. Files are read once: they may be pipes.

        Raises DataError where they cannot be read or do not fit, UsageError for columns that a task has no use for.
        """
        if self.table is None:
            return self._of_files
        asked = of_table(self.table, self.columns, task)
        return asked, self._others(asked)

    @functools.cached_property
    def _of_files(self) -> tuple[Asked, list[str] | None]:
        assert self.source is not None, "examples are in files or in a table"
        assert self.reference is not None, "examples are in two files or in none"
        asked = of_files(self.source, self.reference)
        return asked, self._others(asked)

    def _others(self, asked: Asked) -> list[str] | None:
        return None if self.against is None else read_hypotheses(self.against, len(asked.right))


def evaluate_written(
    bundle: "Bundle",
    examples: EvaluationSet,
    to: str | None,
    tokenize: str,
    how: dict[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Print how good what a model writes is. how: as `Bundle.translate` takes it."""
    table = examples.table
    require_task(bundle, WRITES, "SOURCE and REFERENCE" if table is None else "--table FILE")
    if bundle.task == "translation":
        bundle.tag(to)
    asked, others = examples.read(bundle.task)
    found = written(bundle, asked, to, quiet, how)
    if not quiet and bundle.task == "translation":
        swapped = table is None and lines.note_swapped(bundle, asked.texts, asked.right, "REFERENCE", found)
        if not swapped:
            lines.note_unreadable(bundle, asked.texts)
    predicted = None if table is None or bundle.task != "chat" else answers_predicted(bundle, table, examples.columns)
    against = None if others is None else (str(examples.against), others)
    print_quality(asked.right, found, against, tokenize, predicted, as_json)


def of_files(source: Path, reference: Path) -> Asked:
    """The lines of two files. Raises DataError where one of them cannot be read."""
    from clearhead.data import read_pairs

    sources, references = zip(*read_pairs(source, reference), strict=True)
    return Asked(sources, references, {source: sources, reference: references})


def of_table(table: Path, columns: tuple[int | str, ...], task: str) -> Asked:
    """The rows of a table: of two columns, or of a conversation's turns, each answer of which is asked for.

    Raises DataError where it cannot be read, UsageError for more columns than a task has use for.
    """
    from clearhead.data import TableFile, read_tables, read_turns

    if task == "chat":
        return _answers(read_turns([TableFile(table, columns)]))
    if len(columns) not in (0, 2):
        raise UsageError(f"--columns has {len(columns)} columns, and this model's table two: a text and what is right")
    sources, references = zip(*read_tables([TableFile(table, columns or (1, 2))]), strict=True)
    return Asked(sources, references, {})


def _answers(rows: Any) -> Asked:
    from clearhead.tasks.chat import Message, role_of

    asked, right = [], []
    for turns in rows:
        said = [Message(role_of(place), turn) for place, turn in enumerate(turns)]
        asked += [said[:place] for place in range(1, len(said), 2)]
        right += turns[1::2]
    return Asked(asked, right, {})


def written(bundle: "Bundle", asked: Asked, to: str | None, quiet: bool, how: dict[str, Any]) -> list[str]:
    """What the model writes: what its search finds likeliest. how: as `Bundle.translate` takes it."""
    if bundle.task == "chat":
        beam_size = how["beam_size"] or bundle.settings.beam_size
        found = bundle.answers(asked.texts, beam_size=beam_size, batch_tokens=how["batch_tokens"])
        return [best.text for best, *_ in found]
    if not quiet and asked.files:
        lines.note_files(bundle, asked.files)
    if bundle.task == "summarisation":
        return bundle.summarise(asked.texts, **how)
    return bundle.translate(asked.texts, to, **how)


def answers_predicted(bundle: "Bundle", table: Path, columns: tuple[int | str, ...]) -> "TextScores":
    """How well the answers of a table are predicted: each of their tokens and ends once."""
    from clearhead.data import TableFile, prepare_chat
    from clearhead.tasks.chat import Joining
    from clearhead.tasks.language_modelling.scoring import score_text

    tokenizer = bundle.source_tokenizer
    corpus = prepare_chat([TableFile(table, columns)], tokenizer, Joining(bundle.settings.template))
    return score_text(bundle.model, corpus, tokenizer)


def read_hypotheses(path: Path, expected: int, name: str = "--against") -> list[str]:
    """A system's lines, given as `name`. Raises DataError where there are not as many as expected."""
    from clearhead.data import read_lines

    hypotheses = list(read_lines(path))
    if len(hypotheses) != expected:
        raise DataError(
            f"{name} {path} has {len(hypotheses):,} lines, expected {expected:,}: one for each line of the reference"
        )
    return hypotheses
