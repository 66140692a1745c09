"""Whole models of `transformers` with our weights: the same numbers and gradients, so that each block is theirs."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from clearhead.model import (
    DecoderOnly,
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnly,
    TransformerConfig,
    bert_tiny,
    gpt2_small,
    llama_tiny,
    masks_for,
)
from clearhead.runtimes.preparing import compiled

Function = Callable[[Tensor], Tensor]
# Parameters of ours, one below the other, the one of theirs that they are, and how that is laid out.
Pairs = list[tuple[list[Tensor], Tensor, Function]]
IDS = torch.tensor([[5, 6, 7, 8, 9, 4, 11, 12], [3, 4, 5, 6, 7, 8, 29, 0]])
SIZES: dict[str, Any] = {"width": 16, "heads": 4, "inner_width": 24, "max_length": 32, "dropout": 0.0}


def randomized(model: Any) -> Any:
    """Biases and normalisations differ from 0 and 1, so that a forgotten one is noticed."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model.double().eval()


def same(values: Tensor) -> Tensor:
    return values


def both(own: nn.Module, its: nn.Module, layout: Function = same) -> Pairs:
    names = [name for name in ("weight", "bias") if getattr(own, name, None) is not None]
    return [([getattr(own, name)], getattr(its, name), layout) for name in names]


def agree(theirs: nn.Module, pairs: Pairs, ours: Function, its: Function) -> None:
    """What both compute of the same ids and its gradients, once the second has all the weights of the first."""
    with torch.no_grad():
        for own, other, layout in pairs:
            other.copy_(layout(torch.cat(own)))
    assert {id(other) for _, other, _ in pairs} == {id(one) for one in theirs.parameters()}
    found, expected = ours(IDS), its(IDS)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    upstream = torch.randn(found.shape, generator=torch.Generator().manual_seed(2), dtype=found.dtype)
    own_gradients = iter(torch.autograd.grad(found, [one for own, _, _ in pairs for one in own], upstream))
    its_gradients = torch.autograd.grad(expected, [other for _, other, _ in pairs], upstream)
    for (own, _, layout), gradient in zip(pairs, its_gradients, strict=True):
        stacked = torch.cat([next(own_gradients) for _ in own])
        torch.testing.assert_close(layout(stacked), gradient, rtol=1e-5, atol=1e-5)


def test_equal_to_gpt2_of_transformers_forward_and_backward() -> None:
    """Its linear layers are Conv1D, whose weights are (inputs, outputs); query, key and value are one of them."""
    from transformers import GPT2Config, GPT2LMHeadModel

    ours = randomized(DecoderOnly(dataclasses.replace(gpt2_small(30), layers=2, **SIZES)))
    its = GPT2Config(
        vocab_size=30, n_layer=2, n_embd=16, n_head=4, n_inner=24, n_positions=32, attn_implementation="eager"
    )
    theirs = GPT2LMHeadModel(its).double().eval()
    body = theirs.transformer
    pairs = [*both(ours.embedding.matrix, body.wte), ([ours.embedding.positions.table], body.wpe.weight, same)]
    for own, other in zip(ours.decoder.layers, body.h, strict=True):
        attention, feed = own.self_attention, own.feed_forward
        for name in ("weight", "bias"):
            joined = [getattr(one, name) for one in (attention.query, attention.key, attention.value)]
            pairs.append((joined, getattr(other.attn.c_attn, name), torch.t))
        pairs += both(attention.output, other.attn.c_proj, torch.t)
        pairs += both(own.self_attention_residual.normalization, other.ln_1)
        pairs += both(own.feed_forward_residual.normalization, other.ln_2)
        pairs += both(feed.inner, other.mlp.c_fc, torch.t) + both(feed.outer, other.mlp.c_proj, torch.t)
    pairs += both(ours.decoder.normalization, body.ln_f)
    agree(theirs, pairs, ours, lambda ids: theirs(ids).logits)


@pytest.mark.parametrize("tied", [True, False])
def test_equal_to_llama_of_transformers_forward_and_backward(tied: bool) -> None:
    """Four heads with two of keys and values, turned in halves."""
    from transformers import LlamaConfig, LlamaForCausalLM

    changes = {"layers": 2, "kv_heads": 2, "positions": "rotary-halves", "rotary_base": 500.0, "share_embeddings": tied}
    ours = randomized(DecoderOnly(dataclasses.replace(llama_tiny(30), **SIZES, **changes)))
    its = LlamaConfig(
        vocab_size=30, num_hidden_layers=2, hidden_size=16, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=24, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0}, attn_implementation="eager",
    )  # fmt: skip
    theirs = LlamaForCausalLM(its).double().eval()
    pairs = both(ours.embedding.matrix, theirs.model.embed_tokens)
    pairs += [] if tied else both(ours.output.matrix, theirs.lm_head)
    for own, other in zip(ours.decoder.layers, theirs.model.layers, strict=True):
        attention, feed = own.self_attention, own.feed_forward
        for name in ("query", "key", "value", "output"):
            pairs += both(getattr(attention, name), getattr(other.self_attn, f"{name[0]}_proj"))
        pairs += both(own.self_attention_residual.normalization, other.input_layernorm)
        pairs += both(own.feed_forward_residual.normalization, other.post_attention_layernorm)
        pairs += both(feed.inner, other.mlp.gate_proj) + both(feed.gate, other.mlp.up_proj)
        pairs += both(feed.outer, other.mlp.down_proj)
    pairs += both(ours.decoder.normalization, theirs.model.norm)
    agree(theirs, pairs, ours, lambda ids: theirs(ids).logits)


