"""A model's own search: its sums done again, and what became of each continuation."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from clearhead.bundle import Bundle
from clearhead.byhand import Cell, sheet_from
from clearhead.byhand.searched import sections
from clearhead.byhand.texts import Texts
from clearhead.errors import UsageError


def node(number: int, parent: int, length: int, own: float, total: float, fate: str, piece: str) -> dict[str, Any]:
    score = total / length if length else 0.0
    return {
        "number": number, "parent": parent, "token": number, "length": length, "log_probability": own,
        "total": total, "score": score, "fate": fate, "piece": piece,
    }  # fmt: skip


# After "a" (ln p −0.5) comes "b" (−0.2) and then the end (−0.1), which wins; "c" ends at once, dearer.
TREE = [
    node(0, -1, 0, 0, 0, "won", "⟨begin⟩"),
    node(1, 0, 1, -0.5, -0.5, "won", "▁a"),
    node(2, 0, 1, -1.0, -1.0, "live", "▁c"),
    node(3, 0, 1, -2.0, -2.0, "dropped", "▁d"),
    node(4, 1, 2, -0.2, -0.7, "won", "▁b"),
    node(5, 2, 2, -0.5, -1.5, "finished", "⟨end⟩"),
    node(6, 4, 3, -0.1, -0.8, "won", "⟨end⟩"),
]


def test_by_hand() -> None:
    first, second, third, last = sections(TREE, Texts("en"))
    assert [[cell.text for cell in row] for row in first.matrices[0].cells] == [
        ["⟨begin⟩", "▁a", "−0.50", "−0.5", "1.1"],
        ["⟨begin⟩", "▁c", "−1.00", "−1", "1.2"],
        ["⟨begin⟩", "▁d", "−2.00", "−2", "x"],
    ]
    assert [[cell.text for cell in row] for row in second.matrices[0].cells] == [
        ["1.1", "▁b", "−0.20", "−0.7", "2.1"],
        ["1.2", "⟨end⟩", "−0.50", "−1.5", "end"],
    ]
    assert second.matrices[0].cells[1][3].working == "−1.5 = −1 + (−0.5)"
    assert [cell.text for cell in third.matrices[0].cells[0]] == ["2.1", "⟨end⟩", "−0.10", "−0.8", "end"]
    scores, winner = last.matrices
    # −1.5 ÷ 2 and −0.8 ÷ 3
    assert [[cell.text for cell in row] for row in scores.cells] == [["2", "−0.750"], ["3", "−0.267"]]
    assert scores.rows == ("c", "a b")
    assert winner.cells[0][0].word == "a b"


def test_it_takes_as_many_decimals_as_it_needs() -> None:
    """With two decimals the dropped one would be as probable as the one that is kept."""
    tree = [dict(one) for one in TREE]
    tree[2] |= {"log_probability": -1.001, "total": -1.001}
    tree[3] |= {"log_probability": -1.0032, "total": -1.0032}
    tree[5] |= {"total": -1.501, "score": -0.7505}
    first = sections(tree, Texts("en"))[0].matrices[0]
    assert [row[2].text for row in first.cells] == ["−0.500", "−1.001", "−1.003"]


SENTENCES = [("I am a student.", "fr"), ("Thanks.", "fr"), ("Merci", "en"), ("The cat sleeps.", "ko"), ("Thanks", "ko")]


@pytest.mark.parametrize(("text", "to"), SENTENCES)
def test_it_is_the_models_search(street: Bundle, is_right: Callable[[Cell], bool], text: str, to: str) -> None:
    trace = street.trace(text, to, beam_size=2)
    try:
        sheet = sheet_from(trace, "beam-search")
    except UsageError as error:
        assert "but a sheet has room for" in str(error)  # noqa: PT017
        assert len(trace.tree) > 33
        return
    found = [
        row for section in sheet.sections for one in section.matrices if one.key.startswith("cand") for row in one.cells
    ]
    assert len(found) == len(trace.tree) - 1
    for row, its in zip(found, trace.tree[1:], strict=True):
        assert row[1].text == its["piece"]
        assert row[3].precise == its["total"]
        assert abs(float(row[3].value or 0) - its["total"]) <= 0.005 * its["length"] + 1e-9
        assert is_right(row[3])
        fates = {"end": ("finished", "won"), "x": ("dropped",)}.get(row[4].text, ("live", "stopped", "won"))
        assert its["fate"] in fates
    scores = {
        label: row[1] for label, row in zip(sheet.matrix("scores").rows, sheet.matrix("scores").cells, strict=True)
    }
    best = max(scores, key=lambda label: scores[label].value or 0)
    assert sheet.matrix("winner").cells[0][0].text == best
    assert best == "".join(trace.predicted.pieces[:-1]).replace("▁", " ").lstrip()


def test_a_beam_keeps_two(street: Bundle) -> None:
    sheet = sheet_from(street.trace("I am a student.", "fr", beam_size=2), "beam-search")
    for length in itertools.count(1):
        if f"candidates{length}" not in {one.key for section in sheet.sections for one in section.matrices}:
            break
        names = [row[4].text for row in sheet.matrix(f"candidates{length}").cells]
        assert [one for one in names if one not in ("end", "x")] == [f"{length}.1", f"{length}.2"]
    assert length > 3


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([], "beam-search needs a trace of a search; make it with trace(text, beam_size=2)"),
        (
            TREE[:1] + TREE[1:2] * 40,
            "the search looked at 40 continuations, but a sheet has room for 32; choose a shorter",
        ),
        (TREE[:5], "the search was cut at the greatest length before anything ended; choose a shorter text"),
    ],
)
def test_what_is_no_search_for_a_sheet(tree: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UsageError) as error:
        sections(tree, Texts("en"))
    assert str(error.value).startswith(message)
