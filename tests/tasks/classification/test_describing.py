"""What a model card says of a classifier."""

from collections.abc import Callable

from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.training.run_inputs import prepare_run


def test_a_card(table_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(table_recipe())
    told = TASKS["classification"].describe(inputs.recipe, inputs.config, inputs.training, inputs.tokenizers)
    assert told.sizes == f"1 layers, width 16, 2 heads, vocabulary {inputs.source_tokenizer.size}, 2 classes"
    assert told.shell == "clearhead classify PATH-OF-THIS-FOLDER < FILE"
    assert told.data.startswith("36 texts (")
    assert told.data.endswith("of the classes even, odd:\n\n- train.tsv")
