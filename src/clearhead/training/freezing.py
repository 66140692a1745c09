"""`training.freeze`: which weights stay as they are."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from torch import nn

from clearhead.bundle.fitting import require_listed
from clearhead.errors import RecipeError
from clearhead.model import FamilyConfig
from clearhead.recipe import LoraSettings, Training
from clearhead.tasks import Model, task_for
from clearhead.training.adapting import adapt
from clearhead.training.new_tokens import learn_rows_alone


def freeze(model: nn.Module, patterns: Iterable[str]) -> None:
    """Let the weights that a pattern fits learn no more: `*` and `?` stand for any characters, or for any one.

    A matrix that has several names is frozen under any of them. Raises RecipeError where a pattern fits none.
    """
    named = list(model.named_parameters(remove_duplicate=False))
    for pattern in patterns:
        fitting = [parameter for name, parameter in named if fnmatchcase(name, pattern)]
        if not fitting:
            raise RecipeError(
                f"training.freeze: no weight of the model has a name like {pattern[:60]!r}; expected a pattern such as "
                f"encoder.* for names such as {named[0][0]}"
            )
        for parameter in fitting:
            parameter.requires_grad_(False)


def new_model(
    config: FamilyConfig, settings: Training, lora: LoraSettings | None = None, new_rows: Sequence[int] = ()
) -> Model:
    """A model before its first step, drawn from the recipe's seed; what the recipe freezes is frozen.

    lora: the adapters that learn in place of its weights. new_rows: ids of new tokens, which learn in frozen tables
    as well.
    """
    model = task_for(config).new_model(config, settings.seed)
    # Said now: no bundle of a model whose code was edited alone could be read after hours of training.
    require_listed(model, config)
    if lora is not None:
        adapt(model, lora, settings.seed)
    freeze(model, settings.freeze)
    learn_rows_alone(model, new_rows, has_adapters=lora is not None)
    return model
