"""Which columns of a table are texts, labels or neither."""

from pathlib import Path

import pytest

from clearhead.errors import DataError
from clearhead.starting.columns import choose_columns, described, is_header

SENTENCES = [f"sentence number {number} of them" for number in range(40)]
THREE = [("en", "fr", "ko"), *((text, f"{text} fr", f"{text} ko") for text in SENTENCES)]


def table(path: Path, rows: list[tuple[str, ...]], mark: str = "\t") -> Path:
    path.write_text("".join(f"{mark.join(row)}\n" for row in rows), encoding="utf-8")
    return path


def labelled(count: int = 40) -> list[tuple[str, ...]]:
    return [(sentence, str(number % 2)) for number, sentence in enumerate(SENTENCES[:count])]


class TestAFirstLine:
    @pytest.mark.parametrize(
        "head",
        [("text", "label"), ("문장", "레이블"), ("utterance", "kind"), ("Words", "Is it good")],
    )
    def test_that_names_columns(self, head: tuple[str, str]) -> None:
        """By a usual name, or as it is none of the two labels below it."""
        assert is_header([head, *labelled()])

    def test_of_languages(self) -> None:
        assert is_header([("English", "한국어"), ("a cat", "고양이")])
        assert is_header([("en", "fr"), ("a cat", "un chat")])

    @pytest.mark.parametrize(
        "rows",
        [
            [],
            [("text", "label")],
            labelled(),
            [("Good morning", "Bonjour"), ("Good night", "Bonne nuit")],
            [("It is", "C'est"), ("so", "si")],
            [("text", "text"), ("a", "b")],
            [("text", ""), ("a", "b")],
        ],
    )
    def test_that_is_a_row(self, rows: list[tuple[str, ...]]) -> None:
        assert not is_header(rows)


def test_what_a_column_holds(tmp_path: Path) -> None:
    """By hand: 40 texts, two labels of 20 each, numbers of their own, and a column with one value."""
    rows = [(*row, str(1000 + number), "same") for number, row in enumerate(labelled())]
    text, label, number, same = described(table(tmp_path / "a.tsv", rows), (1, 2, 3, 4))
    assert [one.is_text for one in (text, label, number, same)] == [True, False, False, False]
    assert [one.is_label for one in (text, label, number, same)] == [False, True, False, False]
    assert (label.values, label.rows, label.filled, label.characters) == ({"0": 20, "1": 20}, 40, 40, 40)
    assert number.numbers == 40


def test_a_text_and_its_label(tmp_path: Path) -> None:
    """Wherever they stand, and by their names where the first line has some."""
    rows = [(str(number), label, text) for number, (text, label) in enumerate(labelled())]
    plain = choose_columns(table(tmp_path / "a.tsv", rows))
    named = choose_columns(table(tmp_path / "b.csv", [("id", "label", "text"), *rows], ","))
    assert [one.chosen_by for one in plain] == [3, 2]
    assert [one.chosen_by for one in named] == ["text", "label"]


def test_a_label_that_is_called_so(tmp_path: Path) -> None:
    rows = [("split", "text", "label"), *((f"part {number % 2}", *row) for number, row in enumerate(labelled()))]
    assert [one.chosen_by for one in choose_columns(table(tmp_path / "a.tsv", rows))] == ["text", "label"]


def test_two_texts(tmp_path: Path) -> None:
    rows = [(str(number), text, text.upper()) for number, text in enumerate(SENTENCES)]
    assert [one.chosen_by for one in choose_columns(table(tmp_path / "a.tsv", rows))] == [2, 3]


class TestSeveralTexts:
    def test_are_told_apart_by_languages(self, tmp_path: Path) -> None:
        chosen = choose_columns(table(tmp_path / "a.tsv", THREE), (), ("ko", "en"))
        assert [one.chosen_by for one in chosen] == ["ko", "en"]

    def test_or_are_to_be_chosen(self, tmp_path: Path) -> None:
        path = table(tmp_path / "a.tsv", THREE)
        with pytest.raises(DataError, match=r"has columns en, fr, ko of text and none of labels.*--columns en,fr$"):
            choose_columns(path)
        assert [one.chosen_by for one in choose_columns(path, (3, "en"))] == ["ko", "en"]

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="has no column 4; it has en, fr, ko; name one of these"):
            choose_columns(table(tmp_path / "a.tsv", THREE), (1, 4))


def test_one_column(tmp_path: Path) -> None:
    """Where another mark stands between cells, that is said."""
    with pytest.raises(DataError, match="line 1 has 1 column, expected 2 or more, separated by a tab"):
        choose_columns(table(tmp_path / "a.tsv", [(text,) for text in SENTENCES]))
    with pytest.raises(DataError, match="but 2 by a semicolon: save it as CSV UTF-8 with commas"):
        choose_columns(table(tmp_path / "a.csv", labelled(), ";"))
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n' * 30, encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.jsonl has one column, expected a text and its translation or label"):
        choose_columns(tmp_path / "a.jsonl")


def test_a_memory_of_three_languages(tmp_path: Path) -> None:
    units = "".join(
        "<tu>" + "".join(f'<tuv xml:lang="{code}"><seg>{text} {code}</seg></tuv>' for code in ("en", "fr", "de"))
        + "</tu>" for text in SENTENCES
    )  # fmt: skip
    path = tmp_path / "a.tmx"
    path.write_text(f'<?xml version="1.0"?><tmx version="1.4"><body>{units}</body></tmx>', encoding="utf-8")
    with pytest.raises(DataError, match="has texts in en, fr, de; name two, as in --from en --to fr"):
        choose_columns(path)
    assert [one.chosen_by for one in choose_columns(path, (), ("de", "en"))] == ["de", "en"]
