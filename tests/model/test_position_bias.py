"""What relative positions and ALiBi add to scores: against T5's own blocks, and against the paper's numbers."""

import math

import pytest
import torch

from clearhead.model import EncoderDecoder, Observed, TransformerConfig, masks_for
from clearhead.model.config import BlockConfig
from clearhead.model.position_bias import AlibiBias, RelativeBias, position_bias, position_bias_for


def config(**changes: object) -> BlockConfig:
    return BlockConfig(**{"width": 16, "heads": 4, "positions": "relative", **changes})


class Stack(Observed):
    def __init__(self, block: BlockConfig, looks_both_ways: bool = False) -> None:
        super().__init__()
        self.position_bias = position_bias_for(block, looks_both_ways)


@pytest.mark.parametrize("looks_both_ways", [True, False])
@pytest.mark.parametrize(("buckets", "distance"), [(32, 128), (8, 20), (4, 3)])
def test_buckets_are_t5_s(looks_both_ways: bool, buckets: int, distance: int) -> None:
    from transformers.models.t5.modeling_t5 import T5Attention

    distances = torch.arange(-300, 301)[None, None]
    bias = RelativeBias(config(relative_buckets=buckets, relative_distance=distance), looks_both_ways)
    expected = T5Attention._relative_position_bucket(distances, looks_both_ways, buckets, distance)
    assert torch.equal(bias.buckets_of(distances), expected)


