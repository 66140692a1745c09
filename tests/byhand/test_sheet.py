"""A sheet as data."""

import json
from fractions import Fraction

import pytest

from clearhead.byhand import make_sheet
from clearhead.byhand.sheet import Matrix, about, exactly, number


def test_an_answer_says_how_it_comes_about() -> None:
    assert exactly(Fraction(11), Fraction(11), "5·1 + 6·1").working == "11 = 5·1 + 6·1"
    assert about(0.8808, 2, 0.8808, "1 ÷ 1.135").working == "0.88 ≈ 1 ÷ 1.135"
    assert about(0.5, 2, 0.5, "1 ÷ 2").working == "0.50 = 1 ÷ 2"


def test_a_place_is_named_by_its_labels_or_numbers() -> None:
    cells = ((number(1), number(2)),)
    assert Matrix("m", "M", cells, ("P1",), ("X1", "X2")).place(0, 1) == "P1, X2"
    assert Matrix("m", "M", cells).place(0, 1) == "2"
    assert Matrix("m", "M", ((number(1),),)).place(0, 0) == "M"


def test_a_matrix_is_found_by_its_key() -> None:
    sheet = make_sheet("block")
    assert sheet.matrix("Z").shape == (3, 5)
    with pytest.raises(KeyError):
        sheet.matrix("Q")


def test_as_json_it_holds_every_answer_and_sum() -> None:
    """What a page needs to ask, check and hint."""
    sheet = make_sheet("block")
    stored = json.loads(json.dumps(sheet.as_json()))
    cells = [
        cell
        for section in stored["sections"]
        for line in section["lines"]
        for one in line
        if not isinstance(one, str)
        for row in one["cells"]
        for cell in row
        if cell["blank"]
    ]
    assert cells[0] == {"text": "11", "blank": True, "working": "11 = 5·1 + 6·1", "place": "Z [P1, Z1]"}
    assert len(cells) == len(list(sheet.blanks())) == 15 + 20 + 20 + 15
