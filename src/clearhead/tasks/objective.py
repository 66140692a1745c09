"""What a model of one stack learns of texts: what `TextTask` has its models predict, and from which examples."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, final

from torch import Tensor

from clearhead.data import PreparedText
from clearhead.evaluation import Scores
from clearhead.recipe import Recipe, ResolvedTraining
from clearhead.tasks.examples import Examples, Judged, Sample
from clearhead.tasks.language_modelling.examples import TextSet
from clearhead.tasks.task import AnyTask, Batch, Config, Description, Model
from clearhead.text import Tokenizer


@final
@dataclasses.dataclass(frozen=True)
class Objective(Generic[Config, Model, Batch]):
    """Functions of `Task` in which one objective differs from another.

    batches: of a corpus, at most `max_length` places a piece, for an epoch, from a number on.
    batches_to_judge: of a corpus, at most `max_length` places a piece.
    scores: the task that is given with what is judged knows how a model predicts. samples: none of what writes nothing.
    reads_end: whether a model reads a document's end, too. refusal: why a config cannot learn this; None where it can.
    """

    examples: Callable[[Recipe], Examples[PreparedText, TextSet]]
    hidden_states: Callable[[Model, Batch], Tensor]
    output_weight: Callable[[Model], Tensor]
    full_batch: Callable[[int, int, int, bool], Batch]
    batches: Callable[[ResolvedTraining, PreparedText, Tokenizer, int, int, int], Iterator[Batch]]
    batches_to_judge: Callable[[ResolvedTraining, PreparedText, Tokenizer, int], Iterator[Batch]]
    scores: Callable[[AnyTask, Judged[TextSet]], Scores]
    describe: Callable[[Recipe, Config, PreparedText], Description]
    first_use: Callable[[Recipe, str], str]
    samples: Callable[[Judged[TextSet]], Sequence[Sample]] = lambda judged: ()
    reads_end: bool = False
    refusal: Callable[[Config], str | None] = lambda config: None
