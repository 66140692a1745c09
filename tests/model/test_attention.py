"""Multi-head attention against torch.nn.MultiheadAttention, and how heads are laid out."""

import torch
from torch import nn

from clearhead.model import TransformerConfig, causal_mask
from clearhead.model.attention import Attention, join
from clearhead.model.initialization import initialize


def attention(heads: int = 2, **changes: object) -> Attention:
    config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=8, heads=heads, **changes)
    module = Attention(config)
    initialize(module, seed=1)
    return module


def vectors(length: int, seed: int) -> torch.Tensor:
    return torch.randn(3, length, 8, generator=torch.Generator().manual_seed(seed))


def test_equal_to_torch_s_multi_head_attention() -> None:
    ours, theirs = attention(), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.out_proj.weight.copy_(ours.output.weight)
    queries, memory = vectors(4, seed=2), vectors(5, seed=3)
    expected, _ = theirs(queries, memory, memory)
    torch.testing.assert_close(ours(queries, ours.keys_and_values(memory)), expected, rtol=0, atol=1e-6)


def test_self_attention_of_a_whole_is_attention_to_its_own_keys_and_values() -> None:
    """Three products in one, and rotated alike."""
    for rotary in (False, True):
        config = TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=8, heads=2)
        module, x = Attention(config, rotary=rotary), vectors(4, seed=8)
        initialize(module, seed=1)
        mask = causal_mask(4)
        torch.testing.assert_close(module(x, mask=mask), module(x, module.keys_and_values(x), mask))


def test_head_i_owns_the_columns_i_d_k_and_following() -> None:
    """Section 3.2.2: heads are concatenated; with 4 heads of width 2, head 1's numbers are columns 2 and 3."""
    module = attention(heads=4)
    seen: dict[str, torch.Tensor] = {}
    module.observer = lambda name, tensor: seen.setdefault(name, tensor)
    x = vectors(3, seed=4)
    module(x, module.keys_and_values(x))
    torch.testing.assert_close(seen["query"][:, 1], module.query(x)[..., 2:4])
    torch.testing.assert_close(seen["concatenated"][..., 2:4], seen["context"][:, 1])


def test_an_observer_changes_no_result() -> None:
    x, mask, results = vectors(4, seed=5), causal_mask(4), []
    for observer in (None, lambda name, tensor: tensor):
        module = attention()
        module.observer = observer
        results.append(module(x, module.keys_and_values(x), mask))
    torch.testing.assert_close(*results, rtol=0, atol=1e-6)


def test_dropout_of_weights_acts_in_training_only() -> None:
    module, x = attention(attention_dropout=0.5), vectors(4, seed=6)
    kept = module.keys_and_values(x)
    assert torch.equal(module.eval()(x, kept), module(x, kept))
    torch.manual_seed(1)
    module.train()
    assert not torch.equal(module(x, kept), module(x, kept))


def test_joined_keys_and_values_are_those_of_the_whole() -> None:
    module, x = attention(), vectors(5, seed=7)
    whole = module.keys_and_values(x)
    parts = join(module.keys_and_values(x[:, :2]), module.keys_and_values(x[:, 2:], start=2))
    torch.testing.assert_close(parts.key, whole.key)
    torch.testing.assert_close(parts.value, whole.value)
