"""Documents as ids: begin, text, end; from the cache where nothing changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.data import PreparedText, TableFile, TextFile, prepare_text, text_size
from clearhead.errors import DataError, RecipeError
from clearhead.text import BytePairTokenizer, CharacterTokenizer

LINES = "ab\n\nba é\n"
TOKENIZER = CharacterTokenizer.learn([LINES])
# Padding, begin, end, U+FFFD, then "\n", " ", "a", "b", "é".
NEW_LINE, SPACE, A, B, E = range(4, 9)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., PreparedText]:
    (tmp_path / "a.txt").write_text(LINES, encoding="utf-8")

    def make(kind: str = "line", tokenizer: object = TOKENIZER, **part: float) -> PreparedText:
        return prepare_text([TextFile(tmp_path / "a.txt", kind, **part)], tokenizer, tmp_path / "cache")

    return make


def test_the_ids_of_documents(make: Callable[..., PreparedText]) -> None:
    found = make()
    assert [found.documents[n].tolist() for n in range(len(found))] == [[1, A, B, 2], [1, B, A, SPACE, E, 2]]
    assert (found.tokens, found.longest, found.shortest) == (3 + 5, 5, 3)
    assert make("file").documents[0].tolist() == [1, A, B, 4, 4, B, A, SPACE, E, 4, 2]


def test_the_cache_is_used_where_nothing_changed(
    make: Callable[..., PreparedText], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {make().key, make("file").key, make(stop=0.5).key, make(tokenizer=CharacterTokenizer.learn(["ab"])).key}
    assert len(keys) == 4
    monkeypatch.setattr(CharacterTokenizer, "encode_many", pytest.fail)
    assert make().is_called(make().key)
    assert not make().is_called(make("file").key)


def test_a_damaged_entry_is_made_again(make: Callable[..., PreparedText], tmp_path: Path) -> None:
    [folder] = [(tmp_path / "cache" / "prepared" / make().key)]
    (folder / "documents.ids").write_bytes(b"")
    assert make().tokens == 8


def test_no_text_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n\n")
    with pytest.raises(DataError, match=r"a.txt: there is no text but blank lines"):
        prepare_text([TextFile(tmp_path / "a.txt", "line")], TOKENIZER, tmp_path / "cache")
    with pytest.raises(RecipeError, match="name at least one text"):
        prepare_text([], TOKENIZER)


def test_how_much_text_it_is(make: Callable[..., PreparedText]) -> None:
    """By hand: "ab" and "ba é" have 6 characters and 7 bytes; each document's end counts as one of each."""
    found = text_size(make(), TOKENIZER)
    assert (found.tokens, found.characters, found.utf8_bytes) == (8, 8, 9)
    pieces = BytePairTokenizer.learn(["ab ab", "ba ba"], 261)
    found = text_size(make(tokenizer=pieces), pieces)
    assert (found.characters, found.utf8_bytes) == (8, 9)
    assert found.tokens < 9


def test_a_column_of_a_table_has_a_name_of_its_own(tmp_path: Path) -> None:
    """The same bytes read otherwise are another corpus: by another column, or between commas."""
    for name in ("a.tsv", "a.csv"):
        (tmp_path / name).write_text("ab\tba\n")
    files = [
        TableFile(tmp_path / "a.tsv", (1,)),
        TableFile(tmp_path / "a.tsv", (2,)),
        TableFile(tmp_path / "a.csv", (1,)),
    ]
    found = [prepare_text([one], TOKENIZER, tmp_path / "cache") for one in files]
    assert len({one.key for one in found}) == 3
    assert [TOKENIZER.decode(one.documents[0]) for one in found[:2]] == ["ab", "ba"]
