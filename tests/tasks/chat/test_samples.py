"""What a chat model answers while it is trained."""

from collections.abc import Callable
from pathlib import Path

from clearhead.bundle import Bundle
from clearhead.recipe import Recipe
from clearhead.tasks.chat import Message
from clearhead.tasks.language_modelling.samples import WRITTEN
from clearhead.training.run_inputs import prepare_run
from clearhead.training.validation import validate


def test_the_last_turn_is_answered(chat_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """As the bundle answers it, given all turns before; a question that is too long is left out."""
    recipe = chat_recipe(training={"validate_samples": 3})
    (tmp_path / "b.tsv").write_text("hi\thello\n" + 200 * "a" + "\tb\na\tb\tc\td\nx\ty\n", encoding="utf-8")
    data = {"folder": str(tmp_path), "train": {"table": "a.tsv"}, "validate": {"table": "b.tsv"}}
    inputs = prepare_run(chat_recipe(training={"validate_samples": 3}, data=data))
    model = inputs.untrained_model().eval()
    found = validate(model, inputs).samples
    assert [(one.source, one.reference) for one in found] == [("hi", "hello"), ("c", "d")]
    bundle = Bundle(model, *inputs.tokenizers, recipe, settings=inputs.settings)
    asked = [[Message("user", "hi")], [Message("user", "a"), Message("assistant", "b"), Message("user", "c")]]
    answers = bundle.answers(asked, beam_size=1, max_tokens=WRITTEN)
    assert [one.hypothesis for one in found] == [best.text for [best] in answers]
