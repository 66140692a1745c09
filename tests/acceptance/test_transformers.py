"""Whole models of `transformers` with our weights: the same numbers and gradients, so that each block is theirs."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from clearhead.interop.classes import CLASSES
from clearhead.interop.foreign import Foreign, ForeignSettings, Numbers, Source, linear
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


def names_of(theirs: Any, **changes: Any) -> Mapping[str, Source]:
    """From which tensor of theirs each parameter of ours is made, by the tables of an import."""
    settings = ForeignSettings({**theirs.config.to_dict(), **changes}, "config.json")
    known, tensors = CLASSES[settings.values["model_type"]], own_tensors(theirs)
    shapes = {name: tuple(one.shape) for name, one in tensors.items()}
    return known.plan(Foreign(settings, shapes, lambda name: tensors[name].detach().numpy())).names


def own_tensors(theirs: Any) -> dict[str, Tensor]:
    """By the names of their class."""
    prefix = CLASSES[theirs.config.model_type].prefix if theirs.config.model_type in CLASSES else ""
    return {name.removeprefix(prefix): one for name, one in theirs.named_parameters(remove_duplicate=False)}


def give(ours: nn.Module, theirs: Any, names: Mapping[str, Source]) -> None:
    """Our model gets all the weights of theirs."""
    tensors, used = own_tensors(theirs), set()
    with torch.no_grad():
        for name, parameter in ours.named_parameters():
            one = tensors[names[name].name]
            parameter.copy_(changed(one, names[name]))
            used.add(id(one))
    assert used == {id(one) for one in theirs.parameters()}


def changed(values: Tensor, source: Source) -> Tensor:
    return torch.tensor(source.change(values.detach().numpy()))


def agree(ours: nn.Module, theirs: Any, names: Mapping[str, Source], own: Function, its: Function) -> None:
    """What both compute of the same ids, and its gradients, once the first has all the weights of the second."""
    give(ours, theirs, names)
    found, expected = own(IDS), its(IDS)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    upstream = torch.randn(found.shape, generator=torch.Generator().manual_seed(2), dtype=found.dtype)
    found.backward(upstream)
    expected.backward(upstream)
    tensors = own_tensors(theirs)
    for name, parameter in ours.named_parameters():
        gradient = tensors[names[name].name].grad
        assert gradient is not None, name
        torch.testing.assert_close(parameter.grad, changed(gradient, names[name]), rtol=1e-5, atol=1e-5)


def test_equal_to_gpt2_of_transformers_forward_and_backward() -> None:
    """Its linear layers are Conv1D, whose weights are (inputs, outputs); query, key and value are one of them."""
    from transformers import GPT2Config, GPT2LMHeadModel

    ours = DecoderOnly(dataclasses.replace(gpt2_small(30), layers=2, **SIZES)).double().eval()
    its = GPT2Config(
        vocab_size=30, n_layer=2, n_embd=16, n_head=4, n_inner=24, n_positions=32, attn_implementation="eager"
    )
    theirs = randomized(GPT2LMHeadModel(its))
    agree(ours, theirs, names_of(theirs), ours, lambda ids: theirs(ids).logits)


@pytest.mark.parametrize("tied", [True, False])
def test_equal_to_llama_of_transformers_forward_and_backward(tied: bool) -> None:
    """Four heads with two of keys and values, turned in halves."""
    from transformers import LlamaConfig, LlamaForCausalLM

    changes = {"layers": 2, "kv_heads": 2, "positions": "rotary-halves", "rotary_base": 500.0, "share_embeddings": tied}
    ours = DecoderOnly(dataclasses.replace(llama_tiny(30), **SIZES, **changes)).double().eval()
    its = LlamaConfig(
        vocab_size=30, num_hidden_layers=2, hidden_size=16, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=24, max_position_embeddings=32, rms_norm_eps=1e-5, tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0}, attn_implementation="eager",
    )  # fmt: skip
    theirs = randomized(LlamaForCausalLM(its))
    agree(ours, theirs, names_of(theirs), ours, lambda ids: theirs(ids).logits)


def bloom_names(layers: int) -> Iterator[tuple[str, Source]]:
    """Query, key and value stand beside each other for each of its 4 heads. No import reads such a model."""

    def third(place: int) -> Callable[[Numbers], Numbers]:
        return lambda rows: rows.reshape(4, 3, 4, *rows.shape[1:])[:, place].reshape(16, *rows.shape[1:])

    yield "embedding.matrix.weight", Source("transformer.word_embeddings.weight")
    yield from linear("embedding.normalization", "transformer.word_embeddings_layernorm")
    yield from linear("decoder.normalization", "transformer.ln_f")
    parts = {
        "self_attention.output": "self_attention.dense", "self_attention_residual.normalization": "input_layernorm",
        "feed_forward_residual.normalization": "post_attention_layernorm",
        "feed_forward.inner": "mlp.dense_h_to_4h", "feed_forward.outer": "mlp.dense_4h_to_h",
    }  # fmt: skip
    for number in range(layers):
        own, its = f"decoder.layers.{number}", f"transformer.h.{number}"
        for place, name in enumerate(("query", "key", "value")):
            for kind in ("weight", "bias"):
                stored = f"{its}.self_attention.query_key_value.{kind}"
                yield f"{own}.self_attention.{name}.{kind}", Source(stored, third(place))
        for ours, theirs in parts.items():
            yield from linear(f"{own}.{ours}", f"{its}.{theirs}")


def test_equal_to_bloom_of_transformers_forward_and_backward() -> None:
    """ALiBi and a norm after the embeddings."""
    from transformers import BloomConfig, BloomForCausalLM

    ours = DecoderOnly(
        DecoderOnlyConfig(
            vocabulary=30, layers=2, positions="alibi", embedding_norm=True, scale_embeddings=False,
            norm_placement="pre", activation="gelu-tanh", **{**SIZES, "inner_width": 64},
        )
    ).double().eval()  # fmt: skip
    its = BloomConfig(vocab_size=30, hidden_size=16, n_layer=2, n_head=4, attn_implementation="eager")
    theirs = randomized(BloomForCausalLM(its))
    agree(ours, theirs, dict(bloom_names(2)), ours, lambda ids: theirs(ids).logits)


@pytest.mark.parametrize("activation", ["relu", "geglu-tanh"], ids=["1.0", "1.1"])
def test_equal_to_t5_of_transformers_forward_and_backward(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoder and decoder: relative positions in both, RMSNorm, no biases, scores that nothing divides."""
    from transformers import T5Config, T5Model
    from transformers.models.t5.modeling_t5 import T5LayerNorm

    # Its RMSNorm computes in float32 whatever the model is in, which the gradients of so small a model show.
    monkeypatch.setattr(
        T5LayerNorm, "forward", lambda norm, x: nn.functional.rms_norm(x, (16,), norm.weight, norm.variance_epsilon)
    )
    ours = EncoderDecoder(
        TransformerConfig(
            source_vocabulary=30, target_vocabulary=30, encoder_layers=2, decoder_layers=2, positions="relative",
            relative_buckets=8, relative_distance=20, scale_embeddings=False, scale=1.0, head_width=6, bias=False,
            norm="rms", eps=1e-6, norm_placement="pre", activation=activation, **SIZES,
        )
    ).double().eval()  # fmt: skip
    its = T5Config(
        vocab_size=30, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_heads=4, relative_attention_num_buckets=8,
        relative_attention_max_distance=20, feed_forward_proj="relu" if activation == "relu" else "gated-gelu",
        attn_implementation="eager",
    )  # fmt: skip
    theirs = randomized(T5Model(its))
    source = torch.tensor([[5, 6, 7, 8, 9, 2], [9, 4, 2, 0, 0, 0]])
    masks = masks_for(source, IDS, 0)

    def expected(ids: Tensor) -> Tensor:
        found: Tensor = theirs(input_ids=source, attention_mask=source != 0, decoder_input_ids=ids).last_hidden_state
        return found

    names = names_of(theirs, scale_decoder_outputs=False)  # It has no output, before which vectors would be scaled.
    agree(ours, theirs, names, lambda ids: ours.hidden_states(source, ids, masks), expected)


@pytest.mark.parametrize("head", ["MaskedLM", "SequenceClassification"])
def test_what_c_reads_is_what_bert_of_transformers_says(head: str) -> None:
    """Texts of different lengths: its vectors, the pieces that fill a mask, best first, and the logits of classes."""
    import transformers

    classes = 3 if head == "SequenceClassification" else 0
    config = dataclasses.replace(
        bert_tiny(30), layers=2, classes=classes, pooler=bool(classes),
        masked_head="none" if classes else "transform", **SIZES,
    )  # fmt: skip
    ours = EncoderOnly(config).eval()
    its = transformers.BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
        max_position_embeddings=32, layer_norm_eps=1e-12, pad_token_id=None, num_labels=max(classes, 1),
    )  # fmt: skip
    theirs = randomized(getattr(transformers, f"BertFor{head}")(its)).float()
    give(ours, theirs, names_of(theirs))
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
