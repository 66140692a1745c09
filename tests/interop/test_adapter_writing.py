"""Adapters as files of PEFT's, held against the modules of transformers that they name."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from clearhead.bundle import load
from clearhead.interop import import_adapter, import_model
from clearhead.interop.adapter_files import Pair
from clearhead.interop.adapter_writing import Learned, write_adapter
from clearhead.interop.layer_names import TABLES, class_names
from clearhead.model import CAUSAL_PRESETS
from clearhead.model.low_rank import layers_named

from .conftest import CLASSES, PAIRS, write_tokenizer

Folder = Callable[..., tuple[Path, Any]]
# Of each class the modules that peft saves whole, by the names of transformers.
HEADS = {
    "bert, classes": ["bert.pooler.dense", "classifier"], "roberta, classes": ["classifier"],
    "distilbert, classes": ["classifier", "pre_classifier"], "electra, classes": ["classifier"],
}  # fmt: skip
NAMES = [
    "gpt2", "llama", "mistral", "qwen2", "qwen3", "bert", "roberta", "xlm-roberta", "distilbert", "electra", *HEADS,
    "marian", "bart", "mbart", "pegasus", "t5", "t5, 1.1", "mt5",
]  # fmt: skip
ALPHA, RANK = 6.0, 2


def learned_for(bundle: Any, targets: list[str]) -> Learned:
    """Products of rank 2 for these layers, and a head where there is one, all drawn."""
    draw = np.random.default_rng(1)
    pairs = {
        name: Pair(draw.normal(size=(RANK, layer.in_features)), draw.normal(size=(layer.out_features, RANK)))
        for name, layer in layers_named(bundle.model, targets).items()
    }
    named = bundle.model.named_parameters()
    heads = {name: one for name, one in named if name.startswith(("classifier.", "pooler."))}
    whole = {name: draw.normal(size=tuple(one.shape)) for name, one in heads.items()}
    return Learned(pairs, ALPHA, whole, bundle.task, "base", bundle.settings.origin)


def apply(adapter: Path, made: Any) -> dict[str, Any]:
    """What PEFT does with these files (tuners/lora/layer.py): W + lora_alpha/r · B·A, and what is saved whole."""
    settings = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    tensors = load_file(adapter / "adapter_model.safetensors")
    tensors = {name.removeprefix("base_model.model."): one for name, one in tensors.items()}
    with torch.no_grad():
        for name in settings["target_modules"]:
            module = made.get_submodule(name)
            down, up = (tensors.pop(f"{name}.lora_{side}.weight") for side in "AB")
            assert len(down) == settings["r"]
            product = settings["lora_alpha"] / settings["r"] * up @ down
            assert (type(module).__name__ == "Conv1D") == settings["fan_in_fan_out"]
            module.weight += product.T if settings["fan_in_fan_out"] else product
        for name, one in tensors.items():
            assert name.startswith(tuple(settings["modules_to_save"]))
            made.get_parameter(name).copy_(one)
    return dict(settings)


@pytest.mark.parametrize("name", NAMES)
def test_each_class_is_given_its_own_names(folder_of: Folder, tmp_path: Path, name: str) -> None:
    """By the class that the model was imported from: transformers' own, changed so, is our model with W + 6/2·B·A."""
    folder, made = folder_of(name)
    report = import_model(folder, tmp_path / "base")
    bundle = load(tmp_path / "base")
    assert bundle.settings.origin == report.kind
    learned = learned_for(bundle, ["query", "value", "inner"])
    assert len(learned.pairs) >= 6
    write_adapter(tmp_path / "adapter", bundle.config, learned)
    settings = apply(tmp_path / "adapter", made)
    assert settings["modules_to_save"] == HEADS.get(name)
    made.save_pretrained(tmp_path / "changed")
    write_tokenizer(tmp_path / "changed", {**CLASSES, **PAIRS}[name][3])
    import_model(tmp_path / "changed", tmp_path / "theirs")
    theirs = dict(load(tmp_path / "theirs").model.named_parameters())
    for own, parameter in bundle.model.named_parameters():
        wanted = parameter.detach()
        if own in learned.whole:
            wanted = torch.from_numpy(learned.whole[own]).float()
        elif own.removesuffix(".weight") in learned.pairs:
            pair = learned.pairs[own.removesuffix(".weight")]
            wanted = wanted + torch.from_numpy(ALPHA / RANK * pair.up @ pair.down).float()
        torch.testing.assert_close(theirs[own], wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["gpt2", "roberta, classes", "distilbert, classes", "bart"])
def test_what_is_written_is_read_again(folder_of: Folder, tmp_path: Path, name: str) -> None:
    import_model(folder_of(name)[0], tmp_path / "base")
    bundle = load(tmp_path / "base")
    learned = learned_for(bundle, ["query", "outer"])
    write_adapter(tmp_path / "adapter", bundle.config, learned)
    report = import_adapter(tmp_path / "adapter", tmp_path / "base", tmp_path / "out")
    assert report.kind == name.partition(",")[0]
    merged = dict(load(tmp_path / "out").model.named_parameters())
    for own, parameter in bundle.model.named_parameters():
        pair = learned.pairs.get(own.removesuffix(".weight"))
        grown = 0.0 if pair is None else torch.from_numpy(ALPHA / RANK * pair.up @ pair.down).float()
        wanted = torch.from_numpy(learned.whole[own]).float() if own in learned.whole else parameter + grown
        torch.testing.assert_close(merged[own], wanted, rtol=1e-5, atol=1e-5)


