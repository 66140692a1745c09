"""Encoder-decoders, imported: what they compute is what `transformers` computes, in C and in PyTorch. T5's too."""

import dataclasses
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import clearhead
from clearhead.decoding import SearchOptions
from clearhead.errors import InteropError
from clearhead.interop.importing import import_model

from .conftest import PAIRS, Folder

LINES = ["the animal did not cross the street", "ab ba abba", "나는 길을 🙂 12"]
SOURCES = [[5, 6, 7, 8, 9, 4, 11, 12, 1], [30, 4, 51, 60, 70, 1], [101, 1]]


def imported(folder: Path) -> clearhead.Bundle:
    import_model(folder, folder.parent / "ours")
    return clearhead.load(folder.parent / "ours")


def start_of(model: Any) -> int:
    config = model.generation_config
    return int(model.config.pad_token_id if config.decoder_start_token_id is None else config.decoder_start_token_id)


def generated(model: Any, ids: list[int], **settings: Any) -> list[int]:
    """Greedily, without what is forced at the first place or the last, or ends it."""
    config = model.generation_config
    config.forced_bos_token_id = config.forced_eos_token_id = config.eos_token_id = None
    with torch.no_grad():
        found = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), max_new_tokens=20,
            do_sample=False, num_beams=1, decoder_start_token_id=start_of(model), **settings,
        )  # fmt: skip
    return found[0, 1:].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", PAIRS)
def test_logits_are_those_of_transformers(name: str, folder_of: Folder) -> None:
    folder, theirs = folder_of(name)
    bundle, target = imported(folder), [start_of(theirs), 9, 8, 7, 6, 50]
    runtime = bundle._serving.engine("fp32").runtime
    assert type(runtime).__name__ == "CompiledRuntime"
    for source in SOURCES:
        ids, inputs = torch.tensor([source]), torch.tensor([target])
        with torch.no_grad():
            expected = theirs(input_ids=ids, decoder_input_ids=inputs).logits
            torch.testing.assert_close(bundle.model(ids, inputs), expected, atol=1e-4, rtol=0)
        state = runtime.begin([source], len(target))
        for place, token in enumerate(target):
            state.advance(np.array([[token]]), None)
            told = torch.from_numpy(state.log_probabilities()[0, 0])
            torch.testing.assert_close(told, expected[0, place].log_softmax(-1), atol=1e-4, rtol=0)


@pytest.mark.parametrize("precision", ["bf16", "int8"])
@pytest.mark.parametrize("name", PAIRS)
def test_fewer_bits_tell_nearly_the_same(name: str, precision: Any, folder_of: Folder) -> None:
    folder, theirs = folder_of(name)
    state = imported(folder)._serving.engine(precision).runtime.begin([SOURCES[0]], 1)
    state.advance(np.array([[start_of(theirs)]]), None)
    with torch.no_grad():
        ids, inputs = torch.tensor([SOURCES[0]]), torch.tensor([[start_of(theirs)]])
        expected = theirs(input_ids=ids, decoder_input_ids=inputs).logits[0, 0].log_softmax(-1)
    assert np.corrcoef(state.log_probabilities()[0, 0], expected)[0, 1] > 0.98


@pytest.mark.parametrize("name", PAIRS)
def test_greedy_is_that_of_transformers(name: str, folder_of: Folder) -> None:
    folder, theirs = folder_of(name)
    engine = imported(folder)._serving.engine("fp32")
    options = SearchOptions(begin=start_of(theirs), end=319, beam_size=1)
    for source in SOURCES:
        [[found]] = engine.translate([source], options)
        expected = generated(theirs, source)
        count = min(len(found.tokens), len(expected))
        assert list(found.tokens)[:count] == expected[:count]


def test_what_writes_summaries_summarises(folder_of: Folder) -> None:
    """A matrix that is stored once is told by our name for its other places."""
    summaries = {"task_specific_params": {"summarization": {"num_beams": 4}}}
    for name, changes, task in (
        ("pegasus", {}, "summarisation"),
        ("bart", {}, "translation"),
        ("bart", summaries, "summarisation"),
    ):
        folder, _ = folder_of(name)
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps({**settings, **changes}), encoding="utf-8")
        report = import_model(folder, folder.parent / "ours")
        assert report.task == task
        assert dict(report.tied)["output.matrix.weight"] == "shared.weight"
    assert clearhead.load(folder.parent / "ours").settings.beam_size == 4


def test_two_vocabularies(folder_of: Folder) -> None:
    """As OPUS-MT's newer models: an embedding for each side, and the output's is the target's."""
    folder, theirs = folder_of("marian", share_encoder_decoder_embeddings=False, decoder_vocab_size=320)
    bundle = imported(folder)
    assert bundle.config.share_embeddings == "target"
    ids, inputs = torch.tensor([SOURCES[0]]), torch.tensor([[319, 5, 6]])
    with torch.no_grad():
        expected = theirs(input_ids=ids, decoder_input_ids=inputs).logits
        torch.testing.assert_close(bundle.model(ids, inputs), expected, atol=1e-4, rtol=0)


