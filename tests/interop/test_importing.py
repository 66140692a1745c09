"""What is imported computes what `transformers` computes, in C and in PyTorch; and what does not fit is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import clearhead
from clearhead.decoding import SearchOptions
from clearhead.decoding.requests import requests_for
from clearhead.errors import BundleError, InteropError
from clearhead.interop.importing import import_model

from .conftest import CAUSAL, CLASSES, Folder

IDS = [[5, 6, 7, 8, 9, 4, 11, 12], [30, 4, 51, 60, 70], [101]]


def bundle_of(folder: Path) -> clearhead.Bundle:
    import_model(folder, folder.parent / "ours")
    return clearhead.load(folder.parent / "ours")


def theirs_of(model: Any, ids: list[int]) -> Any:
    with torch.no_grad():
        return model(torch.tensor([ids]))


@pytest.mark.parametrize("name", CLASSES)
def test_logits_are_those_of_transformers(name: str, folder_of: Folder) -> None:
    """Within 1e-4 in our PyTorch and in C, whatever the class's head tells."""
    folder, theirs = folder_of(name)
    bundle = bundle_of(folder)
    runtime = bundle._serving.engine("fp32").runtime
    assert type(runtime).__name__ == "CompiledRuntime"
    for ids in IDS:
        expected, [vectors] = theirs_of(theirs, ids), runtime.read([ids], causal=name in CAUSAL)
        if "discriminator" in name:
            expected = theirs_of(theirs.electra, ids)
        if (logits := getattr(expected, "logits", getattr(expected, "prediction_logits", None))) is None:
            np.testing.assert_allclose(vectors, expected.last_hidden_state[0], atol=1e-4)
            continue
        is_class = "classes" in name
        told = runtime.class_log_probabilities([vectors])[0] if is_class else runtime.token_log_probabilities(vectors)
        np.testing.assert_allclose(told, logits[0].log_softmax(-1), atol=1e-4)
        with torch.no_grad():
            found = bundle.model(torch.tensor([ids]))
        found = found if name in CAUSAL else found.classes if is_class else found.logits
        torch.testing.assert_close(found, logits, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("name", "changes"),
    [("llama, as 3.1", {}), ("llama, linear", {}), ("qwen3", {"attention_bias": True}), ("llama", {"mlp_bias": True})],
)
def test_logits_at_all_positions_are_those_of_transformers(
    name: str, changes: dict[str, Any], folder_of: Folder
) -> None:
    """40 of them, of which Llama 3.1's 16 are the original length; and with biases in each layer."""
    folder, theirs = folder_of(name, **changes)
    bundle = bundle_of(folder)
    runtime = bundle._serving.engine("fp32").runtime
    ids = torch.randint(3, 300, (40,), generator=torch.Generator().manual_seed(3)).tolist()
    [vectors], logits = runtime.read([ids], causal=True), theirs_of(theirs, ids).logits
    np.testing.assert_allclose(runtime.token_log_probabilities(vectors), logits[0].log_softmax(-1), atol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(bundle.model(torch.tensor([ids])), logits, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", CAUSAL)
def test_greedy_is_that_of_transformers(name: str, folder_of: Folder) -> None:
    folder, theirs = folder_of(name)
    engine = bundle_of(folder)._serving.engine("fp32")
    options = SearchOptions(begin=1, end=319, beam_size=1)
    for ids in IDS:
        expected = theirs.generate(
            torch.tensor([ids]), max_new_tokens=20, do_sample=False, eos_token_id=319, pad_token_id=319
        )[0, len(ids) :].tolist()
        requests = requests_for(engine.runtime.sizes, [ids[:-1]], options, begins=[ids[-1]])
        [[found]] = list(engine.results(requests))
        assert list(found.tokens)[: len(expected)] == expected


@pytest.mark.parametrize("name", CLASSES)
def test_ids_are_those_of_the_files(name: str, folder_of: Folder) -> None:
    """What is made of older files is compared with its library in tests/text/test_built.py."""
    from transformers import PreTrainedTokenizerFast

    folder, _ = folder_of(name)
    bundle = bundle_of(folder)
    own = PreTrainedTokenizerFast(tokenizer_file=str(folder.parent / "ours" / "tokenizer.json"))
    for line in ("the animal did not", "나는 길을 🙂", "", "a  b\tc"):
        assert bundle.encode(line or "a") == own(line or "a")["input_ids"]
    if (folder / "tokenizer.json").is_file():
        ours = (folder.parent / "ours" / "tokenizer.json").read_bytes()
        assert ours == (folder / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert", "roberta", "distilbert", "electra"])
def test_names_may_have_the_prefix_of_the_base_model_or_not(name: str, folder_of: Folder) -> None:
    folder, theirs = folder_of(name)
    prefix = f"{theirs.base_model_prefix}."
    tensors = load_file(folder / "model.safetensors")
    assert any(one.startswith(prefix) for one in tensors)
    first = import_model(folder, folder.parent / "first")
    save_file({one.removeprefix(prefix): value for one, value in tensors.items()}, folder / "model.safetensors")
    second = import_model(folder, folder.parent / "second")
    assert (second.used, second.parameters) == (first.used, first.parameters)
    weights = [(folder.parent / one / "model.safetensors").read_bytes() for one in ("first", "second")]
    assert weights[0] == weights[1]


def test_what_is_tied_is_what_the_tensors_say(folder_of: Folder) -> None:
    """Both in the file and different: not tied, whatever config.json says. Equal, or one missing: tied."""
    folder, _ = folder_of("llama, tied")
    report = import_model(folder, folder.parent / "ours")
    assert report.tied == (("lm_head.weight", "embed_tokens.weight"),)
    tensors = load_file(folder / "model.safetensors")
    table = tensors["model.embed_tokens.weight"]
    save_file({**tensors, "lm_head.weight": table + 1}, folder / "model.safetensors")
    assert import_model(folder, folder.parent / "ours").tied == ()
    save_file({**tensors, "lm_head.weight": table.clone()}, folder / "model.safetensors")
    report = import_model(folder, folder.parent / "ours")
    assert report.tied
    assert report.ignored == {"lm_head.weight": "tied"}
    del tensors["model.embed_tokens.weight"]
    save_file({**tensors, "lm_head.weight": table}, folder / "model.safetensors")
    assert import_model(folder, folder.parent / "ours").parameters == report.parameters


def test_old_names_of_norms_are_known(folder_of: Folder) -> None:
    folder, _ = folder_of("bert")
    first = import_model(folder, folder.parent / "ours")
    tensors = load_file(folder / "model.safetensors")
    older = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in tensors.items()
    }
    assert older.keys() != tensors.keys()
    save_file({**older, "bert.embeddings.position_ids": torch.arange(40)}, folder / "model.safetensors")
    report = import_model(folder, folder.parent / "ours")
    assert report.used == first.used
    assert report.ignored == {"embeddings.position_ids": "numbers in a row"}


def test_halves_stay_halves(folder_of: Folder) -> None:
    folder, _ = folder_of("bert")
    tensors = {name: value.half() for name, value in load_file(folder / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors")
    bundle = bundle_of(folder)
    size = (folder.parent / "ours" / "model.safetensors").stat().st_size
    assert size < 3 * bundle._serving.parameters
    found = bundle.model.embedding.matrix.weight
    torch.testing.assert_close(found, tensors["bert.embeddings.word_embeddings.weight"].float(), atol=0, rtol=0)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("llama", {"attention_bias": True}, "the weights have no layers.0.self_attn.q_proj.bias"),
        ("llama", {"hidden_act": "mish"}, "hidden_act='mish', which clearhead cannot take; expected 'silu'"),
        ("llama", {"model_type": "mamba"}, "model_type='mamba'; clearhead imports bart, "),
        ("llama", {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1.0}}, "rope_type='yarn', which clearhead"),
        ("llama", {"num_hidden_layers": 3}, "no layers.2."),
        ("llama", {"num_hidden_layers": 1}, "have layers.1.[a-z_.]+, which clearhead has no place for"),
        ("llama", {"intermediate_size": 25}, "has shape \\(24, 16\\), which is not what the settings say"),
        ("llama", {"hidden_size": "16"}, "hidden_size='16', which clearhead cannot take; expected a whole number"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx=True"),
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type='relative_key'"),
        ("bert", {"is_decoder": True}, "is_decoder=True"),
        ("bert", {"vocab_size": None}, "has shape"),
        ("roberta", {"hidden_act": "relu"}, "hidden_act='relu'"),
    ],
)
def test_what_clearhead_has_not_is_refused_by_key_and_value(
    name: str, changes: dict[str, Any], said: str, folder_of: Folder
) -> None:
    folder, _ = folder_of(name)
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, **changes}))
    with pytest.raises(InteropError, match=said) as caught:
        import_model(folder, folder.parent / "ours")
    assert "\n" not in str(caught.value)
    assert not (folder.parent / "ours").exists()


