"""BERT: equal to transformers', published sizes, indifferent to padding and neighbours, only the places asked for."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from clearhead.errors import ConfigError
from clearhead.model import EncoderOnly, EncoderOnlyConfig, padding_mask
from clearhead.model.positions import Positions

Pairs = list[tuple[nn.Parameter, nn.Parameter]]
BERT: dict[str, Any] = {
    "positions": "learned", "activation": "gelu", "eps": 1e-12, "scale_embeddings": False, "embedding_norm": True,
    "segments": 2,
}  # fmt: skip


def small(**changes: Any) -> EncoderOnlyConfig:
    sizes = {"width": 16, "heads": 4, "inner_width": 24, "layers": 3, "max_length": 32, "dropout": 0.0}
    return EncoderOnlyConfig(**{"vocabulary": 30, **sizes, **changes})


def model_of(config: EncoderOnlyConfig, dtype: torch.dtype = torch.float32) -> EncoderOnly:
    """A model whose biases and normalisations differ from 0 and 1, so that a forgotten one is noticed."""
    model = EncoderOnly(config, seed=3).to(dtype).eval()
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator, dtype=dtype)
    return model


def texts() -> tuple[Tensor, Tensor]:
    """Three of different lengths, padded with 0, and which sentence of a pair each token is of."""
    ids = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 4, 2, 0, 0, 0], [11, 12, 13, 2, 0, 0]])
    return ids, torch.tensor([[0, 0, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0]])


class TestTransformers:
    """Ours with transformers' weights gives what transformers gives, and so do the gradients."""

    KINDS = ("bert", "megatron")

    def theirs(self, kind: str, head: str, **changes: Any) -> nn.Module:
        """A small BERT, post-norm, or Megatron-BERT, pre-norm and without a norm after the embedding."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of its own imports.
            import transformers
        name = {"bert": "Bert", "megatron": "MegatronBert"}[kind]
        config = getattr(transformers, f"{name}Config")(
            vocab_size=30, hidden_size=16, num_hidden_layers=3, num_attention_heads=4, intermediate_size=24,
            max_position_embeddings=32, type_vocab_size=2, hidden_act="gelu", hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, layer_norm_eps=1e-12, pad_token_id=None, attn_implementation="eager",
            **changes,
        )  # fmt: skip
        torch.manual_seed(5)
        model: nn.Module = getattr(transformers, f"{name}{head}")(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn(parameter.shape)
        return model

    def ours(self, kind: str, **changes: Any) -> EncoderOnly:
        placement = {} if kind == "bert" else {"norm_placement": "pre", "embedding_norm": False}
        return EncoderOnly(small(**{**BERT, **placement, **changes})).eval()

    @staticmethod
    def same(mine: nn.Module, other: nn.Module) -> Pairs:
        return [(mine.weight, other.weight), (mine.bias, other.bias)]  # type: ignore[list-item]

    def stack(self, kind: str, ours: EncoderOnly, base: Any) -> Iterator[tuple[nn.Parameter, nn.Parameter]]:
        table = ours.embedding.positions
        assert isinstance(table, Positions)
        yield ours.embedding.matrix.weight, base.embeddings.word_embeddings.weight
        yield ours.embedding.segments.weight, base.embeddings.token_type_embeddings.weight
        yield table.table, base.embeddings.position_embeddings.weight
        if kind == "bert":
            yield from self.same(ours.embedding.normalization, base.embeddings.LayerNorm)
        else:
            yield from self.same(ours.encoder.normalization, base.encoder.ln)
        for mine, other in zip(ours.encoder.layers, base.encoder.layer, strict=True):
            attention = other.attention
            for name in ("query", "key", "value"):
                yield from self.same(getattr(mine.self_attention, name), getattr(attention.self, name))
            yield from self.same(mine.self_attention.output, attention.output.dense)
            yield from self.same(mine.feed_forward.inner, other.intermediate.dense)
            yield from self.same(mine.feed_forward.outer, other.output.dense)
            norms = (attention.output.LayerNorm, other.output.LayerNorm) if kind == "bert" else (attention.ln, other.ln)
            yield from self.same(mine.self_attention_residual.normalization, norms[0])
            yield from self.same(mine.feed_forward_residual.normalization, norms[1])

    def masked_head(self, ours: EncoderOnly, predictions: Any) -> Iterator[tuple[nn.Parameter, nn.Parameter]]:
        yield from self.same(ours.transform.dense, predictions.transform.dense)
        yield from self.same(ours.transform.normalization, predictions.transform.LayerNorm)
        yield ours.output.bias, predictions.decoder.bias

    def hold_equal(self, pairs: Pairs, ours: Tensor, theirs: Tensor) -> None:
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
        upstream = torch.randn(ours.shape, generator=torch.Generator().manual_seed(2))
        mine = torch.autograd.grad(ours, [one for one, _ in pairs], upstream, retain_graph=True)
        other = torch.autograd.grad(theirs, [one for _, one in pairs], upstream, retain_graph=True)
        for one, another in zip(mine, other, strict=True):
            torch.testing.assert_close(one, another, rtol=1e-5, atol=1e-5)

    def copied(self, ours: EncoderOnly, pairs: Pairs) -> Pairs:
        """All of our parameters are among them."""
        assert {id(one) for one, _ in pairs} == {id(one) for one in ours.parameters()}
        with torch.no_grad():
            for mine, other in pairs:
                mine.copy_(other)
        return pairs

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_vectors_and_the_pooled_one(self, kind: str) -> None:
        theirs, ours = self.theirs(kind, "Model"), self.ours(kind, masked_head="none", pooler=True)
        assert ours.pooler is not None
        pooler = self.same(ours.pooler.dense, theirs.pooler.dense)
        pairs = self.copied(ours, [*self.stack(kind, ours, theirs), *pooler])
        ids, kinds = texts()
        mask = padding_mask(ids, 0)
        found = theirs(input_ids=ids, attention_mask=(ids != 0).long(), token_type_ids=kinds)
        states = ours.hidden_states(ids, mask, kinds)
        self.hold_equal(pairs[: -len(pooler)], states, found.last_hidden_state)
        pooled = ours(ids, mask, kinds).pooled
        self.hold_equal(pairs, pooled, found.pooler_output)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_masked_head(self, kind: str) -> None:
        theirs, ours = self.theirs(kind, "ForMaskedLM"), self.ours(kind)
        base = theirs.bert
        pairs = self.copied(ours, [*self.stack(kind, ours, base), *self.masked_head(ours, theirs.cls.predictions)])
        ids, kinds = texts()
        found = theirs(input_ids=ids, attention_mask=(ids != 0).long(), token_type_ids=kinds).logits
        mask = padding_mask(ids, 0)
        self.hold_equal(pairs, ours(ids, mask, kinds).logits, found)
        places = torch.tensor([1, 6, 15])
        chosen = ours.masked_logits(ours.hidden_states(ids, mask, kinds), places)
        torch.testing.assert_close(chosen, found.flatten(0, 1)[places], rtol=0, atol=1e-5)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_classification_head(self, kind: str) -> None:
        theirs = self.theirs(kind, "ForSequenceClassification", num_labels=4)
        ours = self.ours(kind, masked_head="none", pooler=True, classes=4)
        assert ours.pooler is not None
        assert ours.classifier is not None
        heads = [
            *self.same(ours.pooler.dense, theirs.bert.pooler.dense),
            *self.same(ours.classifier.output, theirs.classifier),
        ]
        pairs = self.copied(ours, [*self.stack(kind, ours, theirs.bert), *heads])
        ids, kinds = texts()
        mask = padding_mask(ids, 0)
        found = theirs(input_ids=ids, attention_mask=(ids != 0).long(), token_type_ids=kinds).logits
        self.hold_equal(pairs, ours.class_logits(ours.hidden_states(ids, mask, kinds), mask), found)
        torch.testing.assert_close(ours(ids, mask, kinds).classes, found, rtol=0, atol=1e-5)


POSITIONS = ["sinusoidal", "learned", "rotary", "rotary-halves", "relative", "alibi"]
CHOICES = [{"norm_placement": "post"}, {"norm_placement": "pre", "norm": "rms", "query_key_norm": True}, BERT]


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("choices", CHOICES)
@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_padding_and_neighbours_change_nothing(choices: dict[str, Any], positions: str, pooling: str) -> None:
    """Whatever stands in the padding's places."""
    config = small(**{**choices, "positions": positions, "pooling": pooling, "pooler": True, "classes": 4})
    model = model_of(config, torch.float64)
    ids, kinds = texts()
    kinds = kinds if config.segments else None
    mask = padding_mask(ids, 0)
    together = model(torch.where(ids == 0, 17, ids), mask, kinds)
    for row, length in enumerate([6, 3, 4]):
        alone = model(ids[row : row + 1, :length], None, None if kinds is None else kinds[row : row + 1, :length])
        torch.testing.assert_close(together.logits[row, :length], alone.logits[0], rtol=0, atol=1e-12)
        torch.testing.assert_close(together.pooled[row], alone.pooled[0], rtol=0, atol=1e-12)
        torch.testing.assert_close(together.classes[row], alone.classes[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("length", [11, 70], ids=["short rows", "long rows"])
def test_a_text_in_a_shared_row_is_as_in_one_of_its_own(positions: str, length: int) -> None:
    model = model_of(small(positions=positions, max_length=length, segments=2), torch.float64)
    generator = torch.Generator().manual_seed(1)
    ids, kinds = torch.randint(3, 30, (2, length), generator=generator), torch.randint(0, 2, (2, length))
    segments = torch.ones_like(ids)
    segments[0, 4:7], segments[0, 7:], segments[1, length - 2 :] = 2, 3, 0
    states = model.hidden_states(ids, kinds=kinds, segments=segments)
    assert torch.isfinite(states).all()
    for row, places in ((0, slice(0, 4)), (0, slice(4, 7)), (0, slice(7, length)), (1, slice(0, length - 2))):
        alone = model.hidden_states(ids[row : row + 1, places], kinds=kinds[row : row + 1, places])
        torch.testing.assert_close(states[row, places], alone[0], rtol=0, atol=1e-12)


def test_every_place_sees_the_whole_text() -> None:
    """What makes it an encoder: the last token changes the first place's vector, and the first the last one's."""
    model = model_of(small())
    ids, _ = texts()
    for place in (0, 5):
        changed = ids[:1].clone()
        changed[0, place] = 20
        difference = (model.hidden_states(ids[:1]) - model.hidden_states(changed)).abs().amax(-1)
        assert (difference > 1e-3).all()


def test_kinds_that_are_not_given_are_the_first() -> None:
    model = model_of(small(segments=2))
    ids, kinds = texts()
    torch.testing.assert_close(model(ids).logits, model(ids, None, torch.zeros_like(ids)).logits, rtol=0, atol=0)
    assert not torch.allclose(model(ids).logits, model(ids, None, kinds).logits, atol=1e-3)


def test_a_head_says_only_what_it_is_for() -> None:
    ids, _ = texts()
    encoder = EncoderOnly(small(masked_head="none"))
    assert encoder(ids) == (None, None, None)
    with pytest.raises(ConfigError, match="masked_head=none leaves nothing to fill a place with"):
        encoder.masked_logits(encoder.hidden_states(ids))
    with pytest.raises(ConfigError, match="classes=0 leaves nothing to choose from"):
        encoder.class_logits(encoder.hidden_states(ids))
    both = EncoderOnly(small(pooler=True))(ids)
    assert (both.logits.shape, both.pooled.shape, both.classes) == ((3, 6, 30), (3, 16), None)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("share", "matrices"), [(True, 1), (False, 2)])
def test_the_masked_head_without_a_transform_is_the_matrix(share: bool, matrices: int, bias: bool) -> None:
    """As in cramming (Geiping and Goldstein 2023)."""
    model = model_of(small(masked_head="plain", share_embeddings=share, bias=bias), torch.float64)
    assert len({id(model.embedding.matrix.weight), id(model.output.matrix.weight)}) == matrices
    ids, _ = texts()
    expected = model.hidden_states(ids) @ model.output.matrix.weight.T
    if bias:
        expected = expected + model.output.bias
    assert (model.output.bias is not None) == bias
    torch.testing.assert_close(model(ids).logits, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("choices", CHOICES)
def test_every_parameter_has_a_finite_gradient(choices: dict[str, Any]) -> None:
    model = EncoderOnly(small(**choices, pooler=True, classes=3, pooling="mean")).train()
    ids, _ = texts()
    found = model(ids, padding_mask(ids, 0), torch.zeros_like(ids) if "segments" in choices else None)
    (found.logits.logsumexp(-1).sum() + found.classes.logsumexp(-1).sum()).backward()
    for name, parameter in model.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (torch.full((1, 3), 2), "kind 2 is outside of the model's segments, 0 to 1"),
        (torch.zeros(1, 2, dtype=torch.long), r"kinds is int64 of shape \(1, 2\) but ids has shape \(1, 3\)"),
        (torch.zeros(1, 3), "kinds is float32"),
    ],
)
def test_kinds_that_do_not_fit_are_refused_in_one_line(kinds: Tensor, message: str, signatures_unchecked: None) -> None:
    model = EncoderOnly(small(segments=2))
    with pytest.raises(ConfigError, match=message) as refused:
        model(torch.tensor([[5, 6, 2]]), None, kinds)
    assert "\n" not in str(refused.value)


