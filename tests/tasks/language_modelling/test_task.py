"""What the rooms above know of the decoder-only family."""

from clearhead.bundle import Bundle
from clearhead.model import DecoderOnly, DecoderOnlyConfig
from clearhead.tasks import TASKS, task_for


def test_a_decoder_only_model_is_made_by_its_family(language_model: Bundle) -> None:
    config = DecoderOnlyConfig(vocabulary=9, layers=2, width=8, heads=2, inner_width=16)
    task = task_for(config)
    assert task is TASKS["decoder-only"]
    assert task.config(config.as_plain()) == config
    model = task.new_model(config)
    assert isinstance(model, DecoderOnly)
    assert [*task.layers(model)] == [*model.decoder.layers]
    assert task.output_weight(model).shape == (9, 8)
