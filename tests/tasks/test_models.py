"""The one name that the rooms above have for what tasks make."""

from typing import get_args

from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig
from clearhead.tasks import TASKS, Model


def test_it_is_what_each_task_makes() -> None:
    """A new family adds its own to `Model`."""
    sizes = {"width": 8, "heads": 2, "inner_width": 8}
    configs = {
        "encoder-decoder": TransformerConfig(
            source_vocabulary=9, target_vocabulary=9, encoder_layers=1, decoder_layers=1, **sizes
        ),
        "decoder-only": DecoderOnlyConfig(vocabulary=9, layers=1, **sizes),
        "encoder-only": EncoderOnlyConfig(vocabulary=9, layers=1, **sizes),
    }
    made = {type(task.new_model(configs[task.family])) for task in TASKS.values()}
    assert made == set(get_args(Model) or (Model,))
