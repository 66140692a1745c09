"""From tables of conversations to ids, once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from clearhead.data import TableFile, prepare_chat, read_turns, text_size, turns_of
from clearhead.data.tables import Row
from clearhead.errors import DataError, RecipeError
from clearhead.tasks.chat import Joining
from clearhead.tasks.chat.turns import Joined
from clearhead.text import CharacterTokenizer, Tokenizer

# Padding, begin, end, unknown, assistant, user; then a and b.
TOKENIZER = CharacterTokenizer("ab", symbols=("user", "assistant"))
BEGIN, END, ASSISTANT, USER, A, B = 1, 2, 4, 5, 6, 7


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "a.tsv").write_text("a\tbb\nb\ta\tab\tb\n", encoding="utf-8")
    return tmp_path / "a.tsv"


def test_ids_by_hand(table: Path, tmp_path: Path) -> None:
    corpus = prepare_chat([TableFile(table)], TOKENIZER, Joining(), tmp_path / "cache")
    first, second = corpus.documents
    assert first.tolist() == [BEGIN, USER, A, END, ASSISTANT, B, B, END]
    assert second.tolist() == [BEGIN, USER, B, END, ASSISTANT, A, END, USER, A, B, END, ASSISTANT, B, END]
    assert corpus.documents.learned is not None
    learned = corpus.ids[corpus.documents.learned].tolist()
    # The answers and their ends, and nothing else.
    assert learned == [B, B, END, A, END, B, END]
    assert (corpus.tokens, len(corpus), corpus.longest) == (7, 2, 13)
    size = text_size(corpus, TOKENIZER)
    # Four characters of answers and three ends.
    assert (size.tokens, size.characters, size.utf8_bytes) == (7, 7, 7)


class Counted:
    """Joins, and knows how often it did."""

    def __init__(self, key: str = "") -> None:
        self.key, self.calls = key, 0

    def __call__(self, rows: Sequence[Row], tokenizer: Tokenizer) -> Iterator[Joined]:
        self.calls += 1
        return Joining()(rows, tokenizer)


def test_the_cache_is_read_and_depends_on_the_content(table: Path, tmp_path: Path) -> None:
    cache, counted = tmp_path / "cache", Counted()
    first = prepare_chat([TableFile(table)], TOKENIZER, counted, cache)
    again = prepare_chat([TableFile(table)], TOKENIZER, counted, cache)
    assert (counted.calls, again.key) == (1, first.key)
    assert again.documents.learned is not None
    assert again.documents.learned.tolist() == first.documents.learned.tolist()
    assert prepare_chat([TableFile(table, (1, 2))], TOKENIZER, Joining(), cache).key != first.key
    for file in cache.rglob("learned.ids"):
        file.write_bytes(file.read_bytes()[:-1])
    assert prepare_chat([TableFile(table)], TOKENIZER, counted, cache).tokens == 7
    assert counted.calls == 2
    # What else the ids depend on is part of the name.
    assert prepare_chat([TableFile(table)], TOKENIZER, Counted("other"), cache).key != first.key


@pytest.mark.parametrize(
    ("cells", "turns"),
    [
        (("a", "b"), ("a", "b")),
        (("a", "b", "a"), ("a", "b")),
        (("a", ""), ()),
        (("a",), ()),
        (("", "b"), ()),
        (("a", "b", "\u200b", "b"), ()),
        (("a", "b", "", ""), ("a", "b")),
    ],
)
def test_which_cells_are_turns(cells: tuple[str, ...], turns: tuple[str, ...]) -> None:
    assert turns_of(cells) == turns


def test_a_table_without_answers_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.tsv: no row has a question and an answer; give each row two") as caught:
        list(read_turns([TableFile(tmp_path / "a.tsv")]))
    assert "\n" not in str(caught.value)
    with pytest.raises(RecipeError, match="there are no files"):
        prepare_chat([], TOKENIZER, Joining())
