"""faults.md B1: what phones and word processors type is read as what corpora hold."""

import unicodedata

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from clearhead.text import BytePairTokenizer, is_blank
from clearhead.text.folding import FIRST, THEN, folded

SENTENCES = ['the cat didn\'t see the "dog" in the street', "l'eau de la rue", "고양이가 거리에서 개를 본다"] * 3
FOLDING = BytePairTokenizer.learn(SENTENCES, 330, ["fr"], fold=True)
PLAIN = BytePairTokenizer.learn(SENTENCES, 330, ["fr"])

VARIANTS = [
    ("didn’t", "didn't"),
    ("didn‘t", "didn't"),
    ("didn‛t", "didn't"),
    ("didnʼt", "didn't"),
    ("didn′t", "didn't"),
    ("didn´t", "didn't"),
    ("didn`t", "didn't"),
    ("‚a‘ “b” „c‟ 5′ 6″", '\'a\' "b" "c" 5\' 6"'),
    ("a\u00a0b\u202fc\u2009d\u2003e\u3000f\u2007g\u205fh\u1680i\u200aj\u2028k\u2029l", "a b c d e f g h i j k l"),
    ("str\u00adeet", "street"),
    ("\ufeffthe\u200b cat\u2060", "the cat"),
    ("\u202athe\u202c \u200ecat\u200f \u2067dog\u2069 \u061c", "the cat dog "),
    ("c\u200da\u200ct", "cat"),
    ("cat\U000e0064\U000e006f\U000e0067", "cat"),
    ("\u3164cat\uffa0", "cat"),
    ("e\u200b\u0301", "é"),
    ("e\u034f\u0301`a", "é'a"),
    ("\U000e007f\u200c", ""),
    ("  two  spaces\t ", "  two  spaces\t "),
]
KEPT = [
    "« Bonjour ! » ‹ a › – — … ！？：",
    "```code``` `a` ´",
    "क्\u200dष می\u200cخواهم ක්\u200dෂ",
    "👩\u200d👩\u200d👧\u200d👦 👩🏽\u200d🚀 🏳️\u200d🌈",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ❤️\u200d🔥",
    "葛\U000e0100 ᠠ\u180b",
    "Å ſ ﬁ ½ x²",
]
CHARACTERS = st.one_of(
    st.characters(exclude_categories=("Cs",)),
    st.sampled_from("ae`´'\" \u0301\u0327’“„\u00a0\u2009\u200b\u200c\u200d\u00ad\u034f👩क्م🏴\U000e0067\U000e007f"),
)


@pytest.mark.parametrize(("typed", "plain"), VARIANTS)
def test_a_variant_has_the_ids_of_the_plain_one(typed, plain):
    assert FOLDING.encode(typed) == FOLDING.encode(plain) == PLAIN.encode(plain)
    assert FOLDING.decode(FOLDING.encode(typed)) == plain


@pytest.mark.parametrize("text", KEPT)
def test_what_means_something_is_kept(text):
    assert FOLDING.decode(FOLDING.encode(text)) == unicodedata.normalize("NFC", text)


def test_without_folding_nothing_is_folded():
    for typed, _ in VARIANTS:
        assert PLAIN.decode(PLAIN.encode(typed)) == unicodedata.normalize("NFC", typed)


def test_every_character_is_folded_once_and_alike_before_and_after_nfc():
    for start in (*range(0, 0x3000, 0x1000), *range(0xF000, 0x20000, 0x1000), 0x2F000, 0xE0000):  # Others: ideographs.
        text = " ".join(f"a{chr(code)}b" for code in range(start, start + 0x1000))
        once = FOLDING.normalized(text)
        assert FOLDING.normalized(once) == once, hex(start)
        assert FOLDING.normalized(unicodedata.normalize("NFC", text)) == once, hex(start)
        assert once == unicodedata.normalize("NFC", once), hex(start)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.lists(CHARACTERS, max_size=12).map("".join))
def test_folding_is_done_once_and_alike_before_and_after_nfc(text):
    once = FOLDING.normalized(text)
    assert FOLDING.normalized(once) == once == FOLDING.normalized(unicodedata.normalize("NFC", text))
    assert FOLDING.decode(FOLDING.encode(text)) == once
    assert FOLDING.normalized(unicodedata.normalize("NFD", text)) == once


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(st.characters(max_codepoint=0x24F, exclude_characters="`´\u00a0\u00ad")))
def test_a_text_without_variants_is_left_bit_for_bit(text):
    assert folded(text) == text


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.lists(CHARACTERS, max_size=12).map("".join))
def test_the_library_itself_folds_alike(text):
    """The rules stand in the file: Hugging Face's own class, which knows none of our code, obeys them."""
    library = tokenizers.Tokenizer.from_str(FOLDING.to_json())
    if unicodedata.is_normalized("NFC", library.normalizer.normalize_str(text)):  # Its Unicode may be older.
        assert library.encode(text).ids == FOLDING.encode(text)


def test_the_rules_are_stored_and_read_again(tmp_path):
    FOLDING.save(tmp_path / "tokenizer.json")
    loaded = BytePairTokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.folds
    assert loaded.to_json() == FOLDING.to_json()
    assert not BytePairTokenizer.from_json(PLAIN.to_json()).folds


def test_a_file_of_version_0_1_reads_as_before():
    """Its normalizer is NFC alone, and "didn’t" is not "didn't" to it."""
    assert '"normalizer": {\n    "type": "NFC"\n  }' in PLAIN.to_json()
    old = BytePairTokenizer.from_json(PLAIN.to_json())
    assert old.encode("didn’t") != old.encode("didn't")


def test_the_vocabulary_is_learned_of_folded_text():
    typed = [text.replace("'", "’").replace(" ", "\u00a0") for text in SENTENCES]
    assert BytePairTokenizer.learn(typed, 330, ["fr"], fold=True).to_json() == FOLDING.to_json()


def test_each_rule_reads_a_text_once():
    """No rule has a part that can be repeated in two ways, so that a search takes linear time."""
    for pattern, content in (*FIRST, *THEN):
        assert "*" not in pattern
        assert pattern.count("+") <= 1
        assert len(content) <= 1
    assert folded("\u200b" * 100_000 + "’" * 100_000 + "\u200d" * 100_000) == "'" * 100_000


def test_a_text_of_invisible_characters_is_blank_and_folds_to_nothing():
    assert is_blank("\u200b\u00ad\ufeff")
    assert FOLDING.encode("\u200b\u00ad\ufeff") == []
