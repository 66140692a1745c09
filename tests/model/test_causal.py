"""Decoder-only models: causal, the same step by step, and indifferent to padding, neighbours and order."""

import inspect

import jaxtyping
import pytest
import torch
from torch import Tensor, nn

from clearhead.errors import ConfigError
from clearhead.model import DecoderOnly, DecoderOnlyConfig, Observed, causal, causal_mask
from clearhead.tracing import operations_of, record
from clearhead.tracing.outline import tensor_shapes
from clearhead.tracing.recompute import recompute

SETTINGS = {
    "post-norm": {},
    "pre-norm": {"norm_placement": "pre", "positions": "learned", "scale_embeddings": False},
    "concatenated": {"positions": "sinusoidal-concatenated"},
    "llama": {"positions": "rotary", "norm": "rms", "norm_placement": "pre", "activation": "swiglu", "bias": False},
    "shared heads": {"positions": "rotary", "kv_heads": 2, "head_width": 6},
    "qwen": {
        "positions": "rotary-halves", "rotary_base": 500.0, "query_key_norm": True, "norm": "rms", "kv_heads": 1,
        "norm_placement": "pre",
    },
    "t5": {"positions": "relative", "relative_buckets": 8, "relative_distance": 6, "scale": 1.0, "activation": "relu2"},
    "bloom": {"positions": "alibi", "embedding_norm": True, "query_key_norm": True, "norm_placement": "pre"},
}  # fmt: skip
every_setting = pytest.mark.parametrize("changes", SETTINGS.values(), ids=SETTINGS)


def small(**changes: object) -> DecoderOnlyConfig:
    sizes = {"vocabulary": 30, "layers": 2, "width": 16, "heads": 4, "inner_width": 24, "max_length": 32}
    return DecoderOnlyConfig(**{**sizes, "dropout": 0.0, **changes})


def model_of(config: DecoderOnlyConfig, dtype: torch.dtype = torch.float64) -> DecoderOnly:
    """A model whose biases and normalisations differ from 0 and 1, so that a forgotten one is noticed."""
    model = DecoderOnly(config, seed=3).to(dtype).eval()
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator, dtype=dtype)
    return model


def begun(model: DecoderOnly, prompts: list[list[int]], filler: int = 0, room: int = 0) -> causal.StackCache:
    longest = max(map(len, prompts)) + room
    rows = torch.tensor([[*one, *[filler] * (longest - len(one))] for one in prompts], dtype=torch.long)
    return model.begin(rows.view(len(prompts), longest), torch.tensor([len(one) for one in prompts]))


def alone(model: DecoderOnly, ids: list[int]) -> Tensor:
    """The logits of what comes after these ids, computed all at once."""
    return model(torch.tensor([ids]))[0, -1]


@every_setting
def test_a_later_token_changes_nothing_before_it(changes: dict[str, object]) -> None:
    model = model_of(small(**changes))
    ids = torch.tensor([[5, 6, 7, 8, 9, 4]])
    other = ids.clone()
    other[:, 4:] = 20
    first, second = model(ids), model(other)
    torch.testing.assert_close(first[:, :4], second[:, :4], rtol=0, atol=1e-12)
    assert not torch.allclose(first[:, 4:], second[:, 4:])


@every_setting
def test_step_by_step_equals_all_at_once_whatever_the_neighbours(changes: dict[str, object]) -> None:
    """Prompts of several lengths, one of them empty, filled up with a real token's id and with room to spare."""
    model = model_of(small(**changes))
    prompts, following = [[5, 6, 7, 8, 9], [], [11, 12]], [[4, 5, 6], [7, 8, 9], [10, 3, 2]]
    cache = begun(model, prompts, filler=13, room=2)
    for place in range(3):
        logits = model.step(torch.tensor([[one[place]] for one in following]), cache)
        for row, (prompt, after) in enumerate(zip(prompts, following, strict=True)):
            expected = alone(model, [*prompt, *after[: place + 1]])
            torch.testing.assert_close(logits[row, 0], expected, rtol=0, atol=1e-12)