def test_a_tensor_that_is_missing_or_unknown_is_an_error(folder_of: Folder) -> None:
    folder, _ = folder_of("bert, classes")
    tensors = load_file(folder / "model.safetensors")
    save_file({**tensors, "adapter.down": torch.ones(2)}, folder / "model.safetensors")
    with pytest.raises(InteropError, match=r"the weights have adapter\.down, which clearhead has no place for"):
        import_model(folder, folder.parent / "ours")
    del tensors["bert.pooler.dense.bias"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(InteropError, match=r"the weights have no pooler\.dense\.bias, which this model needs"):
        import_model(folder, folder.parent / "ours")


def test_labels_are_those_of_the_tensor(folder_of: Folder) -> None:
    """num_labels and id2label may contradict it in old files."""
    folder, _ = folder_of("bert, classes", id2label={0: "bad", 1: "so so", 2: "good"})
    assert set(bundle_of(folder).classify("a").probabilities) == {"bad", "so so", "good"}
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, "id2label": {"0": "bad", "1": "good"}}))
    assert set(bundle_of(folder).classify("a").probabilities) == {"LABEL_0", "LABEL_1", "LABEL_2"}


def test_nothing_but_a_bundle_is_replaced(folder_of: Folder) -> None:
    folder, _ = folder_of("bert")
    (folder.parent / "ours").mkdir()
    (folder.parent / "ours" / "mine.txt").write_text("mine")
    with pytest.raises(BundleError, match="is no bundle, so it is not replaced"):
        import_model(folder, folder.parent / "ours")