def test_equal_to_bloom_of_transformers_forward_and_backward() -> None:
    """ALiBi and a norm after the embeddings. Its query, key and value stand beside each other for each head."""
    from transformers import BloomConfig, BloomForCausalLM

    ours = randomized(
        DecoderOnly(
            DecoderOnlyConfig(
                vocabulary=30, layers=2, positions="alibi", embedding_norm=True, scale_embeddings=False,
                norm_placement="pre", activation="gelu-tanh", **{**SIZES, "inner_width": 64},
            )
        )
    )  # fmt: skip
    its = BloomConfig(vocab_size=30, hidden_size=16, n_layer=2, n_head=4, attn_implementation="eager")
    theirs = BloomForCausalLM(its).double().eval()
    body = theirs.transformer

    def head_by_head(values: Tensor) -> Tensor:
        return values.unflatten(0, (3, 4, 4)).transpose(0, 1).flatten(0, 2)

    pairs = both(ours.embedding.matrix, body.word_embeddings)
    pairs += both(ours.embedding.normalization, body.word_embeddings_layernorm)
    for own, other in zip(ours.decoder.layers, body.h, strict=True):
        attention, feed = own.self_attention, own.feed_forward
        for name in ("weight", "bias"):
            joined = [getattr(one, name) for one in (attention.query, attention.key, attention.value)]
            pairs.append((joined, getattr(other.self_attention.query_key_value, name), head_by_head))
        pairs += both(attention.output, other.self_attention.dense)
        pairs += both(own.self_attention_residual.normalization, other.input_layernorm)
        pairs += both(own.feed_forward_residual.normalization, other.post_attention_layernorm)
        pairs += both(feed.inner, other.mlp.dense_h_to_4h) + both(feed.outer, other.mlp.dense_4h_to_h)
    pairs += both(ours.decoder.normalization, body.ln_f)
    agree(theirs, pairs, ours, lambda ids: theirs(ids).logits)


