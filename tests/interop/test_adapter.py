"""Adapters in PEFT's files, merged into bundles of the models that they are for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from clearhead.bundle import load
from clearhead.errors import InteropError
from clearhead.interop import import_adapter, import_model

from .conftest import write_tokenizer

Folder = Callable[..., tuple[Path, Any]]
# Of each class the layers that learn, and its tokenizer; GPT-2's are laid out (inputs, outputs).
TARGETS = {
    "llama": (["q_proj", "down_proj"], "bytes"),
    "gpt2": (["c_attn", "c_fc"], "bytes"),
    "bert, classes": (["query", "value"], "words"),
    "distilbert": (["q_lin", "lin1"], "words"),
    "bart": (["q_proj", "fc2"], "framed bytes"),
    "t5, 1.1": (["q", "wi_1"], "spiece.model"),
}
SETTINGS: dict[str, Any] = {"peft_type": "LORA", "r": 2, "lora_alpha": 6}


def write(folder: Path, tensors: dict[str, torch.Tensor], **settings: Any) -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({**SETTINGS, **settings}), encoding="utf-8")
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def adapter_for(made: Any, targets: list[str], folder: Path, **settings: Any) -> Path:
    """Draw one for the model's own modules, write it, and add the products to the model by hand: W + 6/2·B·A."""
    tensors = {}
    for name, module in made.named_modules():
        if name.rpartition(".")[2] not in targets:
            continue
        turned = type(module).__name__ == "Conv1D"
        shape = module.weight.T.shape if turned else module.weight.shape
        down, up = torch.randn(2, shape[1]), torch.randn(shape[0], 2)
        tensors |= {f"base_model.model.{name}.lora_{side}.weight": one for side, one in (("A", down), ("B", up))}
        product = 3 * up @ down
        module.weight.data += product.T if turned else product
    assert tensors
    return write(folder, tensors, **settings)


@pytest.mark.parametrize("name", TARGETS)
def test_merged_weights_are_those_of_the_class(folder_of: Folder, tmp_path: Path, name: str) -> None:
    """What an import of the changed model gives, for every parameter."""
    targets, tokenizer = TARGETS[name]
    folder, made = folder_of(name)
    import_model(folder, tmp_path / "base")
    adapter = adapter_for(made, targets, tmp_path / "adapter", fan_in_fan_out=name == "gpt2")
    made.save_pretrained(tmp_path / "changed")
    write_tokenizer(tmp_path / "changed", tokenizer)
    import_model(tmp_path / "changed", tmp_path / "wanted")
    report = import_adapter(adapter, tmp_path / "base", tmp_path / "out")
    assert f"of rank 2, by the names of {name.partition(',')[0]}: " in str(report)
    before, wanted, found = (load_file(tmp_path / one / "model.safetensors") for one in ("base", "wanted", "out"))
    assert any(not torch.equal(before[key], wanted[key]) for key in wanted)
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value, rtol=1e-6, atol=1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", ["llama", "gpt2", "bert, classes", "t5, 1.1"])
def test_an_adapter_that_peft_wrote(folder_of: Folder, tmp_path: Path, name: str) -> None:
    """Its own files, and the weights that its `merge_and_unload` makes."""
    peft = pytest.importorskip("peft", reason="needs the package peft, which is no part of the tests' own")
    targets, tokenizer = TARGETS[name]
    folder, made = folder_of(name)
    import_model(folder, tmp_path / "base")
    kind = "SEQ_CLS" if "classes" in name else None
    settings = {"fan_in_fan_out": name == "gpt2", "task_type": kind, "init_lora_weights": False}
    adapted = peft.get_peft_model(made, peft.LoraConfig(r=2, lora_alpha=6, target_modules=targets, **settings))
    if kind:
        adapted.base_model.model.classifier.modules_to_save["default"].weight.data.normal_()
    adapted.save_pretrained(tmp_path / "adapter")
    merged = adapted.merge_and_unload()
    merged.save_pretrained(tmp_path / "changed")
    write_tokenizer(tmp_path / "changed", tokenizer)
    import_model(tmp_path / "changed", tmp_path / "wanted")
    import_adapter(tmp_path / "adapter", tmp_path / "base", tmp_path / "out")
    wanted, found = (load_file(tmp_path / one / "model.safetensors") for one in ("wanted", "out"))
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value, rtol=1e-6, atol=1e-5)


