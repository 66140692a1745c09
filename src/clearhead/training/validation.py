"""How good is it now? Loss and perplexity over the whole validation set, BLEU and chrF of real translations."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from clearhead.bundle import Bundle
from clearhead.evaluation import Quality, TextScores, perplexity_of
from clearhead.switches import is_on
from clearhead.tasks import AnyTask, Model
from clearhead.tasks.examples import Corpus, TrainingBatch
from clearhead.training.loss import chunked_cross_entropy, cross_entropy
from clearhead.training.run_inputs import RunInputs


@dataclasses.dataclass(frozen=True)
class Validation:
    """loss: nats a target token, not smoothed; perplexity: its exponential; quality: None if nothing was decoded.

    text: the loss by the text of a language model, None of a translation.
    """

    loss: float
    perplexity: float
    quality: Quality | None
    text: TextScores | None = None

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Validation":
        """From what the history has of one."""
        quality, text = values["quality"], values.get("text")
        return cls(
            values["loss"],
            values["perplexity"],
            None if quality is None else Quality(**quality),
            None if text is None else TextScores(**text),
        )

    def as_plain(self) -> dict[str, Any]:
        """What `from_plain` reads. What version 0.1 had not is left out where there is none."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if name != "text" or value is not None}

    def figure(self, name: str) -> float:
        """The figure to select by, turned so that lower is better."""
        if name == "loss" or self.quality is None:
            return self.loss
        return -float(getattr(self.quality, name))


class Interrupted(Exception):
    """A validation was asked to stop before its end. Nobody sees it but the loop."""


def _never() -> bool:
    return False


# So many sentences are translated before somebody may say that it is enough.
TRANSLATED_AT_ONCE = {"cpu": 64, "cuda": 1024}


def validate(model: Model, inputs: RunInputs, asked_to_stop: Callable[[], bool] = _never) -> Validation:
    """Judge a model by all of the recipe's validation sets together.

    A model whose loss is not a number translates nothing. Raises Interrupted as soon as `asked_to_stop`, which is
    called between batches, is true.
    """
    loss = validation_loss(model, [one.corpus for one in inputs.validation], inputs, asked_to_stop)
    quality = translation_quality(model, inputs, asked_to_stop) if math.isfinite(loss) else None
    text = inputs.task.text_scores(loss, inputs.validation, inputs.config, inputs.tokenizers)
    return Validation(loss, perplexity_of(loss), quality, text)


@torch.inference_mode()
def validation_loss(
    model: Model,
    corpora: Sequence[Corpus],
    inputs: RunInputs,
    asked_to_stop: Callable[[], bool] = _never,
) -> float:
    """The cross-entropy in nats a target token, the end symbol counted. The model is to be in `eval` mode."""
    device = next(model.parameters()).device
    total, tokens = 0.0, 0
    for corpus in corpora:
        for batch in inputs.task.batches_to_judge(inputs.recipe, corpus, inputs.tokenizers):
            if asked_to_stop():
                raise Interrupted
            total += float(_batch_loss(inputs.task, model, batch.to(device)))
            tokens += batch.target_tokens
    return total / tokens


def _batch_loss(task: AnyTask, model: Model, batch: TrainingBatch) -> Tensor:
    """In the memory that a step of training has for its loss: `training.batch_tokens: auto` was found with that."""
    states = task.hidden_states(model, batch)
    if not is_on("chunked-loss"):
        return cross_entropy(model.output(states), batch.target_output, padding=batch.padding)
    return chunked_cross_entropy(states, task.output_weight(model), batch.target_output, batch.padding)


def translation_quality(model: Model, inputs: RunInputs, asked_to_stop: Callable[[], bool] = _never) -> Quality | None:
    """The quality of greedy translations of the sets' first lines; None where the recipe asks for none."""
    size = TRANSLATED_AT_ONCE[next(model.parameters()).device.type]

    def stop_if_asked(*_: object) -> None:
        if asked_to_stop():
            raise Interrupted

    def translate(sources: Sequence[str], to: str | None) -> Iterator[str]:
        bundle = Bundle(model, *inputs.tokenizers, inputs.recipe)
        found = bundle.search_stream(sources, to, beam_size=1, exact=False, ahead=size, noting=stop_if_asked)
        return (best.text for best, *_ in found)

    return inputs.task.quality(inputs.validation, translate)
