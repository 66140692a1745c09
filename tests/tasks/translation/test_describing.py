"""What a card says of a translation model; tests/training/test_card.py has the whole card."""

from collections.abc import Callable

from clearhead.recipe import Recipe
from clearhead.tasks.translation.describing import description
from clearhead.training.run_inputs import prepare_run


def test_it_names_sizes_use_and_files(make_recipe: Callable[..., Recipe]) -> None:
    inputs = prepare_run(make_recipe("text={size: 260, tags: true}"))
    told = description(inputs.recipe, inputs.config, inputs.training, inputs.tokenizers)
    assert told.sizes == "1+1 layers, width 16, 2 heads, vocabulary 260"
    assert told.shell == 'echo "a sentence" | clearhead translate PATH-OF-THIS-FOLDER --to fr'
    assert told.python == 'bundle.translate("a sentence", to="fr")'
    assert told.data.startswith("30 sentence pairs (")
    assert told.data.endswith(":\n\n- train.en, train.fr (en → fr)")


def test_it_names_the_tag_of_a_corpus(make_recipe: Callable[..., Recipe]) -> None:
    pair = "source: train.en, target: train.fr, from: en, to: fr"
    inputs = prepare_run(make_recipe(f"data.train=[{{{pair}}}, {{{pair}, tag: back}}]", "text.size=260"))
    told = description(inputs.recipe, inputs.config, inputs.training, inputs.tokenizers)
    assert told.data.endswith("\n- train.en, train.fr (en → fr)\n- train.en, train.fr (en → fr), tagged back")


def test_a_summariser_is_asked_by_its_own_verb(summary_recipe: Recipe) -> None:
    inputs = prepare_run(summary_recipe)
    told = inputs.task.describe(inputs.recipe, inputs.config, inputs.training, inputs.tokenizers)
    assert told.shell == 'echo "a sentence" | clearhead summarise PATH-OF-THIS-FOLDER'
    assert told.python == 'bundle.summarise("a sentence")'
    assert told.data.endswith(":\n\n- pairs.tsv")
    assert inputs.task.first_use(summary_recipe, "m") == "summarise m --in FILE"
