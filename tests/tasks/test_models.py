"""The one name that the rooms above have for what tasks make."""

from typing import get_args

from clearhead.model import TransformerConfig
from clearhead.tasks import TASKS, Model


def test_it_is_what_each_task_makes() -> None:
    """A new family adds its own to `Model`."""
    config = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8, encoder_layers=1, decoder_layers=1
    )
    made = {type(task.new_model(config)) for task in TASKS.values()}
    assert made == set(get_args(Model) or (Model,))
