"""`clearhead import`: tests/interop compares what it makes with transformers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import clearhead as package
from clearhead.interop.foreign import Foreign, ForeignSettings
from clearhead.interop.gpt2 import gpt2
from clearhead.model.shapes import parameter_shapes

Run = Callable[..., Any]
VALUES = {"model_type": "gpt2", "vocab_size": 4, "n_layer": 1, "n_embd": 4, "n_head": 2, "n_positions": 9}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A GPT-2 of zeros, whose tensors have the shapes that its layout says."""
    made = tmp_path / "theirs"
    made.mkdir()
    (made / "config.json").write_text(json.dumps(VALUES))
    (made / "vocab.json").write_text(json.dumps({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}))
    (made / "merges.txt").write_text("#version: 0.2\na b\n")
    joined = {"h.0.attn.c_attn.weight": (4, 12), "h.0.attn.c_attn.bias": (12,)}
    shapes: dict[str, tuple[int, ...]] = {"wte.weight": (4, 4), "wpe.weight": (9, 4), **joined}
    plan = gpt2(Foreign(ForeignSettings(VALUES, "config.json"), {}, lambda name: np.zeros(1)))
    for name, shape in parameter_shapes(plan.config).items():
        shapes.setdefault(plan.names[name].name, shape[::-1] if name.endswith("er.weight") else shape)
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, made / "model.safetensors")
    return made


def test_a_folder_becomes_a_bundle_and_a_report(clearhead: Run, folder: Path, tmp_path: Path) -> None:
    result = clearhead("import", str(folder), "--out", str(tmp_path / "ours"))
    assert (result.code, result.err) == (0, "")
    assert result.lines[0].startswith("gpt2: ")
    assert result.lines[2] == "tied: lm_head.weight is wte.weight"
    assert result.lines[-1] == f"{tmp_path / 'ours'}: a bundle"
    bundle = package.load(tmp_path / "ours")
    assert (bundle.encode("abab"), bundle.settings.name) == ([2, 2], "theirs")
    assert clearhead("import", str(folder), "--out", str(tmp_path / "ours"), "--quiet").out == b""


def test_what_cannot_be_imported_is_one_line(clearhead: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "config.json").write_text(json.dumps({**VALUES, "activation_function": "mish"}))
    result = clearhead("import", str(folder), "--out", str(tmp_path / "ours"))
    assert result.code == 2
    assert "activation_function='mish', which clearhead cannot take" in result.err
    assert result.err.count("\n") == 1
    result = clearhead("import", str(folder), "--out", str(folder))
    assert (result.code, "is the model itself" in result.err) == (2, True)


def test_an_adapter_is_merged_into_its_model(clearhead: Run, folder: Path, tmp_path: Path) -> None:
    """Ones times ones of rank 1, times alpha 0.5, added to all of GPT-2's first product."""
    base, adapter = tmp_path / "ours", tmp_path / "adapter"
    clearhead("import", str(folder), "--out", str(base))
    adapter.mkdir()
    settings = {"peft_type": "LORA", "r": 1, "lora_alpha": 0.5, "fan_in_fan_out": True}
    (adapter / "adapter_config.json").write_text(json.dumps(settings))
    name = "base_model.model.transformer.h.0.attn.c_attn"
    pair = {f"{name}.lora_A.weight": np.ones((1, 4), np.float32), f"{name}.lora_B.weight": np.ones((12, 1), np.float32)}
    save_file(pair, adapter / "adapter_model.safetensors")
    refused = clearhead("import", str(adapter), "--out", str(tmp_path / "out"))
    assert refused.code == 2
    assert "is a LoRA adapter, which is no model alone; name its model by --base" in refused.err
    refused = clearhead("import", str(folder), "--base", str(base), "--out", str(tmp_path / "out"))
    assert "is no LoRA adapter of PEFT; remove --base" in refused.err
    result = clearhead("import", str(adapter), "--base", str(base), "--out", str(tmp_path / "out"))
    assert (result.code, result.err) == (0, "")
    assert "LoRA of rank 1, by the names of gpt2: 3 weights are W + 0.5·B·A" in result.out.decode("utf-8")
    weight = package.load(tmp_path / "out").model.decoder.layers[0].self_attention.key.weight
    assert (weight == 0.5).all()