def test_buckets_by_hand() -> None:
    """One way, 8 buckets up to 32: 0 … 3 alone, then 4 + ⌊4·ln(d/4)/ln 8⌋: 5 from 6.7 on, 6 from 11.3, 7 from 19.03."""
    bias = RelativeBias(config(relative_buckets=8, relative_distance=32), looks_both_ways=False)
    distances = -torch.tensor([[[0, 1, 2, 3, 4, 6, 7, 11, 12, 19, 20, 31, 32, 1000]]])
    assert bias.buckets_of(distances)[0, 0].tolist() == [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7, 7]
    assert bias.buckets_of(torch.tensor([[[1, 50]]]))[0, 0].tolist() == [0, 0]


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
@pytest.mark.parametrize("length", [7, 70], ids=["short rows", "long rows"])
def test_equal_to_t5_s_self_attention_forward_and_backward(stack: str, length: int) -> None:
    """Scores are not scaled, heads are wider than the width divided by their number, and there is no bias."""
    from transformers import T5Config
    from transformers.models.t5.modeling_t5 import T5Attention

    family = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, width=16, heads=4, head_width=6, inner_width=8, encoder_layers=1,
        decoder_layers=1, positions="relative", relative_buckets=8, relative_distance=20, scale=1.0, bias=False,
    )  # fmt: skip
    whole = EncoderDecoder(family, seed=2)
    part = getattr(whole, stack)
    ours, is_decoder = part.layers[0].self_attention, stack == "decoder"
    its = T5Config(
        d_model=16, d_kv=6, num_heads=4, relative_attention_num_buckets=8, relative_attention_max_distance=20,
        dropout_rate=0.0, is_decoder=is_decoder, attn_implementation="eager",
    )  # fmt: skip
    theirs = T5Attention(its, has_relative_attention_bias=True, layer_idx=0).eval()
    pairs = [(ours.query, theirs.q), (ours.key, theirs.k), (ours.value, theirs.v), (ours.output, theirs.o)]
    weights = [(one.weight, other.weight) for one, other in pairs]
    weights.append((part.position_bias.table, theirs.relative_attention_bias.weight))
    with torch.no_grad():
        for one, other in weights:
            other.copy_(one)
    generator = torch.Generator().manual_seed(1)
    inputs, upstream = (torch.randn(2, length, 16, generator=generator) for _ in range(2))
    mask = torch.ones(2, 1, length, length, dtype=torch.bool)
    mask = mask.tril() if is_decoder else mask
    mask[1, ..., length - 3 :] = False
    mask[1, :, length - 3 :] = True
    places = torch.arange(length)[None]
    found = ours(inputs, mask=mask, bias=position_bias(part, places, places))
    expected = theirs(inputs, mask=torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min))[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    gradients = (
        torch.autograd.grad(result, [pair[side] for pair in weights], upstream)
        for side, result in enumerate((found, expected))
    )
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_alibi_s_slopes_are_the_paper_s() -> None:
    """Section 3: for 8 heads 1/2, 1/4, … 1/256; for 16 heads 1/2^0.5, 1/2^1, … 1/2^8."""
    slopes = {heads: AlibiBias(config(heads=heads, positions="alibi")).slopes.flatten() for heads in (4, 8, 16)}
    torch.testing.assert_close(slopes[8], torch.tensor([2.0**-power for power in range(1, 9)]))
    torch.testing.assert_close(slopes[16], torch.tensor([2.0 ** (-power / 2) for power in range(1, 17)]))
    torch.testing.assert_close(slopes[4], torch.tensor([1 / 4, 1 / 16, 1 / 64, 1 / 256]))


def test_alibi_s_slopes_where_heads_are_no_power_of_two() -> None:
    """The authors' program: those of 4 heads, then the first and third of 8."""
    slopes = AlibiBias(config(width=12, heads=6, positions="alibi")).slopes.flatten()
    torch.testing.assert_close(slopes, torch.tensor([1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8]))


def test_alibi_by_hand() -> None:
    """Figure 3: 0 for the token itself, -1 times the slope for the one before it, -2 …"""
    places = torch.arange(3)[None]
    bias = position_bias(Stack(config(heads=8, positions="alibi")), places, places)
    assert bias.shape == (1, 8, 3, 3)
    torch.testing.assert_close(bias[0, 1, 2], torch.tensor([-2.0, -1.0, 0.0]) / 4)
    torch.testing.assert_close(bias[0, 0, :, 0], torch.tensor([0.0, -1.0, -2.0]) / 2)


def test_alibi_in_attention_by_hand() -> None:
    """Two equal keys one apart, slope 1/16 of a second head of four: the weights are 1 and e^(-1/16), divided."""
    from clearhead.model.kernels import explicit_attention

    query = key = torch.zeros(1, 4, 2, 1)
    value = torch.tensor([1.0, 0.0]).view(1, 1, 2, 1).expand(1, 4, 2, 1)
    places = torch.arange(2)[None]
    bias = position_bias(Stack(config(positions="alibi")), places, places)
    context = explicit_attention(query, key, value, None, bias=bias)
    assert context[0, 1, 1, 0].item() == pytest.approx(math.exp(-1 / 16) / (1 + math.exp(-1 / 16)))


@pytest.mark.parametrize("kind", ["relative", "alibi"])
def test_positions_may_differ_from_row_to_row(kind: str) -> None:
    """As in decoding: what a row's keys are far from its query, and nothing else."""
    stack = Stack(config(positions=kind))
    if kind == "relative":
        torch.nn.init.normal_(stack.position_bias.table, generator=torch.Generator().manual_seed(1))
    keys = torch.tensor([[0, 1, 2, 3], [0, 1, 6, 7]])
    both = position_bias(stack, keys[:, -1:], keys)
    whole = position_bias(stack, torch.arange(8)[None], torch.arange(8)[None])
    for row in range(2):
        last = int(keys[row, -1])
        torch.testing.assert_close(both[row, :, 0], whole[0, :, last, keys[row]])


def test_one_table_for_a_stack_and_none_for_the_memory() -> None:
    """T5: the encoder's and the decoder's layers have one each; attention to the memory adds nothing."""
    family = TransformerConfig(
        source_vocabulary=9, target_vocabulary=9, width=16, heads=4, inner_width=8, encoder_layers=2, decoder_layers=2,
        positions="relative",
    )  # fmt: skip
    model = EncoderDecoder(family).eval()
    names = [name for name, _ in model.named_parameters() if "position_bias" in name]
    assert names == ["encoder.position_bias.table", "decoder.position_bias.table"]
    source, target = torch.tensor([[5, 6, 7]]), torch.tensor([[1, 5]])
    seen: set[str] = set()
    for path, module in model.named_modules():
        if isinstance(module, Observed):
            module.observer = lambda name, tensor, path=path: (seen.add(f"{path}.{name}"), tensor)[1]
    model(source, target, masks_for(source, target, 0))
    assert {"encoder.position_bias", "encoder.layers.1.self_attention.biased"} <= seen
    assert "decoder.layers.0.cross_attention.biased" not in seen


@pytest.mark.parametrize("kind", ["sinusoidal", "learned", "rotary"])
def test_other_positions_add_nothing(kind: str) -> None:
    assert position_bias_for(config(positions=kind), looks_both_ways=True) is None
