"""How many of some tokens a model predicts right, and the loss of them together."""

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from clearhead.errors import DataError
from clearhead.evaluation import MaskedScores

if TYPE_CHECKING:
    import clearhead.tasks.examples
    import clearhead.tasks.task

# So many places at a time: no batch of logits is ever whole.
_CHUNK = 1024


@dataclasses.dataclass(frozen=True)
class Tally:
    """The loss of some tokens together, in nats; how many are the likeliest of their place; and how many there are."""

    loss: float = 0.0
    right: int = 0
    tokens: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.loss + other.loss, self.right + other.right, self.tokens + other.tokens)

    def of_masked(self) -> MaskedScores:
        """Those of masked places. Raises DataError where there are none, as in a text of a few tokens."""
        if not self.tokens:
            raise DataError("nothing of the validation text is masked and predicted; give more text in data.validate")
        return MaskedScores(self.loss / self.tokens, self.right / self.tokens, self.tokens)


@torch.inference_mode()
def tally_of(
    task: "clearhead.tasks.task.AnyTask", model: object, batches: "Iterable[clearhead.tasks.examples.TrainingBatch]"
) -> Tally:
    """That of the predicted tokens of some batches."""
    found = Tally()
    for batch in batches:
        wanted = batch.target_output.flatten()
        real = (wanted != batch.padding).nonzero().squeeze(1)
        vectors, matrix = task.hidden_states(model, batch).flatten(0, -2), task.output_weight(model)
        for places in torch.split(real, _CHUNK):
            logits, tokens = F.linear(vectors[places], matrix).float(), wanted[places]
            loss = F.cross_entropy(logits, tokens, reduction="none").double().sum()
            found += Tally(float(loss), int((logits.argmax(dim=-1) == tokens).sum()), len(tokens))
    return found