def test_a_classifier_that_learned_comes_along(folder_of: Folder, tmp_path: Path) -> None:
    """modules_to_save: the head is part of the adapter."""
    folder, made = folder_of("bert, classes")
    import_model(folder, tmp_path / "base")
    head = {f"base_model.model.classifier.{one}": torch.full_like(made.classifier.get_parameter(one), 0.5)
            for one in ("weight", "bias")}  # fmt: skip
    query = "base_model.model.bert.encoder.layer.0.attention.self.query"
    pair = {f"{query}.lora_A.weight": torch.zeros(2, 16), f"{query}.lora_B.weight": torch.zeros(16, 2)}
    report = import_adapter(write(tmp_path / "adapter", head | pair), tmp_path / "base", tmp_path / "out")
    assert report.whole == ("classifier.bias", "classifier.weight")
    assert (load(tmp_path / "out").model.classifier.output.weight == 0.5).all()


def test_rank_stabilised_adapters(folder_of: Folder, tmp_path: Path) -> None:
    """rsLoRA: alpha over the root of the rank, so 6/√2·2 = 8.49 for matrices of ones."""
    import_model(folder_of("llama")[0], tmp_path / "base")
    query = "base_model.model.model.layers.1.self_attn.q_proj"
    pair = {f"{query}.lora_A.weight": torch.ones(2, 16), f"{query}.lora_B.weight": torch.ones(16, 2)}
    import_adapter(write(tmp_path / "adapter", pair, use_rslora=True), tmp_path / "base", tmp_path / "out")
    before, after = (load(tmp_path / one).model.decoder.layers[1].self_attention.query for one in ("base", "out"))
    torch.testing.assert_close(after.weight - before.weight, torch.full((16, 16), 8.485281), rtol=1e-5, atol=1e-5)


QUERY = "base_model.model.model.layers.0.self_attn.q_proj"
WHOLE = {f"{QUERY}.lora_A.weight": torch.ones(2, 16), f"{QUERY}.lora_B.weight": torch.ones(16, 2)}


@pytest.mark.parametrize(
    ("tensors", "settings", "message"),
    [
        (WHOLE, {"use_dora": True}, r"has use_dora=True, which clearhead cannot take; expected False or None$"),
        (WHOLE, {"peft_type": "IA3"}, r"has peft_type='IA3', which clearhead cannot take; expected 'LORA'$"),
        (WHOLE, {"rank_pattern": {"q_proj": 3}}, "has rank_pattern="),
        (WHOLE, {"r": 3}, "has no product of rank 3, as its r says; get it again$"),
        ({f"{QUERY}.lora_A.weight": torch.ones(2, 16)}, {}, "q_proj has no matrix lora_B; get the adapter again$"),
        ({one.replace("q_proj", "q"): two for one, two in WHOLE.items()}, {}, "the adapter has model.layers.0"),
        ({one.replace("s.0", "s.9"): two for one, two in WHOLE.items()}, {}, "name the model that it was trained for$"),
        ({**WHOLE, f"{QUERY}.lora_magnitude_vector": torch.ones(16)}, {}, "lora_magnitude_vector, which"),
        ({f"{QUERY}.lora_A.weight": torch.ones(2, 8), f"{QUERY}.lora_B.weight": torch.ones(16, 2)}, {},
         r"makes a matrix of shape \(16, 8\), but the model has \(16, 16\) there"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(
    folder_of: Folder, tmp_path: Path, tensors: dict[str, torch.Tensor], settings: dict[str, Any], message: str
) -> None:
    import_model(folder_of("llama")[0], tmp_path / "base")
    with pytest.raises(InteropError, match=message) as caught:
        import_adapter(write(tmp_path / "adapter", tensors, **settings), tmp_path / "base", tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
