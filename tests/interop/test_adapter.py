"""Adapters in PEFT's files, merged into bundles of the models that they are for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from clearhead.bundle import load
from clearhead.errors import InteropError
from clearhead.interop import import_adapter, import_model

from .conftest import write_tokenizer

TOKENS = ("반도체", "<|note|>")

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
    import peft

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


def with_new_tokens(place: Path) -> str:
    """A tokenizer.json with a token more, and a special one, as transformers' `add_tokens` gives it them."""
    library = Tokenizer.from_file(str(place))
    library.add_tokens([TOKENS[0]])
    library.add_special_tokens([TOKENS[1]])
    return str(library.to_str())


# Of each class the layers that learn, its input's table, and its output's where that is another.
TABLES: dict[str, tuple[str, list[str]]] = {
    "llama": ("q_proj", ["model.embed_tokens", "lm_head"]), "llama, tied": ("q_proj", ["model.embed_tokens"]),
    "gpt2": ("c_attn", ["transformer.wte"]), "bart": ("q_proj", ["model.shared"]), "t5": ("q", ["shared"]),
    "t5, 1.1": ("q", ["shared", "lm_head"]), "bert, classes": ("query", ["bert.embeddings.word_embeddings"]),
    "distilbert, classes": ("q_lin", ["distilbert.embeddings.word_embeddings"]),
}  # fmt: skip


def resized(made: Any, size: int, tables: list[str]) -> dict[str, torch.Tensor]:
    """transformers' own model with two rows more, and an old row that is another: what each table's rows are now."""
    before = made.get_submodule(tables[-1]).weight.detach()
    made.resize_token_embeddings(size + 2)
    if len(tables) > 1:  # T5 ties them, whatever they were.
        made.get_submodule(tables[-1]).weight = torch.nn.Parameter(torch.cat([before, torch.zeros(2, 16)]))
    found = {}
    for name in tables:
        rows = torch.randn(3, made.get_submodule(name).weight.shape[1])
        made.get_submodule(name).weight.data[[7, size, size + 1]] = rows
        found[name] = rows
    return found


@pytest.mark.parametrize("name", TABLES)
def test_rows_of_new_tokens_are_those_of_the_class(folder_of: Folder, tmp_path: Path, name: str) -> None:
    """`trainable_token_indices`: a larger model of transformers with these rows is what the import makes."""
    target, tables = TABLES[name]
    import_model(folder_of(name)[0], tmp_path / "sized")
    document = tmp_path / "sized" / "tokenizer.json"
    size = Tokenizer.from_file(str(document)).get_vocab_size()
    folder, made = folder_of(name, vocab_size=size, decoder_start_token_id=0)
    import_model(folder, tmp_path / "base")
    ids = [7, size, size + 1]
    rows = resized(made, size, tables)
    adapter = adapter_for(made, [target], tmp_path / "adapter")
    tensors = load_file(adapter / "adapter_model.safetensors")
    tensors |= {f"base_model.model.{one}.token_adapter.trainable_tokens_delta": two for one, two in rows.items()}
    save_file(tensors, adapter / "adapter_model.safetensors")
    indices = ids if len(tables) == 1 else dict.fromkeys(tables, ids)
    values = {**SETTINGS, "trainable_token_indices": indices}
    (adapter / "adapter_config.json").write_text(json.dumps(values), encoding="utf-8")
    made.save_pretrained(tmp_path / "changed")
    for place in (adapter, tmp_path / "changed"):
        (place / "tokenizer.json").write_text(with_new_tokens(document), encoding="utf-8")
    named = folder / "tokenizer_config.json"
    if named.is_file():
        (tmp_path / "changed" / "tokenizer_config.json").write_bytes(named.read_bytes())
    import_model(tmp_path / "changed", tmp_path / "wanted")
    report = import_adapter(adapter, tmp_path / "base", tmp_path / "out")
    assert (report.tokens, report.new) == (3, 2)
    wanted, found = (load(tmp_path / one) for one in ("wanted", "out"))
    theirs = dict(wanted.model.named_parameters())
    for own, parameter in found.model.named_parameters():
        torch.testing.assert_close(parameter, theirs[own], rtol=1e-5, atol=1e-5)
    for text in (f"a {TOKENS[0]}b", TOKENS[1]):
        assert found.source_tokenizer.encode(text) == wanted.source_tokenizer.encode(text)
        assert found.source_tokenizer.encode_marked(text) == wanted.source_tokenizer.encode_marked(text)
    assert size in found.source_tokenizer.encode(TOKENS[0])