def test_marian_s_ids_are_those_of_its_own_tokenizer(folder_of: Folder) -> None:
    from transformers import MarianTokenizer

    folder, _ = folder_of("marian")
    bundle, files = imported(folder), [str(folder / f"{one}.spm") for one in ("source", "target")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It recommends a package that normalises punctuation, which we do not.
        theirs = MarianTokenizer(*files, str(folder / "vocab.json"))
    for line in ("the animal did not cross", "ab ba abba 1,2", "x abX", "나는 ab", "aXXb QX나는", "나"):
        assert bundle.encode(line) == theirs(line)["input_ids"]
    for line in ("나는 너무 피곤해서 길을", "ba 않았다 1", "qab", "theq thqeq", "qq 1"):
        tokenizer, wanted = bundle.target_tokenizer, theirs(text_target=line)["input_ids"]
        assert [*tokenizer.encode(line), tokenizer.end] == wanted
    # What only the source is cut into can be written all the same.
    written = [one for one in bundle.encode("the animal did not cross") if one != bundle.target_tokenizer.end]
    assert bundle.decode(written) == theirs.decode(written) == "the animal did not cross"
    assert (
        bundle.target_tokenizer.token_bytes[written[0]]
        == theirs.convert_ids_to_tokens(written[0]).replace("▁", " ").encode()
    )


@pytest.mark.parametrize("name", PAIRS)
def test_a_text_is_translated_as_transformers_translates_its_ids(name: str, folder_of: Folder) -> None:
    """What is never written is banned there too: padding, what is unknown, and what asks for a language."""
    folder, theirs = folder_of(name)
    bundle = imported(folder)
    options = bundle._by_task.translating("search").options(1, 1, None, None)
    banned = [[one] for one in options.suppressed if one != options.end]
    opening, engine = bundle.target_tokenizer.opening, bundle._serving.engine("fp32")
    for line in LINES:
        # These models are random, and write halves of characters where they may.
        anything = dataclasses.replace(options, utf8=None)
        [[found]] = engine.translate([bundle.encode(line)], anything, prefixes=[opening])
        given = torch.tensor([[start_of(theirs), *opening]])
        expected = generated(theirs, bundle.encode(line), bad_words_ids=banned, decoder_input_ids=given)
        tokens = list(found.tokens)
        count = min(len(tokens), len(expected))
        assert count
        assert tokens[:count] == expected[:count]


def test_a_first_token_that_is_forced_is_written_and_not_read(folder_of: Folder) -> None:
    """As bart-large's, without which its first word is often wrong."""
    folder, _ = folder_of("bart")
    settings = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    settings |= {"forced_bos_token_id": 0, "num_beams": 2, "no_repeat_ngram_size": 3}
    (folder / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    report = import_model(folder, folder.parent / "ours")
    assert not any("ngram" in name for name in report.ignored)
    bundle = clearhead.load(folder.parent / "ours")
    assert bundle.settings.beam_size == 2
    for found in bundle.search([LINES[0]], beam_size=2)[0]:
        assert found.tokens[0] == 0
        assert "<s>" not in found.text
    assert bundle.score([LINES[0]], ["the street"])[0].tokens[0] == 0


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("normalize_before", True, "normalize_before=True, which clearhead cannot take; expected False"),
        ("static_position_embeddings", False, "static_position_embeddings=False"),
        ("decoder_attention_heads", 2, "decoder_attention_heads=2, .* expected 4"),
        ("decoder_ffn_dim", 8, "decoder_ffn_dim=8"),
        ("activation_function", "mish", "activation_function='mish'"),
        ("d_model", "16", "d_model='16', which clearhead cannot take; expected a whole number"),
        ("d_model", 32, "which is not what the settings say"),
    ],
)
def test_what_clearhead_lacks_is_refused_by_its_key_and_value(
    key: str, value: Any, message: str, folder_of: Folder
) -> None:
    folder, _ = folder_of("marian")
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**settings, key: value}), encoding="utf-8")
    with pytest.raises(InteropError, match=message):
        import_model(folder, folder.parent / "ours")


def test_a_table_of_positions_that_is_none_of_the_formula_is_refused(folder_of: Folder) -> None:
    folder, _ = folder_of("pegasus")
    tensors = load_file(folder / "model.safetensors")
    name = "model.encoder.embed_positions.weight"
    save_file({**tensors, name: tensors[name].half().float()}, folder / "model.safetensors")
    import_model(folder, folder.parent / "ours")
    save_file({**tensors, name: tensors[name] + 0.1}, folder / "model.safetensors")
    with pytest.raises(InteropError, match=r"embed_positions\.weight, which is no table of sinusoids"):
        import_model(folder, folder.parent / "ours")


@pytest.mark.parametrize("name", ["marian", "t5"])
def test_a_tensor_that_is_missing_or_unknown_is_refused_by_its_name(name: str, folder_of: Folder) -> None:
    folder, _ = folder_of(name)
    tensors = load_file(folder / "model.safetensors")
    missing = next(one for one in tensors if one.endswith("norm.weight"))
    save_file({one: value for one, value in tensors.items() if one != missing}, folder / "model.safetensors")
    with pytest.raises(InteropError, match=f"the weights have no {missing.removeprefix('model.')}"):
        import_model(folder, folder.parent / "ours")
    save_file({**tensors, "encoder.more": torch.ones(1)}, folder / "model.safetensors")
    with pytest.raises(InteropError, match=r"the weights have encoder\.more, which clearhead has no place for"):
        import_model(folder, folder.parent / "ours")
