"""What is read of a text that is read whole."""

from clearhead.tasks.whole_texts import text_ids, too_long
from clearhead.text import learn_tokenizer

TOKENIZER = learn_tokenizer("characters", ["abc"], 16)


def test_begin_and_end_stand_around() -> None:
    [[*ids]], cut = text_ids(["ab"], TOKENIZER, 8)
    assert ids == [TOKENIZER.begin, *TOKENIZER.encode("ab"), TOKENIZER.end]
    assert cut == 0
    assert text_ids([""], TOKENIZER, 8) == ([[TOKENIZER.begin, TOKENIZER.end]], 0)


def test_what_is_too_long_is_cut_before_the_end() -> None:
    """Three ids fit beside begin and end."""
    ids, cut = text_ids(["abc", "abca"], TOKENIZER, 5)
    assert ids[0] == ids[1] == [TOKENIZER.begin, *TOKENIZER.encode("abc"), TOKENIZER.end]
    assert cut == 1
    assert too_long(["abc", "abca"], TOKENIZER, 5) == [1]


def test_in_the_middle_of_a_document_nothing_stands_around() -> None:
    ids, cut = text_ids(["abc", "", "ab"], TOKENIZER, 2, frames=False)
    assert ids == [TOKENIZER.encode("ab"), [TOKENIZER.begin], TOKENIZER.encode("ab")]
    assert cut == 1
    assert too_long(["abc", "", "ab"], TOKENIZER, 2, frames=False) == [0]
