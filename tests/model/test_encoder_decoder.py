"""The whole model: equal to torch.nn.Transformer, causal, indifferent to padding, the same step by step."""

from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from clearhead.errors import ConfigError
from clearhead.model import EncoderDecoder, Segments, TransformerConfig, masks_for
from clearhead.model.attention import Attention
from clearhead.model.config import PositionKind

POSITIONS = list(get_args(PositionKind))


def small(**changes: object) -> TransformerConfig:
    sizes = {"width": 16, "heads": 4, "inner_width": 24, "encoder_layers": 2, "decoder_layers": 3, "max_length": 32}
    values = {"source_vocabulary": 30, "target_vocabulary": 30, "dropout": 0.0, **sizes, **changes}
    return TransformerConfig(**values)


def model_of(config: TransformerConfig, dtype: torch.dtype = torch.float32) -> EncoderDecoder:
    """A model whose biases and normalisations differ from 0 and 1, so that a forgotten one is noticed."""
    model = EncoderDecoder(config, seed=3).to(dtype).eval()
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator, dtype=dtype)
    return model


def sentences() -> tuple[Tensor, Tensor]:
    source = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 4, 2, 0, 0, 0], [11, 12, 13, 2, 0, 0]])
    target = torch.tensor([[1, 5, 6, 7], [1, 8, 0, 0], [1, 9, 10, 0]])
    return source, target


def torch_transformer(config: TransformerConfig) -> nn.Transformer:
    """torch's stacks in the same arrangement: the paper's post-norm has no normalisation after the last layer."""
    pre = config.norm_placement == "pre"
    layer = {
        "dropout": 0.0, "batch_first": True, "norm_first": pre, "activation": config.activation,
        "layer_norm_eps": config.eps, "bias": config.bias,
    }  # fmt: skip
    sizes = (config.width, config.heads, config.inner_width)
    final = [nn.LayerNorm(config.width, config.eps, bias=config.bias) if pre else None for _ in range(2)]
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(*sizes, **layer), config.encoder_layers, final[0], enable_nested_tensor=False
    )
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(*sizes, **layer), config.decoder_layers, final[1])
    return nn.Transformer(*sizes[:2], custom_encoder=encoder, custom_decoder=decoder, batch_first=True)


