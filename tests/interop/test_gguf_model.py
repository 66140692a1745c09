"""A Llama in GGUF is the one in a folder, its rows put back; and what we lack is refused by its name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearhead
from clearhead.errors import InteropError
from clearhead.interop.gguf_model import NAMES
from clearhead.interop.importing import import_model

from .conftest import LLAMA3, Folder
from .test_gguf_rotary import divisors

gguf = pytest.importorskip("gguf")


def permuted(numbers: np.ndarray, heads: int) -> np.ndarray:
    """As convert_hf_to_gguf.py of llama.cpp orders the rows of q and k."""
    return numbers.reshape(heads, 2, len(numbers) // heads // 2, -1).swapaxes(1, 2).reshape(numbers.shape)


def converted(folder: Path, model: Any, path: Path, **changes: Any) -> None:
    config, document = model.config, json.loads((folder / "tokenizer.json").read_text())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    vocabulary = document["model"]["vocab"]
    tokens = [*sorted(vocabulary, key=vocabulary.__getitem__)]
    tokens += [f"[unused{number}]" for number in range(len(tokens), config.vocab_size)]
    special = {one["content"] for one in document["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(changes.get("pre", "gpt-2"))
    writer.add_token_list(tokens)
    writer.add_token_types([3 if one in special or one.startswith("[unused") else 1 for one in tokens])
    writer.add_token_merges([" ".join(pair) for pair in document["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    if "template" in changes:
        writer.add_chat_template(changes["template"])
    if "scaling" in changes:
        writer.add_rope_scaling_type(changes["scaling"])
        writer.add_rope_scaling_factor(4.0)
    if "divisors" in changes:
        writer.add_tensor("rope_freqs.weight", changes["divisors"])
    theirs = {own: its for its, own in NAMES.items()}
    for name, tensor in model.state_dict().items():
        *layer, part = name.removeprefix("model.").removesuffix(".weight").partition("layers.")[2].split(".", 1)
        part = part or name.removeprefix("model.").removesuffix(".weight")
        numbers = tensor.numpy()
        if part.endswith(("q_proj", "k_proj")):
            heads = config.num_attention_heads if part.endswith("q_proj") else config.num_key_value_heads
            numbers = permuted(numbers, heads)
        writer.add_tensor(f"{f'blk.{layer[0]}.' if layer else ''}{theirs[part]}.weight", np.ascontiguousarray(numbers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_gives_the_bundle_of_its_folder(folder_of: Folder) -> None:
    folder, theirs = folder_of("llama")
    converted(folder, theirs, folder.parent / "it.gguf")
    reports = [import_model(folder, folder.parent / "a"), import_model(folder.parent / "it.gguf", folder.parent / "b")]
    assert reports[0].parameters == reports[1].parameters
    first, second = ((folder.parent / one / "model.safetensors").read_bytes() for one in "ab")
    assert first == second
    a, b = (clearhead.load(folder.parent / one) for one in "ab")
    assert a.config == b.config
    for line in ("the animal did not", "나는 길을 🙂", "a  b\tc</s>"):
        assert a.encode(line) == b.encode(line)
    assert a.generate("the", beam_size=1, max_tokens=5) == b.generate("the", beam_size=1, max_tokens=5)
    assert b.settings.task == "language-modelling"


def test_scaled_rotary_positions_are_those_of_the_folder(folder_of: Folder) -> None:
    """Linear by its setting; Llama 3.1's by the table that convert_hf_to_gguf.py makes of the same four numbers."""
    folder, theirs = folder_of("llama, linear", attention_bias=False)
    converted(folder, theirs, folder.parent / "it.gguf", scaling=gguf.RopeScalingType.LINEAR)
    import_model(folder, folder.parent / "a")
    import_model(folder.parent / "it.gguf", folder.parent / "b")
    assert clearhead.load(folder.parent / "a").config == clearhead.load(folder.parent / "b").config


def test_llama3_s_table_is_told_by_its_settings(folder_of: Folder) -> None:
    rope = {**LLAMA3, "rope_theta": 30000.0, "original_max_position_embeddings": 8192}
    folder, theirs = folder_of("llama, as 3.1", attention_bias=False, mlp_bias=False, rope_parameters=rope)
    table = divisors(12, 30000.0, 8.0)
    assert len({*table.tolist()}) > 2
    converted(folder, theirs, folder.parent / "it.gguf", divisors=table)
    import_model(folder, folder.parent / "a")
    report = import_model(folder.parent / "it.gguf", folder.parent / "b")
    assert report.ignored == {"rope_freqs.weight": "a table that a formula gives"}
    assert clearhead.load(folder.parent / "a").config == clearhead.load(folder.parent / "b").config
    converted(folder, theirs, folder.parent / "it.gguf", divisors=table + 1)
    with pytest.raises(InteropError, match=r"rope_freqs\.weight, which is not as Llama 3\.1 scales"):
        import_model(folder.parent / "it.gguf", folder.parent / "b")


def test_a_template_makes_it_answer(folder_of: Folder) -> None:
    folder, theirs = folder_of("llama")
    template = "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{{ eos_token }}{% endfor %}"
    converted(folder, theirs, folder.parent / "it.gguf", template=template)
    import_model(folder.parent / "it.gguf", folder.parent / "b")
    bundle = clearhead.load(folder.parent / "b")
    ids = bundle.encode("the")
    assert (ids[0], ids[-1], bundle.source_tokenizer.decode(ids)) == (1, 2, "the")
    assert bundle.chat("the", beam_size=1, max_tokens=3) == "".join(
        bundle.chat_stream("the", beam_size=1, max_tokens=3)
    )
    assert isinstance(bundle.generate("the", beam_size=1, max_tokens=3), str)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pre": "deepseek-v3"}, r"tokenizer\.ggml\.pre='deepseek-v3', which clearhead has not"),
        ({"scaling": gguf.RopeScalingType.YARN}, r"llama\.rope\.scaling\.type='yarn', which clearhead has not"),
    ],
)
def test_what_clearhead_has_not_is_refused_by_its_name(changes: Any, said: str, folder_of: Folder) -> None:
    folder, theirs = folder_of("llama")
    converted(folder, theirs, folder.parent / "it.gguf", **changes)
    with pytest.raises(InteropError, match=said):
        import_model(folder.parent / "it.gguf", folder.parent / "b")