@pytest.fixture
def small(folder_of: Folder, tmp_path: Path) -> tuple[Path, int]:
    """A bundle of GPT-2 whose table has no row to spare, and how many it has."""
    import_model(folder_of("gpt2", vocab_size=262)[0], tmp_path / "base")
    return tmp_path / "base", 262


GPT2 = "base_model.model.transformer"
PAIR = {f"{GPT2}.h.0.attn.c_proj.lora_A.weight": torch.ones(2, 16),
        f"{GPT2}.h.0.attn.c_proj.lora_B.weight": torch.ones(16, 2)}  # fmt: skip


def rows_of(module: str, count: int, width: int = 16) -> dict[str, torch.Tensor]:
    return {**PAIR, f"{GPT2}.{module}.token_adapter.trainable_tokens_delta": torch.ones(count, width)}


def test_rows_of_tokens_that_the_model_has(small: tuple[Path, int], tmp_path: Path) -> None:
    """Without any tokenizer.json."""
    base, size = small
    adapter = write(tmp_path / "adapter", rows_of("wte", 2), trainable_token_indices=[9, 5])
    report = import_adapter(adapter, base, tmp_path / "out")
    assert (report.tokens, report.new) == (2, 0)
    before, after = (load(one).model.embedding.matrix.weight for one in (base, tmp_path / "out"))
    others = [one for one in range(size) if one not in (5, 9)]
    assert (after[[5, 9]] == 1).all()
    assert torch.equal(after[others], before[others])


@pytest.mark.parametrize(
    ("tensors", "indices", "added", "message"),
    [
        (rows_of("wpe", 1), {"wpe": [3]}, False, "has trainable_token_indices=.* modules that have a row a token$"),
        (rows_of("wte", 1), [262], False, "expected ids below 262, as neither the model nor a tokenizer.json"),
        (rows_of("wte", 1), [264], True, "expected ids below 264, as neither the model nor a tokenizer.json"),
        (rows_of("wte", 1), [262], True, "has a token 263, of which the adapter has no row for embedding.matrix"),
        (rows_of("wte", 2, 8), [262, 263], True, r"a matrix of shape \(2, 8\), but the model has \(2, 16\) there"),
    ],
)  # fmt: skip
def test_rows_that_have_no_place(
    small: tuple[Path, int], tmp_path: Path, tensors: dict[str, torch.Tensor], indices: Any, added: bool, message: str
) -> None:
    adapter = write(tmp_path / "adapter", tensors, trainable_token_indices=indices)
    if added:
        (adapter / "tokenizer.json").write_text(with_new_tokens(small[0] / "tokenizer.json"), encoding="utf-8")
    with pytest.raises(InteropError, match=message) as caught:
        import_adapter(adapter, small[0], tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_rows_beside_a_masked_head_are_refused(folder_of: Folder, tmp_path: Path) -> None:
    import_model(folder_of("distilbert")[0], tmp_path / "base")
    lin = "base_model.model.distilbert.transformer.layer.0.attention.q_lin"
    tensors = {f"{lin}.lora_A.weight": torch.ones(2, 16), f"{lin}.lora_B.weight": torch.ones(16, 2)}
    table = "base_model.model.distilbert.embeddings.word_embeddings"
    tensors[f"{table}.token_adapter.trainable_tokens_delta"] = torch.ones(1, 16)
    adapter = write(tmp_path / "adapter", tensors, trainable_token_indices=[5])
    with pytest.raises(
        InteropError, match=r"has trainable_token_indices=\[5\], .* expected none beside a masked head$"
    ):
        import_adapter(adapter, tmp_path / "base", tmp_path / "out")


def test_a_table_that_peft_saved_whole_after_it_grew(small: tuple[Path, int], tmp_path: Path) -> None:
    """`save_embedding_layers`: both names of a tied table, which must be one."""
    base, size = small
    table = torch.randn(size + 2, 16)
    both = {f"{GPT2}.wte.weight": table, "base_model.model.lm_head.weight": table.clone()}
    adapter = write(tmp_path / "adapter", PAIR | both)
    (adapter / "tokenizer.json").write_text(with_new_tokens(base / "tokenizer.json"), encoding="utf-8")
    import_adapter(adapter, base, tmp_path / "out")
    assert torch.equal(load(tmp_path / "out").model.embedding.matrix.weight, table)
    both["base_model.model.lm_head.weight"][0, 0] += 1
    save_file(PAIR | both, adapter / "adapter_model.safetensors")
    with pytest.raises(InteropError, match=r"wte.weight are one matrix in the model and two in the adapter; name the"):
        import_adapter(adapter, base, tmp_path / "again")
