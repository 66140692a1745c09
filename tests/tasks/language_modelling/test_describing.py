"""What a card says of a language model."""

from collections.abc import Callable

from clearhead.recipe import Recipe
from clearhead.tasks.language_modelling.describing import description
from clearhead.training.run_inputs import prepare_run


def test_it_names_sizes_use_and_files(language_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(language_recipe("line"))
    told = description(inputs.recipe, inputs.config, inputs.training)
    assert told.sizes == f"1 layers, width 16, 2 heads, vocabulary {inputs.source_tokenizer.size}"
    assert told.shell.startswith("clearhead generate PATH-OF-THIS-FOLDER ")
    assert told.data.startswith("28 documents (")
    assert told.data.endswith(":\n\n- a.txt (a document is a line)")
