"""How classes of transformers call a model's layers."""

import pytest

from clearhead.interop.layer_names import class_names, names_of
from clearhead.model import CAUSAL_PRESETS, MASKED_PRESETS, PRESETS
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig


def test_names_are_those_that_peft_gives_as_targets() -> None:
    """PEFT's own defaults (0.21, utils/constants.py): q and v of T5, q_proj and v_proj of BART and Llama, …"""
    layer = "layers.1.encoder_attn.v_proj.weight"
    causal = {one.kind: one.ours for one in names_of(CAUSAL_PRESETS["gpt_tiny"](9))}
    assert causal["llama"]["decoder.layers.3.self_attention.query.weight"].name == "layers.3.self_attn.q_proj.weight"
    for part in ("query", "key", "value"):
        assert causal["gpt2"][f"decoder.layers.0.self_attention.{part}.weight"].name == "h.0.attn.c_attn.weight"
    pairs = {one.kind: one.ours for one in names_of(PRESETS["street"](9, 9))}
    assert pairs["bart"]["decoder.layers.1.cross_attention.value.weight"].name == f"decoder.{layer}"
    assert (
        pairs["t5"]["encoder.layers.1.self_attention.query.weight"].name
        == "encoder.block.1.layer.0.SelfAttention.q.weight"
    )
    masked = {one.kind: one.ours for one in names_of(MASKED_PRESETS["bert_tiny"](9))}
    assert (
        masked["bert"]["encoder.layers.0.self_attention.value.weight"].name
        == "encoder.layer.0.attention.self.value.weight"
    )


@pytest.mark.parametrize(("positions", "kind"), [("rotary-halves", "llama"), ("rotary", None), ("learned", None)])
def test_a_class_that_computes_otherwise_gives_no_names(positions: str, kind: str | None) -> None:
    config = DecoderOnlyConfig(
        vocabulary=9, layers=1, width=8, heads=2, inner_width=8, max_length=9, norm="rms", positions=positions
    )  # type: ignore[arg-type]
    found = class_names(config)
    assert (found.kind if found else None) == kind


ENCODER = {"vocabulary": 9, "layers": 1, "width": 8, "heads": 2, "inner_width": 8, "max_length": 9, "classes": 2}


@pytest.mark.parametrize(
    ("origin", "kind", "layer", "dense"),
    [
        ("", "bert", "encoder.layer.0.attention.self.query.weight", "pooler.dense.weight"),
        ("xlm-roberta", "roberta", "encoder.layer.0.attention.self.query.weight", "classifier.dense.weight"),
        ("distilbert", "distilbert", "transformer.layer.0.attention.q_lin.weight", None),
        ("llama", "bert", "encoder.layer.0.attention.self.query.weight", "pooler.dense.weight"),
    ],
)
def test_names_are_those_of_where_a_model_came_from(origin: str, kind: str, layer: str, dense: str | None) -> None:
    """Its pooler has tanh, as BERT's and RoBERTa's have; DistilBERT's has ReLU, and is not this one."""
    config = EncoderOnlyConfig(**ENCODER, norm_placement="post", pooler=True, masked_head="none")  # type: ignore[arg-type]
    found = class_names(config, origin)
    assert found is not None
    assert (found.kind, found.ours["encoder.layers.0.self_attention.query.weight"].name) == (kind, layer)
    assert (found.ours["pooler.dense.weight"].name if "pooler.dense.weight" in found.ours else None) == dense


def test_gpt2s_layers_are_those_of_a_model_with_its_blocks() -> None:
    preset = CAUSAL_PRESETS["gpt2_small"](9)
    found = class_names(preset)
    assert found is not None
    assert found.kind == "gpt2"
    assert class_names(CAUSAL_PRESETS["llama_tiny"](9), "mistral").kind == "llama"  # type: ignore[union-attr]
