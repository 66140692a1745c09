"""Vectors and a matrix instead of logits: the same numbers as the model's own."""

from collections.abc import Callable

import pytest
import torch

from clearhead.data import collate_labelled
from clearhead.model import EncoderOnly, EncoderOnlyConfig
from clearhead.model.masks import padding_mask
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.training.run_inputs import prepare_run

TASK = TASKS["classification"]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("pooler", [True, False])
@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_the_logits_are_the_models(table_recipe: Callable[..., Recipe], pooling: str, pooler: bool, bias: bool) -> None:
    inputs = prepare_run(table_recipe())
    config = EncoderOnlyConfig(
        vocabulary=inputs.source_tokenizer.size, width=16, heads=2, layers=1, inner_width=32, classes=2, max_length=16,
        masked_head="none", pooling=pooling, pooler=pooler, bias=bias,
    )  # fmt: skip
    model = EncoderOnly(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # A bias is 0 at first, and would hide that it is missing.
    batch = collate_labelled(
        inputs.training.texts, inputs.training.classes, torch.arange(36).numpy(), inputs.source_tokenizer.padding
    )
    mask = padding_mask(batch.ids, inputs.source_tokenizer.padding)
    expected = model.class_logits(model.hidden_states(batch.ids, mask), mask)
    found = TASK.hidden_states(model, batch) @ TASK.output_weight(model).T
    torch.testing.assert_close(found[:, 0], expected)


def test_all_of_the_classifier_learns(table_recipe: Callable[..., Recipe]) -> None:
    """Its bias too: the gradients are those of torch's cross-entropy of the model's own logits."""
    inputs = prepare_run(table_recipe(model={"width": 16, "heads": 2, "layers": 1, "max_length": 16, "dropout": 0.0}))
    model = inputs.untrained_model().eval()
    batch = collate_labelled(
        inputs.training.texts, inputs.training.classes, torch.arange(36).numpy(), inputs.source_tokenizer.padding
    )
    mask = padding_mask(batch.ids, inputs.source_tokenizer.padding)

    def gradients(logits: torch.Tensor) -> list[torch.Tensor]:
        loss = torch.nn.functional.cross_entropy(logits, batch.target_output[:, 0], reduction="sum")
        names, parameters = zip(*((name, one) for name, one in model.named_parameters()), strict=True)
        found = torch.autograd.grad(loss, parameters, allow_unused=True)
        assert "classifier.output.bias" in names
        return [torch.zeros(()) if one is None else one for one in found]

    own = gradients(model.class_logits(model.hidden_states(batch.ids, mask), mask))
    learned = gradients((TASK.hidden_states(model, batch) @ TASK.output_weight(model).T)[:, 0])
    torch.testing.assert_close(learned, own)
