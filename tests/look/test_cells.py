"""Matrices as coloured cells."""

from typing import Any

import pytest
import torch
from matplotlib.collections import PatchCollection

from clearhead.look.canvas import Canvas
from clearhead.look.cells import LEAST, Cells, draw_cells, label_columns, label_rows, room_for

WEIGHTS = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]])
CELLS = Cells(WEIGHTS, torch.tensor([[False, True, True], [False, False, True]]), ["▁a", "b"], ["▁a", "b", "c"])


def drawn(cells: Cells, across: float = 6.0) -> tuple[Any, Any, Any]:
    canvas = Canvas([*cells.rows, *cells.columns])
    canvas.resize(8.0, 8.0)
    room = room_for(canvas, cells, across, 0.42)
    axes = canvas.axes(1.0, 1.0, room.width * len(cells.columns), room.height * len(cells.rows))
    mesh = draw_cells(canvas, axes, cells, room)
    label_rows(canvas, axes, cells, room)
    label_columns(canvas, axes, cells, room)
    return axes, mesh, room


def test_each_cell_has_its_weight_and_each_side_its_tokens() -> None:
    axes, mesh, _ = drawn(CELLS)
    assert mesh.get_array().tolist() == WEIGHTS.tolist()
    assert [one.get_text() for one in axes.get_yticklabels()] == ["_a", "b"]
    assert [one.get_text() for one in axes.get_xticklabels()] == ["_a", "b", "c"]
    bottom, top = axes.get_ylim()
    assert bottom > top  # The first row is at the top.


def test_masked_cells_are_hatched_and_no_others() -> None:
    axes, _, _ = drawn(CELLS)
    [hatched] = [one for one in axes.collections if isinstance(one, PatchCollection)]
    assert hatched.get_hatch()
    corners = [tuple(path.vertices[0]) for path in hatched.get_paths()]
    assert corners == [(1, 0), (2, 0), (2, 1)]


def test_numbers_stand_in_cells_that_were_looked_at() -> None:
    axes, _, _ = drawn(CELLS)
    assert [(one.get_text(), one.get_position()) for one in axes.texts] == [
        ("1.00", (0.5, 0.5)), ("0.25", (0.5, 1.5)), ("0.75", (1.5, 1.5))
    ]  # fmt: skip


@pytest.mark.parametrize(("columns", "turn", "numbers"), [(15, 45, True), (25, 45, False), (40, 90, False)])
def test_the_more_columns_the_less_is_written(columns: int, turn: int, numbers: bool) -> None:
    names = [str(one) for one in range(columns)]
    many = Cells(torch.zeros(2, columns), torch.zeros(2, columns, dtype=torch.bool), ["a", "b"], names)
    axes, _, room = drawn(many)
    assert room.turn == turn
    assert bool(axes.texts) == numbers
    assert room.width * columns == pytest.approx(6.0)


def test_cells_stay_visible_however_many_there_are() -> None:
    names = [str(one) for one in range(500)]
    many = Cells(torch.zeros(1, 500), torch.zeros(1, 500, dtype=torch.bool), ["a"], names)
    assert room_for(Canvas(names), many, 6.0, 0.42).width == LEAST
