"""The files of a folder of Hugging Face's; what transformers computes from them is in test_exporting.py."""

import json
from pathlib import Path

from safetensors import safe_open

from clearhead.bundle import load
from clearhead.interop import export_model
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig

from .own_models import BERT, LLAMA, write_bundle


def test_its_files_and_the_names_of_its_tensors(tmp_path: Path) -> None:
    """Llama's, as `LlamaForCausalLM` names them; a matrix that is the output's too stands there once."""
    place = write_bundle(tmp_path / "ours", DecoderOnlyConfig(**LLAMA))
    export_model(place, "huggingface", tmp_path / "theirs")
    folder = tmp_path / "theirs"
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (values["model_type"], values["architectures"], values["dtype"]) == (
        "llama",
        ["LlamaForCausalLM"],
        "float32",
    )
    assert (values["hidden_size"], values["num_key_value_heads"], values["head_dim"]) == (16, 2, 6)
    with safe_open(folder / "model.safetensors", "numpy") as file:
        names = set(file.keys())
    layer = {
        "input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
        "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
    }  # fmt: skip
    assert {f"model.layers.1.{one}.weight" for one in layer} == {one for one in names if ".layers.1." in one}
    assert {"model.embed_tokens.weight", "model.norm.weight"} <= names


def test_classes_are_named_both_ways(tmp_path: Path) -> None:
    """transformers reads `id2label` and `label2id`."""
    place = write_bundle(tmp_path / "ours", EncoderOnlyConfig(**BERT, classes=3, pooler=True, masked_head="none"))
    export_model(place, "huggingface", tmp_path / "theirs")
    values = json.loads((tmp_path / "theirs" / "config.json").read_text(encoding="utf-8"))
    labels = load(place).settings.labels
    assert [values["id2label"][str(number)] for number in range(3)] == list(labels)
    assert values["label2id"] == {label: number for number, label in enumerate(labels)}