def copied_pairs(ours: EncoderDecoder, theirs: nn.Transformer) -> list[tuple[list[Tensor], Tensor]]:
    """Which of our parameters, one below the other, are which of theirs."""

    def attention(mine: Attention, other: nn.MultiheadAttention) -> list[tuple[list[Tensor], Tensor]]:
        projections = (mine.query, mine.key, mine.value)
        weights, biases = [one.weight for one in projections], [one.bias for one in projections]
        return [
            (weights, other.in_proj_weight),
            *([(biases, other.in_proj_bias)] if ours.config.bias else []),
            *linear(mine.output, other.out_proj),
        ]

    def linear(mine: nn.Module, other: nn.Module) -> list[tuple[list[Tensor], Tensor]]:
        assert (mine.bias is None) == (other.bias is None)
        return [([mine.weight], other.weight), *([([mine.bias], other.bias)] if mine.bias is not None else [])]

    pairs = []
    for mine, other in zip(ours.encoder.layers, theirs.encoder.layers, strict=True):
        pairs += attention(mine.self_attention, other.self_attn)
        pairs += linear(mine.feed_forward.inner, other.linear1) + linear(mine.feed_forward.outer, other.linear2)
        pairs += linear(mine.self_attention_residual.normalization, other.norm1)
        pairs += linear(mine.feed_forward_residual.normalization, other.norm2)
    for mine, other in zip(ours.decoder.layers, theirs.decoder.layers, strict=True):
        pairs += attention(mine.self_attention, other.self_attn) + attention(mine.cross_attention, other.multihead_attn)
        pairs += linear(mine.feed_forward.inner, other.linear1) + linear(mine.feed_forward.outer, other.linear2)
        pairs += linear(mine.self_attention_residual.normalization, other.norm1)
        pairs += linear(mine.cross_attention_residual.normalization, other.norm2)
        pairs += linear(mine.feed_forward_residual.normalization, other.norm3)
    if theirs.encoder.norm is not None:
        pairs += linear(ours.encoder.normalization, theirs.encoder.norm)
        pairs += linear(ours.decoder.normalization, theirs.decoder.norm)
    return pairs


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_placement", ["post", "pre"])
@pytest.mark.parametrize(("bias", "eps"), [(True, 1e-5), (False, 1e-5), (True, 0.1), (False, 0.1)])
def test_equal_to_torch_s_transformer_forward_and_backward(
    norm_placement: str, activation: str, bias: bool, eps: float
) -> None:
    config = small(norm_placement=norm_placement, activation=activation, bias=bias, eps=eps)
    ours, theirs = model_of(config), torch_transformer(config)
    pairs = copied_pairs(ours, theirs)
    with torch.no_grad():
        for mine, other in pairs:
            other.copy_(torch.cat(mine))
    source, target = sentences()
    masks = masks_for(source, target, 0)
    embedded_source, embedded_target = ours.source_embedding(source), ours.target_embedding(target)
    result = ours.decoder(embedded_target, ours.encoder(embedded_source, masks.source), masks)
    # Where clearhead says "may attend", torch's argument says "may not".
    expected = theirs(
        embedded_source,
        embedded_target,
        tgt_mask=~masks.target[0, 0],
        src_key_padding_mask=source == 0,
        memory_key_padding_mask=source == 0,
    )
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-5)
    upstream = torch.randn(result.shape, generator=torch.Generator().manual_seed(2))
    our_parameters = [parameter for mine, _ in pairs for parameter in mine]
    our_gradients = iter(torch.autograd.grad(result, our_parameters, upstream, retain_graph=True))
    their_gradients = torch.autograd.grad(expected, [other for _, other in pairs], upstream)
    for (mine, _), gradient in zip(pairs, their_gradients, strict=True):
        stacked = torch.cat([next(our_gradients) for _ in mine])
        torch.testing.assert_close(stacked, gradient, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm_placement", ["post", "pre"])
@pytest.mark.parametrize("has_norms", [False, True], ids=["plain", "with more norms"])
def test_step_by_step_equals_all_at_once(positions: str, norm_placement: str, has_norms: bool) -> None:
    norms = {"query_key_norm": has_norms, "embedding_norm": has_norms}
    sizes = {"relative_buckets": 4, "relative_distance": 3}
    model = model_of(small(positions=positions, norm_placement=norm_placement, **norms, **sizes), torch.float64)
    source, _ = sentences()
    target = torch.tensor([[1, 5, 6, 7], [1, 8, 9, 4], [1, 9, 10, 3]])
    masks = masks_for(source, target, 0)
    expected = model(source, target, masks)
    cache = model.begin(model.encode(source, masks.source), masks.source)
    for position in range(target.shape[1]):
        logits = model.step(target[:, position : position + 1], cache)
        torch.testing.assert_close(logits[:, 0], expected[:, position], rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", POSITIONS)
def test_hypotheses_and_sentences_may_be_chosen_between_steps(positions: str) -> None:
    """After a choice every row goes on as its own prefix would, computed all at once."""
    model = model_of(small(positions=positions), torch.float64)
    source, _ = sentences()
    masks = masks_for(source, source, 0)
    cache = model.begin(model.encode(source, masks.source), masks.source, beams=2)
    model.step(torch.tensor([[1, 1], [1, 1], [1, 1]]), cache)
    model.step(torch.tensor([[5, 6], [7, 8], [9, 10]]), cache)
    # Sentence 2 first, its rows exchanged; sentence 0 with its second row twice; sentence 1 is done.
    cache.select(torch.tensor([2, 0]), torch.tensor([[1, 0], [1, 1]]))
    logits = model.step(torch.tensor([[11, 12], [13, 14]]), cache)
    rows = {(0, 0): (2, [1, 10, 11]), (0, 1): (2, [1, 9, 12]), (1, 0): (0, [1, 6, 13]), (1, 1): (0, [1, 6, 14])}
    for (place, beam), (sentence, prefix) in rows.items():
        alone, before = source[sentence : sentence + 1], torch.tensor([prefix])
        expected = model(alone, before, masks_for(alone, before, 0))[0, -1]
        torch.testing.assert_close(logits[place, beam], expected, rtol=0, atol=1e-12)


def test_a_later_target_token_changes_nothing_before_it() -> None:
    """Section 3.1: predictions for position i depend only on the known outputs before i."""
    model = model_of(small(), torch.float64)
    source, target = sentences()
    changed = target.clone()
    changed[:, 2:] = 20
    first, second = (model(source, one, masks_for(source, one, 0)) for one in (target, changed))
    torch.testing.assert_close(first[:, :2], second[:, :2], rtol=0, atol=0)


@pytest.mark.parametrize("positions", POSITIONS)
def test_padding_and_neighbours_change_nothing(positions: str) -> None:
    model = model_of(small(positions=positions), torch.float64)
    source, target = sentences()
    together = model(source, target, masks_for(source, target, 0))
    for row, (source_length, target_length) in enumerate([(6, 4), (3, 2), (4, 3)]):
        alone = model(source[row : row + 1, :source_length], target[row : row + 1, :target_length])
        torch.testing.assert_close(together[row, :target_length], alone[0], rtol=0, atol=1e-12)


def test_padding_is_whichever_id_the_masks_are_made_with() -> None:
    """Ids 0 and 17 change places, in the sentences and in the matrices: the numbers are the same."""
    model = model_of(small(share_embeddings="none"), torch.float64)
    places = torch.arange(30)
    places[[0, 17]] = places[[17, 0]]
    source, target = sentences()
    source[0, 2] = target[0, 2] = 17
    expected = model(source, target, masks_for(source, target, 0))
    with torch.no_grad():
        for part in (model.source_embedding, model.target_embedding, model.output):
            part.matrix.weight.copy_(part.matrix.weight[places])
    found = model(places[source], places[target], masks_for(places[source], places[target], 17))
    torch.testing.assert_close(found[..., places], expected, rtol=0, atol=0)


def test_without_masks_no_id_is_padding() -> None:
    model = model_of(small())
    source, target = sentences()
    expected = model(source, target, masks_for(source, target, padding=29))
    torch.testing.assert_close(model(source, target), expected, rtol=0, atol=0)
    assert not torch.allclose(model(source, target, masks_for(source, target, 0)), expected, atol=1e-3)


def packed(rows: list[list[list[int]]], length: int) -> tuple[Tensor, Tensor]:
    """Each row's sentences one after the other, padded to `length`, and which of them each place belongs to."""
    ids, segments = torch.zeros(2, len(rows), length, dtype=torch.long)
    for row, sentences in enumerate(rows):
        place = 0
        for number, sentence in enumerate(sentences, start=1):
            end = place + len(sentence)
            ids[row, place:end], segments[row, place:end] = torch.tensor(sentence), number
            place = end
    return ids, segments


@pytest.mark.parametrize("length", [11, 70], ids=["short rows", "long rows"])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm_placement", ["post", "pre"])
def test_a_pair_in_a_shared_row_is_as_in_one_of_its_own(norm_placement: str, positions: str, length: int) -> None:
    """Rows whose source is full, whose target is full, of one pair, and of none; CPU attention has two ways."""
    more = {"query_key_norm": True, "embedding_norm": True} if norm_placement == "pre" else {}
    config = small(positions=positions, norm_placement=norm_placement, max_length=length, **more)
    model = model_of(config, torch.float64)
    long = torch.randint(3, 30, (length,), generator=torch.Generator().manual_seed(1)).tolist()
    pairs = [
        [(long[: length - 4], [1, 5]), ([9, 4, 2, 7], [1, 8, 9])],
        [([5, 2], long[: length - 3]), ([6, 7, 2], [1, 6, 8])],
        [([11, 12, 13, 2], [1, 9, 10, 3, 4])],
        [],
    ]
    source, source_segments = packed([[one for one, _ in row] for row in pairs], length)
    target, target_segments = packed([[other for _, other in row] for row in pairs], length)
    states = model.hidden_states(source, target, segments=Segments(source_segments, target_segments))
    assert torch.isfinite(states).all()
    for row, number, source_ids, target_ids in (
        (row, number, *pair) for row, sentences in enumerate(pairs) for number, pair in enumerate(sentences, start=1)
    ):
        alone = model.hidden_states(torch.tensor([source_ids]), torch.tensor([target_ids]))[0]
        torch.testing.assert_close(states[row][target_segments[row] == number], alone, rtol=0, atol=1e-12)


def test_without_positions_words_could_be_shuffled_and_with_them_they_cannot() -> None:
    """Section 3.5: the model contains no recurrence, so order must come from the positions."""
    model = model_of(small(), torch.float64)
    source, shuffled = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[8, 7, 6, 5]])
    everything = torch.ones(1, 1, 1, 4, dtype=torch.bool)
    memories = model.encode(source, everything), model.encode(shuffled, everything).flip(1)
    assert (memories[0] - memories[1]).abs().max() > 1e-3
    with torch.no_grad():
        model.source_embedding.positions.table.zero_()
    memories = model.encode(source, everything), model.encode(shuffled, everything).flip(1)
    torch.testing.assert_close(*memories, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("share", "matrices"), [("all", 1), ("target", 2), ("none", 3)], ids=["three ways", "two ways", "not at all"]
)
def test_embeddings_are_shared_as_asked(share: str, matrices: int) -> None:
    """Section 3.4. With 30 × 16 numbers a matrix, the parameter counts differ by just that."""
    model = EncoderDecoder(small(share_embeddings=share))
    weights = {model.source_embedding.matrix.weight, model.target_embedding.matrix.weight, model.output.matrix.weight}
    assert len(weights) == matrices
    others = sum(p.numel() for p in EncoderDecoder(small()).parameters()) - 30 * 16
    assert sum(parameter.numel() for parameter in model.parameters()) == others + matrices * 30 * 16


@pytest.mark.parametrize("norm", ["layer", "rms"])
@pytest.mark.parametrize("activation", ["gelu-tanh", "silu", "relu2", "swiglu"])
def test_every_choice_gives_finite_logits_and_gradients(norm: str, activation: str) -> None:
    model = EncoderDecoder(small(norm=norm, activation=activation, dropout=0.2)).train()
    source, target = sentences()
    model(source, target).logsumexp(-1).sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_the_same_seed_gives_the_same_model() -> None:
    weights = [torch.cat([p.flatten() for p in EncoderDecoder(small(), seed=seed).parameters()]) for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_too_long_a_sentence_is_refused_in_one_line() -> None:
    model = EncoderDecoder(small(max_length=4))
    with pytest.raises(ConfigError, match="5 tokens is longer than the model's max_length=4") as error:
        model(torch.full((1, 5), 3), torch.full((1, 2), 3))
    assert "\n" not in str(error.value)
