"""What a card says of a model that answers."""

from collections.abc import Callable

from clearhead.recipe import Recipe
from clearhead.training.run_inputs import prepare_run


def test_it_names_sizes_use_and_files(chat_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(chat_recipe())
    told = inputs.task.describe(inputs.recipe, inputs.config, inputs.training, inputs.tokenizers)
    assert told.sizes == "1 layers, width 32, 2 heads, vocabulary 263"
    assert (told.shell, told.python) == ("clearhead chat PATH-OF-THIS-FOLDER", 'bundle.chat("hello")')
    assert told.data.startswith("4 conversations (")
    assert told.data.endswith(" of answers):\n\n- a.tsv (a conversation is a row)")