@every_setting
def test_nothing_but_empty_prompts(changes: dict[str, object]) -> None:
    model = model_of(small(**changes))
    cache = begun(model, [[], []])
    for token, expected in ((4, [4]), (5, [4, 5])):
        logits = model.step(torch.tensor([[token], [token]]), cache)
        torch.testing.assert_close(logits[1, 0], alone(model, expected), rtol=0, atol=1e-12)


@every_setting
def test_hypotheses_and_sentences_may_be_chosen_between_steps(changes: dict[str, object]) -> None:
    """After a choice every row goes on as its own prompt and tokens would, computed all at once."""
    model = model_of(small(**changes))
    prompts = [[5, 6], [7, 8, 9, 10], [11]]
    cache = begun(model, prompts)
    model.step(torch.tensor([[1], [1], [1]]), cache)
    cache.select(torch.arange(3), torch.zeros(3, 2, dtype=torch.long))
    model.step(torch.tensor([[5, 6], [7, 8], [9, 10]]), cache)
    # Sentence 2 first, its rows exchanged; sentence 0 with its second row twice; the longest is done.
    cache.select(torch.tensor([2, 0]), torch.tensor([[1, 0], [1, 1]]))
    assert cache.longest == 2
    logits = model.step(torch.tensor([[11, 12], [13, 14]]), cache)
    rows = {(0, 0): [11, 1, 10, 11], (0, 1): [11, 1, 9, 12], (1, 0): [5, 6, 1, 6, 13], (1, 1): [5, 6, 1, 6, 14]}
    for (sentence, beam), ids in rows.items():
        torch.testing.assert_close(logits[sentence, beam], alone(model, ids), rtol=0, atol=1e-12)


def test_a_prompt_is_kept_once_for_each_sentence() -> None:
    model = model_of(small())
    cache = begun(model, [[5, 6], [7, 8]])
    cache.select(torch.arange(2), torch.zeros(2, 3, dtype=torch.long))
    model.step(torch.full((2, 3), 4), cache)
    for prompt, past in zip(cache.prompts, cache.pasts, strict=True):
        assert [one.shape[0] for kept in (prompt, past) for one in kept.of_beams(1)] == [2, 2, 6, 6]


@pytest.mark.parametrize("length", [11, 70], ids=["short rows", "long rows"])
@every_setting
def test_documents_that_share_a_row_do_not_see_each_other(changes: dict[str, object], length: int) -> None:
    """Padding before, between and after them; a row of nothing but padding."""
    model = model_of(small(max_length=length, **changes))
    long = torch.randint(3, 30, (length - 4,), generator=torch.Generator().manual_seed(1)).tolist()
    ids, segments = torch.full((3, length), 17), torch.zeros(3, length, dtype=torch.long)
    documents = [(0, 0, 1, long), (0, length - 4, 2, [5, 6]), (1, 3, 1, [7, 8, 9]), (1, 6, 2, [4]), (1, 8, 3, [4, 3])]
    for row, place, number, document in documents:
        ids[row, place : place + len(document)] = torch.tensor(document)
        segments[row, place : place + len(document)] = number
    states = model.hidden_states(ids, segments=segments)
    assert torch.isfinite(states).all()
    for row, place, _, document in documents:
        expected = model.hidden_states(torch.tensor([document]))[0]
        torch.testing.assert_close(states[row, place : place + len(document)], expected, rtol=0, atol=1e-12)