def test_the_report_says_what_was_done(folder_of: Folder) -> None:
    folder, _ = folder_of("bert, both heads")
    said = str(import_model(folder, folder.parent / "ours")).split("\n")
    assert said[0].startswith("bert: ")
    assert said[0].endswith(" parameters, for masked-language-modelling")
    assert said[2] == "tied: cls.predictions.decoder.weight is embeddings.word_embeddings.weight"
    assert said[3].startswith("ignored: cls.seq_relationship.bias (a head that tells whether sentences follow")


def test_what_ends_a_text_and_how_it_is_drawn_is_generation_configs(folder_of: Folder) -> None:
    """Any of several ends ends it, as in `transformers`; the text has none of them."""
    folder, theirs = folder_of("llama")
    bundle = bundle_of(folder)
    free = bundle.generations(["the"], beam_size=1, max_tokens=12)[0][0]
    third = free.tokens[2]
    values = {"eos_token_id": [2, third], "do_sample": True, "temperature": 0.5, "top_k": 7, "typical_p": 0.9}
    (folder / "generation_config.json").write_text(json.dumps(values))
    report = import_model(folder, folder.parent / "ours")
    assert report.ignored == {"typical_p=0.9": "a rule of decoding that clearhead has not"}
    bundle = clearhead.load(folder.parent / "ours")
    assert bundle.settings.ends == (third,)
    assert bundle.settings.sampling == {"temperature": 0.5, "top_k": 7}
    found = bundle.generations(["the"], beam_size=1, max_tokens=12)[0][0]
    assert found.tokens == free.tokens[: free.tokens.index(third) + 1]
    ids = torch.tensor([bundle.encode("the")])
    expected = theirs.generate(ids, max_new_tokens=12, do_sample=False, eos_token_id=[2, third], pad_token_id=0)
    assert expected[0, ids.shape[1] :].tolist() == list(found.tokens)
    assert "".join(bundle.generate_stream("the", beam_size=1, max_tokens=12)) == found.text


