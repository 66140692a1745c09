"""What a model card says of a classifier."""

from collections.abc import Callable

from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.training import Validation
from clearhead.training.card import model_card
from clearhead.training.run_inputs import prepare_run


def test_a_card(table_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(table_recipe())
    told = TASKS["classification"].describe(inputs.recipe, inputs.config, inputs.training, inputs.tokenizers)
    assert told.sizes == f"1 layers, width 16, 2 heads, vocabulary {inputs.source_tokenizer.size}, 2 classes"
    assert told.shell == "clearhead classify PATH-OF-THIS-FOLDER < FILE"
    assert told.data.startswith("36 texts (")
    assert told.data.endswith("of the classes even, odd:\n\n- train.tsv")


def test_a_loss_is_of_texts(table_recipe: Callable[..., Recipe]) -> None:
    """A class is no token, and whoever predicts one has no perplexity to speak of."""
    card = model_card(prepare_run(table_recipe()), 1, 20, 640, Validation(1.5, 4.482, None))
    assert "20 steps, 640 texts; weights" in card
    assert "- loss 1.5000 nats a text\n" in card