@every_setting
def test_the_same_network_may_see_both_ways(changes: dict[str, object]) -> None:
    """Under a mask that hides nothing it reads a text as an encoder does; in shared rows each document its own."""
    model = model_of(small(**changes))
    ids, segments = torch.tensor([[5, 6, 7, 8, 9]]), torch.tensor([[1, 1, 1, 2, 2]])
    every = torch.ones(1, 1, 5, 5, dtype=torch.bool)
    assert not torch.allclose(model(ids, every)[:, 0], model(ids)[:, 0])
    torch.testing.assert_close(model(ids, causal_mask(5)), model(ids), rtol=0, atol=0)
    states = model.hidden_states(ids, every, segments)
    for part in (slice(0, 3), slice(3, 5)):
        width = part.stop - part.start
        expected = model.hidden_states(ids[:, part], every[..., :width, :width])
        torch.testing.assert_close(states[:, part], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm_placement", ["post", "pre"])
def test_equal_to_torch_s_encoder_under_a_causal_mask(norm_placement: str) -> None:
    """torch has no decoder without a memory; its encoder's layers, masked, are the same."""
    config = small(norm_placement=norm_placement)
    ours = model_of(config)
    layer = nn.TransformerEncoderLayer(
        16, 4, 24, dropout=0.0, batch_first=True, norm_first=norm_placement == "pre", dtype=torch.float64
    )
    final = nn.LayerNorm(16, dtype=torch.float64) if norm_placement == "pre" else None
    theirs = nn.TransformerEncoder(layer, 2, final, enable_nested_tensor=False).eval()
    with torch.no_grad():
        for mine, other in zip(ours.decoder.layers, theirs.layers, strict=True):
            attention = mine.self_attention
            projections = attention.query, attention.key, attention.value
            other.self_attn.in_proj_weight.copy_(torch.cat([one.weight for one in projections]))
            other.self_attn.in_proj_bias.copy_(torch.cat([one.bias for one in projections]))
            pairs = (
                (attention.output, other.self_attn.out_proj), (mine.feed_forward.inner, other.linear1),
                (mine.feed_forward.outer, other.linear2), (mine.self_attention_residual.normalization, other.norm1),
                (mine.feed_forward_residual.normalization, other.norm2),
            )  # fmt: skip
            for own, its in pairs:
                its.load_state_dict(own.state_dict())
        if final is not None:
            theirs.norm.load_state_dict(ours.decoder.normalization.state_dict())
    ids = torch.tensor([[5, 6, 7, 8], [9, 4, 3, 2]])
    expected = theirs(ours.embedding(ids), mask=~causal_mask(4)[0, 0])
    torch.testing.assert_close(ours.hidden_states(ids), expected, rtol=0, atol=1e-10)
    torch.testing.assert_close(ours(ids), expected @ ours.output.matrix.weight.T, rtol=0, atol=1e-10)


@every_setting
def test_a_watched_run_is_a_run_gradients_included(changes: dict[str, object]) -> None:
    """Watched, attention is the equation written out; otherwise whatever is fast."""
    model, ids = model_of(small(**changes)), torch.tensor([[5, 6, 7, 8, 9, 4], [3, 4, 5, 6, 7, 8]])
    results = []
    for observer in (None, lambda name, tensor: tensor):
        for module in model.modules():
            if isinstance(module, Observed):
                module.observer = observer
        states = model.hidden_states(ids)
        results.append((states, *torch.autograd.grad(states.square().sum(), list(model.parameters()))))
    for fused, explicit in zip(*results, strict=True):
        torch.testing.assert_close(fused, explicit, rtol=1e-9, atol=1e-9)


@every_setting
def test_it_tells_its_operations_in_reading_order(changes: dict[str, object]) -> None:
    """Each made of what came before, and each done again from what was recorded."""
    config = small(**changes)
    model, before = model_of(config, torch.float32), {"embedding.ids", "mask"}
    tensors, parameters = record(model, (5, 6, 7, 8, 9)), dict(model.named_parameters(remove_duplicate=False))
    assert {name: tuple(one.shape) for name, one in tensors.items()} == tensor_shapes(config, 5)
    before |= tensors.keys() & {"decoder.buckets", "decoder.distances", "decoder.slopes"}
    operations = operations_of(config)
    assert operations[0].name == "embedding.tokens"
    assert operations[-1].name == "output.probabilities"
    for one in operations:
        assert set(one.inputs) <= before, one
        value, magnitude = recompute(one, tensors, parameters)
        assert value.shape == tensors[one.name].shape, one
        difference = (value - tensors[one.name]).nan_to_num(0.0, 0.0, 0.0).abs()
        assert (difference <= 1e-5 * magnitude.nan_to_num(0.0, 0.0, 0.0).clamp(min=1e-30)).all(), one
        before.add(one.name)


@pytest.mark.parametrize(("share", "matrices"), [(True, 1), (False, 2)])
def test_the_output_s_matrix_is_shared_as_asked(share: bool, matrices: int) -> None:
    model = DecoderOnly(small(share_embeddings=share))
    assert len({model.embedding.matrix.weight, model.output.matrix.weight}) == matrices


def test_the_same_seed_gives_the_same_model() -> None:
    weights = [torch.cat([one.flatten() for one in DecoderOnly(small(), seed).parameters()]) for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("prompts", "lengths", "message"),
    [
        (torch.zeros(2, 3), torch.tensor([3, 3]), "prompts is float32 of shape .*; give whole numbers"),
        (torch.zeros(2, 3, dtype=torch.long), torch.tensor([3]), "lengths is int64 of shape .*; give a whole number"),
        (torch.zeros(2, 3, dtype=torch.long), torch.tensor([4, 3]), "a prompt has length 4, but its row has 3 ids"),
        (torch.zeros(2, 3, dtype=torch.long), torch.tensor([3, -1]), "a prompt has length -1, but its row has 3 ids"),
        (torch.zeros(1, 33, dtype=torch.long), torch.tensor([33]), "a sequence of 33 tokens is longer than .*32"),
    ],
)
def test_prompts_that_cannot_be_are_refused_in_one_line(prompts: Tensor, lengths: Tensor, message: str) -> None:
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message) as error:
            model_of(small()).begin(prompts, lengths)
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert "\n" not in str(error.value)


