"""GGUF files of ours, as our reader and llama.cpp's own package read them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import clearhead
from clearhead.bundle.foreign import write_arrays
from clearhead.bundle.settings import Settings
from clearhead.errors import InteropError
from clearhead.interop import export_model, import_model
from clearhead.interop.quantized import as_q8_0
from clearhead.model.config import DecoderOnlyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.text import BytePairTokenizer

from .conftest import Folder
from .own_models import GPT, LINES, LLAMA, MODELS, write_bundle

gguf = pytest.importorskip("gguf")

TOKENIZER = BytePairTokenizer.learn(LINES * 3, 290)
SIZES: dict[str, Any] = {"vocabulary": TOKENIZER.size, "width": 32, "inner_width": 64}
CONFIGS: dict[str, DecoderOnlyConfig] = {
    "llama": DecoderOnlyConfig(**LLAMA | SIZES),
    "llama, as 3.1": DecoderOnlyConfig(
        **{**LLAMA, **SIZES, "bias": True},
        rotary_scaling="llama3",
        rotary_factor=8.0,
    ),
    "llama, linear": DecoderOnlyConfig(**LLAMA | SIZES, rotary_scaling="linear", rotary_factor=8.0),
    "qwen2": DecoderOnlyConfig(**LLAMA | SIZES, query_key_value_bias=True, share_embeddings=False),
    "qwen3": DecoderOnlyConfig(**LLAMA | SIZES, query_key_norm=True),
    "gpt2": DecoderOnlyConfig(**GPT | SIZES),
}


def bundled(place: Path, config: DecoderOnlyConfig) -> clearhead.Bundle:
    draw = np.random.default_rng(1)
    shapes = parameter_shapes(config).items()
    weights = {name: draw.normal(0.2, 0.3, shape).astype(np.float32) for name, shape in shapes}
    settings = Settings("random", (), 1, "mean:1.0", 1, "language-modelling", "line")
    write_arrays(place, config, weights, (TOKENIZER, TOKENIZER), settings, "")
    return clearhead.load(place)


@pytest.mark.parametrize(("numbers", "atol"), [("F32", 1e-4), ("F16", 0.05), ("Q8_0", 0.5)])
@pytest.mark.parametrize("kind", ["llama", "llama, as 3.1", "llama, linear", "qwen2", "qwen3"])
def test_what_was_exported_comes_back(kind: str, numbers: str, atol: float, tmp_path: Path) -> None:
    ours = bundled(tmp_path / "ours", CONFIGS[kind])
    assert export_model(ours, "gguf", tmp_path / "theirs", numbers).kind == f"GGUF {kind.partition(',')[0]}"
    import_model(tmp_path / "theirs" / "model.gguf", tmp_path / "back")
    back, ids = clearhead.load(tmp_path / "back"), torch.tensor([[5, 6, 7, 8, 200, 4]])
    with torch.no_grad():
        torch.testing.assert_close(back.model(ids), ours.model(ids), atol=atol, rtol=0)
    assert [back.encode(line) for line in LINES] == [ours.encode(line) for line in LINES]
    assert (back.target_tokenizer.begin, back.target_tokenizer.end) == (TOKENIZER.begin, TOKENIZER.end)


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_package_of_its_authors_reads_it(kind: str, tmp_path: Path) -> None:
    """Shapes and names are those that llama.cpp has for the architecture."""
    ours = bundled(tmp_path / "ours", CONFIGS[kind])
    kind = kind.partition(",")[0]
    export_model(ours, "gguf", tmp_path / "theirs")
    reader = gguf.GGUFReader(tmp_path / "theirs" / "model.gguf")
    held = {one.name: one.data for one in reader.tensors}
    architecture = next(one for one, name in gguf.MODEL_ARCH_NAMES.items() if name == kind)
    known = {gguf.TENSOR_NAMES[one].format(bid=number) for one in gguf.MODEL_TENSORS[architecture] for number in (0, 1)}
    assert {name.rpartition(".")[0] for name in held} <= known
    model = ours.model
    assert np.array_equal(held["blk.1.ffn_down.weight"], model.decoder.layers[1].feed_forward.outer.weight.detach())
    if kind == "gpt2":
        attention = model.decoder.layers[1].self_attention
        joined = torch.cat([attention.query.weight, attention.key.weight, attention.value.weight]).detach()
        assert np.array_equal(held["blk.1.attn_qkv.weight"], joined)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields[f"{kind}.block_count"] == 2
    assert fields["tokenizer.ggml.tokens"][:3] == ["⟨padding⟩", "⟨begin⟩", "⟨end⟩"]
    assert fields["tokenizer.ggml.token_type"][:4] == [3, 3, 3, 1]


@pytest.mark.parametrize("name", ["llama", "llama, tied", "mistral", "qwen2", "qwen3"])
def test_what_was_imported_goes_out_and_comes_back(name: str, folder_of: Folder, tmp_path: Path) -> None:
    folder, theirs = folder_of(name)
    import_model(folder, tmp_path / "ours")
    export_model(tmp_path / "ours", "gguf", tmp_path / "again")
    import_model(tmp_path / "again" / "model.gguf", tmp_path / "back")
    ids = torch.tensor([[5, 6, 7, 8, 9, 4]])
    with torch.no_grad():
        found = clearhead.load(tmp_path / "back").model(ids)
        torch.testing.assert_close(found, theirs(input_ids=ids).logits, atol=1e-4, rtol=0)


def test_eight_bits_are_those_of_the_package() -> None:
    numbers = np.random.default_rng(1).normal(size=(7, 96)).astype(np.float32)
    numbers[0, :32] = 0
    wanted = gguf.quants.quantize(numbers, gguf.GGMLQuantizationType.Q8_0)
    assert as_q8_0(numbers) == wanted.tobytes()


def test_what_llama_cpp_lacks_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InteropError, match="not causal is not exported --to gguf"):
        export_model("street", "gguf", tmp_path / "theirs")
    place = write_bundle(tmp_path / "ours", MODELS["gpt"][1])
    with pytest.raises(InteropError, match=r"a tokenizer of kind WordLevel .* has no counterpart in GGUF"):
        export_model(place, "gguf", tmp_path / "theirs")
    large = bundled(tmp_path / "large", CONFIGS["gpt2"])
    with torch.no_grad():
        large.model.decoder.layers[0].feed_forward.inner.weight[0, 0] = 1e6
    with pytest.raises(InteropError, match=r"a weight of 1e\+06 is too large for F16; export with F32"):
        export_model(large, "gguf", tmp_path / "theirs", "F16")
    assert not (tmp_path / "theirs").exists()
