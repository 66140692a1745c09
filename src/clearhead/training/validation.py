"""How good is it now? Loss and perplexity over the whole validation set, and what the task measures beside them."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from clearhead.bundle import Bundle
from clearhead.evaluation import Quality, Scores, perplexity_of, plain_scores, scores_from
from clearhead.switches import is_on
from clearhead.tasks import AnyTask, Model
from clearhead.tasks.examples import Corpus, Judged, Sample, TrainingBatch, Translate
from clearhead.training.adapting import prove_merge
from clearhead.training.loss import chunked_cross_entropy, whole_linear_cross_entropy
from clearhead.training.run_inputs import RunInputs


@dataclasses.dataclass(frozen=True)
class Validation:
    """loss: nats a target token, not smoothed; perplexity: its exponential; scores: what the task measures too.

    name: of the set that chooses the best model, whose figures these are; nothing where it has none.
    others: the same of each other set, by name; what the recipe replays is called old.
    samples: what the model writes for the first texts, where it writes any; the history does not keep them.
    """

    loss: float
    perplexity: float
    scores: Scores | None = None
    name: str = ""
    others: "Mapping[str, Validation]" = dataclasses.field(default_factory=dict, hash=False)
    samples: tuple[Sample, ...] = dataclasses.field(default=(), compare=False)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Validation":
        """From what the history has of one."""
        others = values.get("others", {})
        if "old" in values:  # Before sets had names, there was this one.
            others = {"old": values["old"], **others}
        found = {name: cls.from_plain(one) for name, one in others.items()}
        return cls(values["loss"], values["perplexity"], scores_from(values), values.get("name", ""), found)

    def as_plain(self) -> dict[str, Any]:
        """What `from_plain` reads."""
        own = {"loss": self.loss, "perplexity": self.perplexity, **plain_scores(self.scores)}
        name = {"name": self.name} if self.name else {}
        others = {"others": {name: one.as_plain() for name, one in self.others.items()}} if self.others else {}
        return {**own, **name, **others}

    @property
    def quality(self) -> Quality | None:
        """That of translations; None of other models, and where nothing was translated."""
        return self.scores if isinstance(self.scores, Quality) else None

    def figure(self, name: str) -> float:
        """The figure to select by, turned so that lower is better."""
        return self.loss if name == "loss" or self.scores is None else -float(self.scores.figures[name])


class Interrupted(Exception):
    """A validation was asked to stop before its end. Nobody sees it but the loop."""


def _never() -> bool:
    return False


# So many sentences are translated before somebody may say that it is enough.
TRANSLATED_AT_ONCE = {"cpu": 64, "cuda": 1024}


def validate(model: Model, inputs: RunInputs, asked_to_stop: Callable[[], bool] = _never) -> Validation:
    """Judge a model by each of the recipe's validation sets, whose corpora are judged together.

    A model whose loss is not a number writes nothing. Raises Interrupted as soon as `asked_to_stop`, which is called
    between batches, is true.
    """
    found = _judge(model, inputs, inputs.validation, asked_to_stop)
    others = {name: _judge(model, inputs, sets, asked_to_stop) for name, sets in inputs.other_validation.items()}
    return dataclasses.replace(found, name=inputs.validation_name, others=others)


def _judge(model: Model, inputs: RunInputs, sets: Sequence[Any], asked_to_stop: Callable[[], bool]) -> Validation:
    loss = validation_loss(model, [one.corpus for one in sets], inputs, asked_to_stop)
    if not math.isfinite(loss):
        return Validation(loss, perplexity_of(loss))
    bundle = Bundle(model, *inputs.tokenizers, inputs.recipe, settings=inputs.settings)
    judged = Judged(
        model,
        inputs.config,
        inputs.recipe,
        inputs.tokenizers,
        loss,
        sets,
        lambda corpus: _batches(model, corpus, inputs, asked_to_stop),
        _translate(bundle, asked_to_stop),
        bundle,
    )
    scores = inputs.task.scores(judged)
    return Validation(loss, perplexity_of(loss), scores, samples=tuple(inputs.task.samples(judged)))


# So many batches show whether adapters were merged rightly.
_PROVEN_ON = 4


def prove_merged(adapted: Model, merged: Model, inputs: RunInputs) -> float:
    """`prove_merge` on the first validation batches."""
    batches = _batches(adapted, inputs.validation[0].corpus, inputs, _never)
    return prove_merge(inputs.task, adapted, merged, itertools.islice(batches, _PROVEN_ON))


@torch.inference_mode()
def validation_loss(
    model: Model,
    corpora: Sequence[Corpus],
    inputs: RunInputs,
    asked_to_stop: Callable[[], bool] = _never,
) -> float:
    """The cross-entropy in nats a target token, the end symbol counted. The model is to be in `eval` mode."""
    total, tokens = 0.0, 0
    for corpus in corpora:
        for batch in _batches(model, corpus, inputs, asked_to_stop):
            total += float(_batch_loss(inputs.task, model, batch))
            tokens += batch.target_tokens
    return total / tokens


def _batches(
    model: Model, corpus: Corpus, inputs: RunInputs, asked_to_stop: Callable[[], bool]
) -> Iterator[TrainingBatch]:
    device = next(model.parameters()).device
    for batch in inputs.task.batches_to_judge(inputs.recipe, corpus, inputs.tokenizers):
        if asked_to_stop():
            raise Interrupted
        yield batch.to(device)


def _batch_loss(task: AnyTask, model: Model, batch: TrainingBatch) -> Tensor:
    """In the memory that a step of training has for its loss: `training.batch_tokens: auto` was found with that."""
    states, matrix = task.hidden_states(model, batch), task.output_weight(model)
    loss = chunked_cross_entropy if is_on("chunked-loss") else whole_linear_cross_entropy
    return loss(states, matrix, batch.target_output, padding=batch.padding)


def _translate(bundle: Bundle, asked_to_stop: Callable[[], bool]) -> Translate:
    """Greedy translations, some at a time."""
    size = TRANSLATED_AT_ONCE[next(bundle.model.parameters()).device.type]

    def stop_if_asked(*_: object) -> None:
        if asked_to_stop():
            raise Interrupted

    @functools.cache
    def translate(sources: tuple[str, ...], to: str | None) -> tuple[str, ...]:
        found = bundle.search_stream(sources, to, beam_size=1, exact=False, ahead=size, noting=stop_if_asked)
        return tuple(best.text for best, *_ in found)

    return translate