@every_setting
def test_there_is_room_for_max_length_tokens_and_no_more(changes: dict[str, object]) -> None:
    """The shorter prompt goes on once the longer one has no room left."""
    model = model_of(small(**changes, max_length=4))
    cache = begun(model, [[5, 6, 7], [8, 9]])
    model.step(torch.tensor([[4], [3]]), cache)
    with pytest.raises(ConfigError, match="a sequence of 5 tokens is longer than the model's max_length=4"):
        model.step(torch.tensor([[4], [3]]), cache)
    cache.select(torch.tensor([1]), torch.tensor([[0]]))
    torch.testing.assert_close(model.step(torch.tensor([[6]]), cache)[0, 0], alone(model, [8, 9, 3, 6]))


def test_rotary_neighbours_are_rotary_halves_of_rows_in_another_order() -> None:
    """Numbers 0, 2, 4, … of each head first, and then 1, 3, 5, …: so Llama's files differ from the paper's layout."""
    neighbours = model_of(small(positions="rotary", kv_heads=2))
    halves = model_of(small(positions="rotary-halves", kv_heads=2))
    halves.load_state_dict(neighbours.state_dict())
    order = torch.arange(4).view(-1, 2).T.flatten()
    for layer in halves.decoder.layers:
        for part, heads in ((layer.self_attention.query, 4), (layer.self_attention.key, 2)):
            rows = (torch.arange(heads)[:, None] * 4 + order).flatten()
            part.load_state_dict({name: one[rows] for name, one in part.state_dict().items()})
    ids = torch.tensor([[5, 6, 7, 8, 9, 4]])
    torch.testing.assert_close(halves(ids), neighbours(ids), rtol=0, atol=1e-12)


def test_it_reads_top_down_in_a_page() -> None:
    assert len(inspect.getsource(causal).splitlines()) < 120
