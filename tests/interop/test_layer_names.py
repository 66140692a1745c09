"""How classes of transformers call a model's layers."""

import pytest

from clearhead.interop.layer_names import class_names, names_of
from clearhead.model import CAUSAL_PRESETS, MASKED_PRESETS, PRESETS
from clearhead.model.config import DecoderOnlyConfig


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