def test_kinds_for_a_model_without_are_refused() -> None:
    with pytest.raises(ConfigError, match="kinds are given, but the model has segments=0"):
        EncoderOnly(small())(torch.tensor([[5, 6]]), None, torch.tensor([[0, 1]]))


def test_a_mean_needs_to_know_which_tokens_are_real() -> None:
    model = EncoderOnly(small(classes=2, pooling="mean"))
    ids = torch.tensor([[5, 6]])
    with pytest.raises(ConfigError, match=r"mask differs from place to place \(\(1, 1, 2, 2\)\)"):
        model(ids, torch.ones(1, 1, 2, 2, dtype=torch.bool))


@pytest.mark.parametrize("place", [6, -1])
def test_a_place_that_is_not_there_is_refused_in_one_line(place: int) -> None:
    model = EncoderOnly(small())
    states = model.hidden_states(torch.tensor([[5, 6, 2], [7, 8, 2]]))
    with pytest.raises(
        ConfigError, match=f"place {place} is outside of the batch, which has 0 to 5; place p"
    ) as refused:
        model.masked_logits(states, torch.tensor([1, place]))
    assert "\n" not in str(refused.value)


def test_the_same_seed_gives_the_same_model() -> None:
    weights = [torch.cat([p.flatten() for p in EncoderOnly(small(), seed=seed).parameters()]) for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