@pytest.mark.parametrize("activation", ["relu", "geglu-tanh"], ids=["1.0", "1.1"])
def test_equal_to_t5_of_transformers_forward_and_backward(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoder and decoder: relative positions in both, RMSNorm, no biases, scores that nothing divides."""
    from transformers import T5Config, T5Model
    from transformers.models.t5.modeling_t5 import T5LayerNorm

    # Its RMSNorm computes in float32 whatever the model is in, which the gradients of so small a model show.
    monkeypatch.setattr(
        T5LayerNorm, "forward", lambda norm, x: nn.functional.rms_norm(x, (16,), norm.weight, norm.variance_epsilon)
    )
    ours = randomized(
        EncoderDecoder(
            TransformerConfig(
                source_vocabulary=30, target_vocabulary=30, encoder_layers=2, decoder_layers=2, positions="relative",
                relative_buckets=8, relative_distance=20, scale_embeddings=False, scale=1.0, head_width=6, bias=False,
                norm="rms", eps=1e-6, norm_placement="pre", activation=activation, **SIZES,
            )
        )
    )  # fmt: skip
    its = T5Config(
        vocab_size=30, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=4, relative_attention_num_buckets=8,
        relative_attention_max_distance=20, feed_forward_proj="relu" if activation == "relu" else "gated-gelu",
        attn_implementation="eager",
    )  # fmt: skip
    theirs = T5Model(its).double().eval()
    pairs = both(ours.source_embedding.matrix, theirs.shared)
    for stack, other_stack in ((ours.encoder, theirs.encoder), (ours.decoder, theirs.decoder)):
        table = other_stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight
        pairs.append(([stack.position_bias.table], table, same))
        for own, other in zip(stack.layers, other_stack.block, strict=True):
            attentions = [(own.self_attention, own.self_attention_residual, other.layer[0], "SelfAttention")]
            if stack is ours.decoder:
                attentions.append(
                    (own.cross_attention, own.cross_attention_residual, other.layer[1], "EncDecAttention")
                )
            for attention, residual, layer, name in attentions:
                for part, its_part in (("query", "q"), ("key", "k"), ("value", "v"), ("output", "o")):
                    pairs += both(getattr(attention, part), getattr(getattr(layer, name), its_part))
                pairs += both(residual.normalization, layer.layer_norm)
            feed, other_feed = own.feed_forward, other.layer[-1].DenseReluDense
            pairs += both(feed.inner, other_feed.wi if feed.gate is None else other_feed.wi_0)
            pairs += [] if feed.gate is None else both(feed.gate, other_feed.wi_1)
            pairs += both(feed.outer, other_feed.wo)
            pairs += both(own.feed_forward_residual.normalization, other.layer[-1].layer_norm)
        pairs += both(stack.normalization, other_stack.final_layer_norm)
    source = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 4, 2, 0, 0, 0]])
    masks = masks_for(source, IDS, 0)

    def expected(ids: Tensor) -> Tensor:
        found: Tensor = theirs(input_ids=source, attention_mask=source != 0, decoder_input_ids=ids).last_hidden_state
        return found

    agree(theirs, pairs, lambda ids: ours.hidden_states(source, ids, masks), expected)


def bert_layers(ours: EncoderOnly, base: Any) -> Pairs:
    pairs = both(ours.embedding.matrix, base.embeddings.word_embeddings)
    pairs += both(ours.embedding.segments, base.embeddings.token_type_embeddings)  # type: ignore[arg-type]
    pairs.append(([ours.embedding.positions.table], base.embeddings.position_embeddings.weight, same))  # type: ignore[union-attr]
    pairs += both(ours.embedding.normalization, base.embeddings.LayerNorm)  # type: ignore[arg-type]
    for own, other in zip(ours.encoder.layers, base.encoder.layer, strict=True):
        attention, feed, residual = own.self_attention, own.feed_forward, own.self_attention_residual
        for name in ("query", "key", "value"):
            pairs += both(getattr(attention, name), getattr(other.attention.self, name))  # type: ignore[arg-type]
        pairs += both(attention.output, other.attention.output.dense)  # type: ignore[union-attr, arg-type]
        pairs += both(residual.normalization, other.attention.output.LayerNorm)  # type: ignore[union-attr, arg-type]
        pairs += both(feed.inner, other.intermediate.dense)  # type: ignore[union-attr, arg-type]
        pairs += both(feed.outer, other.output.dense)  # type: ignore[union-attr, arg-type]
        pairs += both(own.feed_forward_residual.normalization, other.output.LayerNorm)  # type: ignore[union-attr, arg-type]
    return pairs


def copied(pairs: Pairs) -> None:
    with torch.no_grad():
        for own, other, layout in pairs:
            other.copy_(layout(torch.cat(own)))


@pytest.mark.parametrize("head", ["MaskedLM", "SequenceClassification"])
def test_what_c_reads_is_what_bert_of_transformers_says(head: str) -> None:
    """Texts of different lengths: its vectors, the pieces that fill a mask, best first, and the logits of classes."""
    import transformers

    classes = 3 if head == "SequenceClassification" else 0
    config = dataclasses.replace(
        bert_tiny(30), layers=2, classes=classes, pooler=bool(classes),
        masked_head="none" if classes else "transform", **SIZES,
    )  # fmt: skip
    ours = randomized(EncoderOnly(config)).float()
    its = transformers.BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
        max_position_embeddings=32, layer_norm_eps=1e-12, pad_token_id=None, num_labels=max(classes, 1),
    )  # fmt: skip
    theirs = getattr(transformers, f"BertFor{head}")(its).eval()
    pairs = bert_layers(ours, theirs.bert)
    if classes:
        pairs += both(ours.pooler.dense, theirs.bert.pooler.dense) + both(ours.classifier.output, theirs.classifier)
    else:
        predictions = theirs.cls.predictions
        pairs += both(ours.transform.dense, predictions.transform.dense)
        pairs += both(ours.transform.normalization, predictions.transform.LayerNorm)
        pairs.append(([ours.output.bias], predictions.decoder.bias, same))
    copied(pairs)
    reader = compiled(ours, "fp32")
    if reader is None:
        pytest.skip("this machine has no C compiler")
    texts = [IDS[0].tolist(), IDS[1, :3].tolist(), [7]]
    vectors = reader.read(texts)
    for text, found in zip(texts, vectors, strict=True):
        with torch.no_grad():
            expected = theirs(torch.tensor([text]), output_hidden_states=True)
        torch.testing.assert_close(torch.tensor(found), expected.hidden_states[-1][0], rtol=1e-5, atol=1e-5)
        told = reader.class_log_probabilities([found]) if classes else reader.token_log_probabilities(found)
        logits = expected.logits if classes else expected.logits[0]
        torch.testing.assert_close(torch.tensor(told), logits.log_softmax(-1), rtol=1e-5, atol=1e-5)
        assert torch.equal(torch.tensor(told).topk(3).indices, logits.topk(3).indices)
