"""The options of commands that have a model write."""

import pytest

from clearhead.cli.writing import unescaped, unknown_characters
from clearhead.text import BytePairTokenizer, CharacterTokenizer
from clearhead.text.words import learn_words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("\\n\\n", "\n\n"), ("a\\tb", "a\tb"), ("\\\\n", "\\n"), ("\\\\\\n", "\\\n"), ("plain", "plain"), ("\\x", "\\x")],
)
def test_line_breaks_can_be_typed(typed: str, meant: str) -> None:
    assert unescaped(typed) == meant


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("ab ba", ""),
        ("\u1112\u1161x", "하 x"),
        ("a옛b날옛\n", "옛 날 \\n"),
        ("cdefghijklmno", "c d e f g h i j k l and 3 more"),
        ("", ""),
    ],
)
def test_which_characters_of_a_prompt_are_not_known(text: str, strange: str) -> None:
    """Nothing was said of a prompt that a model of characters cannot read."""
    assert unknown_characters(text, CharacterTokenizer("ab ")) == strange
    assert unknown_characters(text, BytePairTokenizer([], [], [])) == ""


def test_which_words_of_a_prompt_are_not_known() -> None:
    words = learn_words(["the man, the dog"], 99)
    assert unknown_characters("the man, the dog", words) == ""
    assert unknown_characters("the zebra, 학교에 zebra the\n", words) == "zebra 학교에 \\n"