def test_a_model_that_is_not_to_draw_takes_the_most_probable_token(folder_of: Folder) -> None:
    """do_sample: false. Whoever says how to draw, or wants several texts, has them drawn."""
    folder, _ = folder_of("llama")
    (folder / "generation_config.json").write_text(json.dumps({"do_sample": False, "eos_token_id": 2}))
    bundle = bundle_of(folder)
    found = bundle.generations(["the"], max_tokens=12)[0][0]
    assert found.tokens == bundle.generations(["the"], beam_size=1, max_tokens=12)[0][0].tokens
    assert "".join(bundle.generate_stream("the", max_tokens=12)) == found.text
    drawn = bundle.generations(["the"], max_tokens=12, sampling=clearhead.Sampling(temperature=3.0))[0][0]
    assert drawn.tokens != found.tokens
    assert len({one.tokens for one in bundle.generations(["the"], n=3, max_tokens=12)[0]}) == 3


@pytest.mark.parametrize("name", CLASSES)
def test_every_number_can_be_seen_and_recomputed(name: str, folder_of: Folder) -> None:
    folder, _ = folder_of(name)
    trace = bundle_of(folder).trace("the animal")
    results = trace.check()
    assert len(results) > 20
    assert [str(one.operation.name) for one in results if not one.agrees] == []


def test_the_commands_answer_for_what_is_imported(folder_of: Folder, tmp_path: Path) -> None:
    """By the C runtime in each of its precisions."""
    for precision in ("fp32", "bf16", "int8"):
        folder, _ = folder_of("roberta")
        import_model(folder, tmp_path / "masked")
        masked = clearhead.load(tmp_path / "masked", precision=precision)  # type: ignore[arg-type]
        filled = masked.fill("the [MASK] did", n=3)
        assert [one.text for one in filled.fillings[0]] in (["t", "the"], ["the", "t"])  # With a space: these alone.
        assert filled.text in ("the t did", "the the did")
        assert masked.embed(["the"]).shape == (1, 16)
        folder, _ = folder_of("roberta, classes")
        import_model(folder, tmp_path / "classes")
        classes = clearhead.load(tmp_path / "classes", precision=precision)  # type: ignore[arg-type]
        assert sum(classes.classify("the").probabilities.values()) == pytest.approx(1)
        folder, _ = folder_of("qwen2")
        import_model(folder, tmp_path / "causal")
        causal = clearhead.load(tmp_path / "causal", precision=precision)  # type: ignore[arg-type]
        assert len(causal.generations(["the"], beam_size=2, n=2, max_tokens=4)[0]) == 2


def test_roberta_fills_as_transformers_does(folder_of: Folder) -> None:
    """Its mask takes the space before it, and a piece of a word has one of its own."""
    folder, theirs = folder_of("roberta")
    bundle = bundle_of(folder)
    [filling] = bundle.fill("the [MASK]", n=1).fillings
    ids = [0, *bundle.source_tokenizer.encode("the"), 4, 2]
    spaced = [one for one, text in enumerate(bundle.source_tokenizer.token_bytes) if text and text[:1] == b" " != text]
    with torch.no_grad():
        logits = theirs(torch.tensor([ids])).logits[0, -2]
    assert filling[0].token == max(spaced, key=lambda one: float(logits[one]))
    assert filling[0].probability == pytest.approx(logits.softmax(-1)[filling[0].token].item(), abs=1e-5)
