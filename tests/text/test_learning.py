"""A kind of tokenizer by its name."""

from typing import get_args

import pytest

from clearhead.errors import TokenizerError
from clearhead.text import BytePairTokenizer, CharacterTokenizer, learn_tokenizer
from clearhead.text.learning import Kind
from clearhead.text.unigram import learn_unigram
from clearhead.text.words import learn_words


def test_each_kind_by_its_name() -> None:
    texts = ["one’s one"]
    pairs, characters = learn_tokenizer("bpe", texts, 264, ["fr"], fold=True), learn_tokenizer("characters", texts, 99)
    assert pairs.to_json() == BytePairTokenizer.learn(texts, 264, ["fr"], fold=True).to_json()
    assert characters.to_json() == CharacterTokenizer.learn(texts, 99).to_json()
    assert "’" in characters.to_json()
    unigram = learn_tokenizer("unigram", texts, 264, ["fr"], True, ["mask"], "scripts")
    assert unigram.to_json() == learn_unigram(texts, 264, ["fr"], True, ["mask"], "scripts").to_json()
    words = learn_tokenizer("words", texts, 99, ["fr"], True, ["mask"])
    assert words.to_json() == learn_words(texts, 99, ["fr"], True, ["mask"]).to_json()
    parted = learn_tokenizer("bpe", texts, 264, split="scripts")
    assert parted.to_json() == BytePairTokenizer.learn(texts, 264, split="scripts").to_json()


def test_no_text() -> None:
    for kind in get_args(Kind):
        with pytest.raises(TokenizerError, match="there is no text to learn"):
            learn_tokenizer(kind, [], 300)
