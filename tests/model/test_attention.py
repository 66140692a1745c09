"""Multi-head attention against torch.nn.MultiheadAttention, and how heads are laid out."""

import pytest
import torch
from torch import nn

from clearhead.model import causal_mask
from clearhead.model.attention import Attention, join
from clearhead.model.config import BlockConfig
from clearhead.model.initialization import initialize
from clearhead.model.positions import Rotary


def attention(heads: int = 2, **changes: object) -> Attention:
    config = BlockConfig(width=8, heads=heads, **changes)
    module = Attention(config, rotary=config.positions.startswith("rotary"))
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
        config = BlockConfig(width=8, heads=2)
        module, x = Attention(config, rotary=rotary), vectors(4, seed=8)
        initialize(module, seed=1)
        mask = causal_mask(4)
        torch.testing.assert_close(module(x, mask=mask), module(x, module.keys_and_values(x), mask))


class TestSharedHeads:
    """Grouped queries (Ainslie et al. 2023): head h has the keys and values of h // (heads / kv_heads)."""

    def pair(self, kv_heads: int, **changes: object) -> tuple[Attention, Attention]:
        """One whose heads share keys and values, and one that has a copy of them for each head."""
        grouped, whole = attention(heads=4, kv_heads=kv_heads, **changes), attention(heads=4, **changes)
        width = grouped.query.out_features // 4
        with torch.no_grad():
            for name in ("query", "output"):
                getattr(whole, name).load_state_dict(getattr(grouped, name).state_dict())
            for name in ("key", "value"):
                ours, theirs = getattr(grouped, name), getattr(whole, name)
                for head in range(4):
                    shared = head * kv_heads // 4
                    rows, their_rows = (slice(one * width, (one + 1) * width) for one in (shared, head))
                    theirs.weight[their_rows] = ours.weight[rows]
                    if ours.bias is not None:
                        theirs.bias[their_rows] = ours.bias[rows]
        return grouped, whole

    @pytest.mark.parametrize("kv_heads", [1, 2, 4])
    @pytest.mark.parametrize("rotary", [False, True])
    @pytest.mark.parametrize("observed", [False, True], ids=["fused", "explicit"])
    def test_equal_to_a_copy_for_each_head(self, kv_heads: int, rotary: bool, observed: bool) -> None:
        grouped, whole = self.pair(kv_heads)
        x, mask = vectors(5, seed=4).requires_grad_(), causal_mask(5)
        for module in (grouped, whole):
            module.rotary = Rotary(BlockConfig(width=2, heads=1, max_length=8, positions="rotary")) if rotary else None
            module.observer = (lambda name, tensor: tensor) if observed else None
        ours, theirs = (module(x, mask=mask) for module in (grouped, whole))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)
        upstream = vectors(5, seed=5)
        for one, other in zip(*(torch.autograd.grad(y, x, upstream) for y in (ours, theirs)), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-6)
        # What a copy learns in each head, the shared one learns from all of them.
        [one], [other] = (
            torch.autograd.grad(module(x, mask=mask), module.value.weight, upstream) for module in (grouped, whole)
        )
        torch.testing.assert_close(one, other.view(kv_heads, 4 // kv_heads, 2, 8).sum(1).flatten(0, 1))

    def test_equal_to_torch_s(self) -> None:
        grouped, whole = self.pair(2, bias=False)
        theirs = nn.MultiheadAttention(8, 4, bias=False, batch_first=True)
        with torch.no_grad():
            theirs.in_proj_weight.copy_(torch.cat([whole.query.weight, whole.key.weight, whole.value.weight]))
            theirs.out_proj.weight.copy_(whole.output.weight)
        queries, memory = vectors(4, seed=2), vectors(5, seed=3)
        expected, _ = theirs(queries, memory, memory)
        torch.testing.assert_close(grouped(queries, grouped.keys_and_values(memory)), expected, rtol=0, atol=1e-6)

    def test_what_is_kept_is_kept_once(self) -> None:
        kept = attention(heads=4, kv_heads=1).keys_and_values(vectors(5, seed=2))
        assert kept.key.shape == kept.value.shape == (3, 1, 5, 2)


@pytest.mark.parametrize("observed", [False, True], ids=["fused", "explicit"])
def test_a_scale_of_its_own(observed: bool) -> None:
    """T5 divides by nothing: as if the queries had been longer by √d_k."""
    ours, usual = attention(scale=1.0), attention()
    usual.load_state_dict(ours.state_dict())
    with torch.no_grad():
        usual.query.weight *= 2.0
    x = vectors(5, seed=4)
    ours.observer = (lambda name, tensor: tensor) if observed else None
    torch.testing.assert_close(ours(x), usual(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("observed", [False, True], ids=["fused", "explicit"])
def test_equal_to_qwen3_s_attention_forward_and_backward(observed: bool) -> None:
    """Each head's queries and keys are normalised by RMSNorm, and then turned in halves; two heads share a key."""
    from transformers import Qwen3Config
    from transformers.models.qwen3.modeling_qwen3 import Qwen3Attention

    ours = attention(
        heads=4, kv_heads=2, head_width=6, bias=False, norm="rms", eps=1e-3, query_key_norm=True,
        positions="rotary-halves", rotary_base=500.0,
    )  # fmt: skip
    ours.observer = (lambda name, tensor: tensor) if observed else None
    its = Qwen3Config(
        hidden_size=8, num_attention_heads=4, num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-3,
        attn_implementation="eager",
    )  # fmt: skip
    theirs = Qwen3Attention(its, layer_idx=0).eval()
    names = ("query", "q_proj"), ("key", "k_proj"), ("value", "v_proj"), ("output", "o_proj")
    pairs = [(getattr(ours, one).weight, getattr(theirs, other).weight) for one, other in names]
    pairs += [(ours.query_normalization.weight, theirs.q_norm.weight)]
    pairs += [(ours.key_normalization.weight, theirs.k_norm.weight)]
    with torch.no_grad():
        for one, other in pairs:
            one += 0.1 * torch.randn(one.shape, generator=torch.Generator().manual_seed(7))
            other.copy_(one)
    x, upstream, mask = vectors(5, seed=4), vectors(5, seed=5), causal_mask(5)
    angles = torch.arange(5.0)[:, None] * 500.0 ** (-torch.arange(0, 6, 2) / 6)
    angles = torch.cat((angles, angles), dim=-1)[None]
    shut = torch.zeros(1, 1, 5, 5).masked_fill(~mask, torch.finfo(torch.float32).min)
    found, (expected, _) = ours(x, mask=mask), theirs(x, (angles.cos(), angles.sin()), shut)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    gradients = (
        torch.autograd.grad(result, [pair[side] for pair in pairs], upstream)
        for side, result in enumerate((found, expected))
    )
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_heads_may_be_wider_or_narrower_than_the_width_divided() -> None:
    """Three heads of width 5 in a model of width 8, as T5's d_kv; by the equation, head by head."""
    module, x = attention(heads=3, head_width=5), vectors(4, seed=6)
    assert module.query.weight.shape == (15, 8)
    assert module.output.weight.shape == (8, 15)
    query, key, value = (one(x) for one in (module.query, module.key, module.value))
    contexts = []
    for head in range(3):
        q, k, v = (one[..., 5 * head : 5 * head + 5] for one in (query, key, value))
        contexts.append(torch.softmax(q @ k.mT / 5**0.5, dim=-1) @ v)
    torch.testing.assert_close(module(x), module.output(torch.cat(contexts, dim=-1)), rtol=0, atol=1e-6)


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
