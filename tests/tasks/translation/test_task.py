"""Translation as a task: its models, and what it makes of a batch."""

import numpy as np
import pytest
import torch

from clearhead.data import FilterReport, PackedRows, PreparedCorpus, TokenFile, collate, collate_packed
from clearhead.errors import ConfigError
from clearhead.model import EncoderDecoder
from clearhead.tasks import TASKS

TASK = TASKS["translation"]
SIZES = {
    "source_vocabulary": 20, "target_vocabulary": 20, "width": 16, "heads": 2, "inner_width": 24, "encoder_layers": 1,
    "decoder_layers": 2, "max_length": 16, "dropout": 0.0,
}  # fmt: skip
PADDING, BEGIN, END = 19, 1, 2
PAIRS = [([5, 6, 7, END], [8, END]), ([9, END], [10, 0, 12, END])]


def corpus() -> PreparedCorpus:
    source, target = (
        TokenFile(np.concatenate(side).astype(np.uint16), np.array([len(one) for one in side], np.int32))
        for side in zip(*PAIRS, strict=True)
    )
    return PreparedCorpus(source, target, np.ones(2), FilterReport(kept=2), "two")


def test_its_models() -> None:
    config = TASK.config(SIZES)
    model = TASK.new_model(config, seed=4)
    assert isinstance(model, EncoderDecoder)
    for one, other in zip(model.parameters(), EncoderDecoder(config, seed=4).parameters(), strict=True):
        assert torch.equal(one, other)
    assert TASK.layers(model) == [model.encoder.layers[0], *model.decoder.layers]
    assert TASK.output_weight(model) is model.output.matrix.weight


@pytest.mark.parametrize(("sizes", "error"), [({"width": 3}, TypeError), ({**SIZES, "width": 3}, ConfigError)])
def test_what_is_no_config(sizes: dict[str, int], error: type[Exception]) -> None:
    with pytest.raises(error):
        TASK.config(sizes)


@pytest.mark.parametrize("is_packed", [False, True])
def test_hidden_states_are_those_of_each_pair_alone(is_packed: bool) -> None:
    """Whichever id is padding, and with id 0 among the tokens: a pair at a time, nothing is padded."""
    model = TASK.new_model(TASK.config(SIZES)).eval()
    if is_packed:
        batch = collate_packed(corpus(), PackedRows(np.array([0, 1]), np.array([2])), 8, BEGIN, PADDING)
        places = [(0, slice(0, 2)), (0, slice(2, 6))]
    else:
        batch = collate(corpus(), np.array([0, 1]), BEGIN, PADDING)
        places = [(0, slice(0, 2)), (1, slice(0, 4))]
    found = TASK.hidden_states(model, batch) @ TASK.output_weight(model).T
    for (source, target), (row, columns) in zip(PAIRS, places, strict=True):
        alone = model(torch.tensor([source]), torch.tensor([[BEGIN, *target[:-1]]]))[0]
        torch.testing.assert_close(found[row, columns], alone, rtol=0, atol=1e-5)
