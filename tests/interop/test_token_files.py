"""A tokenizer of ours as transformers reads it; that it cuts alike is in test_exporting.py and tests/text."""

import json
from pathlib import Path

import tokenizers

from clearhead.bundle import load
from clearhead.interop.token_files import special_names, token_files
from clearhead.model.config import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig

from .own_models import BERT, GPT, LINES, PAIR, write_bundle


def test_a_source_ends_and_is_cut_alike(tmp_path: Path) -> None:
    bundle = load(write_bundle(tmp_path / "ours", TransformerConfig(**PAIR)))
    files = token_files(bundle)
    library, own = tokenizers.Tokenizer.from_str(files.document), bundle.source_tokenizer
    for line in LINES:
        assert library.encode(line).ids == [*own.encode(line), own.end]
    assert files.target_document is None
    assert json.loads(files.document)["version"] == "1.0"


def test_special_tokens_have_the_names_of_the_class(tmp_path: Path) -> None:
    """BERT's are [CLS] and [SEP] in transformers; what writes on has a beginning and an end."""
    both = load(write_bundle(tmp_path / "bert", EncoderOnlyConfig(**BERT)))
    one = load(write_bundle(tmp_path / "gpt", DecoderOnlyConfig(**GPT)))
    assert {"cls_token", "sep_token", "mask_token", "pad_token"} <= set(
        special_names(both.source_tokenizer, both.config)
    )
    names = special_names(one.source_tokenizer, one.config)
    assert {"bos_token", "eos_token", "pad_token"} <= set(names)
    assert not {"cls_token", "sep_token"} & set(names)
