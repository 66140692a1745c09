"""What a tokenizer's file says decides what it is read as."""

from pathlib import Path

import pytest

from clearhead.errors import TokenizerError
from clearhead.text import BytePairTokenizer, CharacterTokenizer, Tokenizer, load_tokenizer, tokenizer_from_json


@pytest.mark.parametrize("tokenizer", [BytePairTokenizer.learn(["ab ab"], 260), CharacterTokenizer.learn(["ab"])])
def test_each_kind_is_known_by_its_file(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = load_tokenizer(tmp_path / "tokenizer.json")
    assert type(loaded) is type(tokenizer)
    assert loaded.to_json() == tokenizer.to_json() == tokenizer_from_json(tokenizer.to_json()).to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "words"}', '{"kind": "characters"}', "[" * 100_000])
def test_what_is_no_tokenizer_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(tmp_path / "tokenizer.json")
    assert str(caught.value).startswith(f"{tmp_path / 'tokenizer.json'} is not a clearhead tokenizer")
    assert "\n" not in str(caught.value)
