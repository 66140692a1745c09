"""What is printed of a classifier: at most 80 columns, Korean labels included."""

import pytest
from rich.cells import cell_len

from clearhead.cli.class_table import class_lines
from clearhead.evaluation import count_classes


def test_a_small_table() -> None:
    """Of 5 texts: 2 of 3 a's and both b's are right."""
    scores = count_classes(("a", "b"), [0, 0, 0, 1, 1], [0, 0, 1, 1, 1])
    assert class_lines(scores) == [
        "80.00 % of 5 texts right, macro-F1 0.8000",
        "",
        "label  precision  recall      F1    texts",
        "a          1.000   0.667   0.800        3",
        "b          0.667   1.000   0.800        2",
        "",
        "a row for each right label, a column for each label that was given",
        "   a  b",
        "a  2  1",
        "b  0  2",
    ]


@pytest.mark.parametrize("count", [2, 6, 12, 100])
@pytest.mark.parametrize("label", ["{}", "예/아니요 질문 {}", "a\x1b[31m{}", "label " * 20 + "{}"])
def test_it_fits_a_terminal(count: int, label: str) -> None:
    labels = [label.format(number) for number in range(count)]
    lines = class_lines(count_classes(labels, list(range(count)) * 1000, [0] * count * 1000))
    assert max(map(cell_len, lines)) <= 80
    assert not any("\x1b" in line for line in lines)
    assert len(lines) < 2 * count + 20


def test_korean_labels_stand_below_each_other() -> None:
    scores = count_classes(("금지", "요구 사항"), [0, 1], [0, 1])
    _, _, *figures, _, _, header, first, second = class_lines(scores)
    assert len({cell_len(line) for line in figures}) == 1
    assert len({cell_len(line) for line in (header, first, second)}) == 1


def test_many_classes_show_the_most_frequent_mistakes() -> None:
    labels = [f"class {number}" for number in range(30)]
    lines = class_lines(count_classes(labels, [0, 0, 1, 1, 1, 2], [1, 1, 2, 2, 2, 2]))
    place = lines.index("the most frequent mistakes: the right label → the one that was given")
    assert lines[place + 1 :] == ["      3  class 1 → class 2", "      2  class 0 → class 1"]
