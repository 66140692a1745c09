"""`model.lora`: adapters that learn in place of a trained model's weights, and the model that they become part of."""

import copy
import logging
from collections.abc import Iterable, Sequence
from typing import Final

import torch
from torch import Tensor, nn

from clearhead.errors import RecipeError, TrainingError
from clearhead.model.low_rank import attach, layers_named
from clearhead.recipe import LoraSettings
from clearhead.tasks import AnyTask, Model
from clearhead.tasks.examples import TrainingBatch
from clearhead.training.heads import is_of_classes

_LOG = logging.getLogger(__name__)
# What merging may change of a logit: more is no rounding.
MOST_DIFFERENCE: Final = 1e-4
# So many places have their logits computed at a time.
_PLACES: Final = 256


def adapt(model: Model, lora: LoraSettings, seed: int) -> None:
    """Freeze a model and give the layers that the recipe targets an adapter; what tells classes learns whole.

    Raises RecipeError where a target is no layer of the model.
    """
    for target in lora.targets:
        if not layers_named(model, [target]):
            names = sorted({name.rpartition(".")[2] for name in layers_named(model, ["*"])})
            raise RecipeError(
                f"model.lora.targets: no linear layer in the model's blocks has a name like {target[:60]!r}; expected "
                f"some of {', '.join(names)}"
            )
    layers = list(layers_named(model, lora.targets).values())
    for name, parameter in model.named_parameters():
        # Beside a masked head a pooler has nothing to do.
        parameter.requires_grad_(bool(getattr(model.config, "classes", 0)) and is_of_classes(name))
    attach(layers, lora.rank, lora.alpha, seed)


def require_trained(model: nn.Module, new: Iterable[str], place: str) -> None:
    """Raise RecipeError where a weight is not the trained model's and does not learn either: it is a random number."""
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if untrained := [name for name in new if name not in learning]:
        raise RecipeError(
            f"model.lora: model.from={place} has no {untrained[0]}, which would stay as it is drawn, as adapters alone "
            "learn; leave the sizes out, or remove lora"
        )


def prove_merge(task: AnyTask, adapted: Model, merged: Model, batches: Iterable[TrainingBatch]) -> float:
    """The largest difference between two models' logits on some batches, which is logged.

    Both are computed in float64: of thirty layers in float32 either model's own rounding is near what is allowed, and
    ten times what merging does. Raises TrainingError where the difference is no rounding.
    """
    judged = list(batches)
    (states, matrix), (others, other_matrix) = (_exact(task, model, judged) for model in (adapted, merged))
    difference = 0.0
    for part, other in zip(torch.split(states, _PLACES), torch.split(others, _PLACES), strict=True):
        difference = max(difference, float((part @ matrix.T - other @ other_matrix.T).abs().max()))
    if not difference <= MOST_DIFFERENCE:
        raise TrainingError(
            f"the merged model's logits differ by {difference:.2g} from the adapted model's, where {MOST_DIFFERENCE:g} "
            "is allowed; lower model.lora.alpha or training.schedule.peak"
        )
    _LOG.info("the adapters are merged: logits differ by %.1e at most", difference)
    return difference


@torch.inference_mode()
def _exact(task: AnyTask, model: Model, batches: Sequence[TrainingBatch]) -> tuple[Tensor, Tensor]:
    """What goes into the last layer at each place that is judged, and its matrix, in float64."""
    numbers = {id(one): nn.Parameter(one.double(), requires_grad=False) for one in model.parameters()}
    tables = {id(one): one.double() for one in model.buffers() if one.is_floating_point()}
    # Not a copy that becomes float64: for a moment there would be both.
    exact = copy.deepcopy(model, {**numbers, **tables})
    states = [task.hidden_states(exact, batch)[batch.target_output != batch.padding] for batch in batches]
    return torch.cat(states), task.output_weight(exact).clone()
