"""The number of layers, and the normalisation after the last one."""

import pytest
import torch
from torch import nn

from clearhead.model import EncoderDecoder, TransformerConfig, masks_for


def model(**changes: object) -> EncoderDecoder:
    sizes = {"width": 8, "heads": 2, "inner_width": 12, "encoder_layers": 2, "decoder_layers": 1, **changes}
    return EncoderDecoder(TransformerConfig(source_vocabulary=9, target_vocabulary=9, **sizes)).eval()


SOURCE, TARGET = torch.tensor([[4, 5, 2]]), torch.tensor([[1, 6]])


@pytest.mark.parametrize(("encoder_layers", "decoder_layers"), [(0, 0), (0, 3), (4, 1)])
def test_any_numbers_of_layers(encoder_layers: int, decoder_layers: int) -> None:
    chosen = model(encoder_layers=encoder_layers, decoder_layers=decoder_layers)
    assert (len(chosen.encoder.layers), len(chosen.decoder.layers)) == (encoder_layers, decoder_layers)
    assert chosen(SOURCE, TARGET).shape == (1, 2, 9)


def test_post_norm_ends_with_its_last_layer_and_pre_norm_is_normalised_once_more() -> None:
    assert isinstance(model().encoder.normalization, nn.Identity)
    pre = model(norm_placement="pre")
    memory = pre.encode(SOURCE, masks_for(SOURCE, TARGET, 0).source)
    torch.testing.assert_close(memory.mean(-1), torch.zeros(1, 3), rtol=0, atol=1e-6)


def test_every_decoder_layer_has_matrices_of_its_own_for_the_same_memory() -> None:
    chosen = model(decoder_layers=2)
    memory = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(1))
    first, second = chosen.decoder.memories(memory)
    assert not torch.allclose(first.key, second.key)
