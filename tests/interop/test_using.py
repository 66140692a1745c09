"""What generation_config.json says of a model of ours."""

from pathlib import Path

from clearhead.bundle import load
from clearhead.interop.using import generation_of
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig

from .own_models import BERT, GPT, PAIR, write_bundle


def test_what_fills_and_classifies_writes_nothing(tmp_path: Path) -> None:
    assert generation_of(load(write_bundle(tmp_path / "ours", EncoderOnlyConfig(**BERT)))) == ({}, ())


def test_a_translation_begins_and_ends_as_here(tmp_path: Path) -> None:
    bundle = load(write_bundle(tmp_path / "ours", TransformerConfig(**PAIR)))
    found, notes = generation_of(bundle)
    tokenizer = bundle.target_tokenizer
    assert (found["decoder_start_token_id"], found["eos_token_id"]) == (tokenizer.begin, tokenizer.end)
    # What is never written here is banned there: [[id], …], as transformers wants it.
    assert [tokenizer.padding] in found["bad_words_ids"]
    assert [tokenizer.end] not in found["bad_words_ids"]
    assert notes == ()


def test_what_writes_on_has_an_end_and_a_longest(tmp_path: Path) -> None:
    bundle = load(write_bundle(tmp_path / "ours", DecoderOnlyConfig(**GPT)))
    found, _ = generation_of(bundle)
    assert found["max_length"] == 40
    assert found["eos_token_id"] == bundle.target_tokenizer.end
    assert "decoder_start_token_id" not in found