def test_what_lies_side_by_side_has_one_product(folder_of: Folder, tmp_path: Path) -> None:
    """GPT-2's queries and values of rank 2 are 4 of c_attn, of whose 48 rows the keys' have zeros."""
    import_model(folder_of("gpt2")[0], tmp_path / "base")
    bundle = load(tmp_path / "base")
    write_adapter(tmp_path / "adapter", bundle.config, learned_for(bundle, ["query", "value", "outer"]))
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (settings["r"], settings["lora_alpha"]) == (2 * RANK, 2 * ALPHA)
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    up = tensors["base_model.model.transformer.h.0.attn.c_attn.lora_B.weight"]
    assert up.shape == (48, 4)
    assert (up[:16, 2:] == 0).all()
    assert (up[16:32] == 0).all()
    assert (up[32:, :2] == 0).all()
    assert (tensors["base_model.model.transformer.h.0.mlp.c_proj.lora_A.weight"][2:] == 0).all()


def test_a_head_that_no_class_has_stands_by_our_names(folder_of: Folder, tmp_path: Path) -> None:
    """Means of all tokens: PEFT is given the layers, and nothing of the head is given to another."""
    import_model(folder_of("roberta, classes")[0], tmp_path / "base")
    bundle = load(tmp_path / "base")
    learned = learned_for(bundle, ["query"])
    config = type(bundle.config)(**{**bundle.config.as_plain(), "pooling": "mean"})
    write_adapter(tmp_path / "adapter", config, learned)
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (settings["task_type"], settings["modules_to_save"]) == (None, None)
    assert settings["target_modules"][0] == "roberta.encoder.layer.0.attention.self.query"
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert "base_model.model.classifier.output.weight" in tensors
    report = import_adapter(tmp_path / "adapter", tmp_path / "base", tmp_path / "out")
    assert set(report.whole) == learned.whole.keys()


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("gpt2", "transformer.wte"), ("llama, tied", "model.embed_tokens"), ("bart", "model.shared"), ("t5", "shared"),
        ("roberta, classes", "roberta.embeddings.word_embeddings"), ("llama", None),
    ],
)  # fmt: skip
def test_rows_of_tokens_are_as_peft_has_them(folder_of: Folder, tmp_path: Path, name: str, table: str | None) -> None:
    """A list of ids where one table is both input and output, and else ids for each; and they are read again."""
    import_model(folder_of(name)[0], tmp_path / "base")
    bundle = load(tmp_path / "base")
    named = {key: one for key, one in bundle.model.named_parameters() if key in TABLES}
    rows = {key: np.random.default_rng(2).normal(size=(2, one.shape[1])) for key, one in named.items()}
    learned = dataclasses.replace(learned_for(bundle, ["query"]), ids=[300, 5], rows=rows, tokens="{}")
    write_adapter(tmp_path / "adapter", bundle.config, learned)
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    both = {"model.embed_tokens": [300, 5], "lm_head": [300, 5]}
    assert settings["trainable_token_indices"] == ([300, 5] if table else both)
    tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    for module in [table] if table else both:
        assert tensors[f"base_model.model.{module}.token_adapter.trainable_tokens_delta"].shape == (2, 16)
    assert (tmp_path / "adapter" / "tokenizer.json").read_text(encoding="utf-8") == "{}"
    (tmp_path / "adapter" / "tokenizer.json").unlink()
    import_adapter(tmp_path / "adapter", tmp_path / "base", tmp_path / "out")
    after = dict(load(tmp_path / "out").model.named_parameters())
    for key, one in rows.items():
        torch.testing.assert_close(after[key][[300, 5]], torch.from_numpy(one).float())


def test_a_model_that_multiplies_its_rows_has_tables_by_our_names(tmp_path: Path) -> None:
    """No class does so but BART's kin: PEFT refuses a table of a name that its model has not."""
    config = CAUSAL_PRESETS["gpt_tiny"](9)
    names = {scale: class_names(dataclasses.replace(config, scale_embeddings=scale)) for scale in (False, True)}
    assert all(one is not None and one.kind == "gpt2" for one in names.values())
    has = {scale: one is not None and "embedding.matrix.weight" in one.ours for scale, one in names.items()}
    assert has == {False: True, True: False}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", NAMES)
def test_peft_reads_it(folder_of: Folder, tmp_path: Path, name: str) -> None:
    """Its own model of our files has the weights that the formula above gives."""
    import peft

    folder, made = folder_of(name)
    import_model(folder, tmp_path / "base")
    bundle = load(tmp_path / "base")
    write_adapter(tmp_path / "adapter", bundle.config, learned_for(bundle, ["query", "value", "inner"]))
    theirs = peft.PeftModel.from_pretrained(type(made).from_pretrained(folder), tmp_path / "adapter").merge_and_unload()
    apply(tmp_path / "adapter", made)
    found = dict(theirs.named_parameters())
    for own, parameter in made.named_parameters():
        torch.testing.assert_close(found[own], parameter, rtol=1e-5, atol=1e-5)
