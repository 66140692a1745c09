"""A run's figures for other programs."""

import csv
import math
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from clearhead.errors import PackageError
from clearhead.evaluation import Quality
from clearhead.recipe import Recipe
from clearhead.training import CsvLog, TensorBoardLog, Validation, train
from clearhead.training.logs import validation_figures

MakeRecipe = Callable[..., Recipe]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_a_validation_tells() -> None:
    old = Validation(3.0, math.exp(3.0))
    found = validation_figures(Validation(2.0, math.exp(2.0), Quality(30.0, 50.0, 10.0, "b", "c"), others={"old": old}))
    assert found == {
        "validation/loss": 2.0, "validation/perplexity": math.exp(2.0), "validation/bleu": 30.0,
        "validation/chrf": 50.0, "validation/old/loss": 3.0, "validation/old/perplexity": math.exp(3.0),
    }  # fmt: skip


def test_a_set_with_a_name_has_it_in_its_figures() -> None:
    found = validation_figures(Validation(2.0, 7.4, name="dev", others={"news": Validation(3.0, 20.1)}))
    assert found == {
        "validation/dev/loss": 2.0, "validation/dev/perplexity": 7.4, "validation/news/loss": 3.0,
        "validation/news/perplexity": 20.1,
    }  # fmt: skip


class TestCsv:
    def test_it_has_what_the_history_has(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        path = tmp_path / "figures.csv"
        result = train(make_recipe("training.steps=6"), tmp_path / "run", callbacks=[CsvLog(path)])
        rows = rows_of(path)
        assert [int(row["step"]) for row in rows] == [line["step"] for line in result.history]
        for row, line in zip(rows, result.history, strict=True):
            if "validation" in line:
                assert (float(row["validation/loss"]), row["training/loss"]) == (line["validation"]["loss"], "")
            else:
                assert float(row["training/loss"]) == line["loss"]

    def test_a_resumed_run_goes_on_with_it(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """What was written after the checkpoint, and a line that a kill cut short, are written again."""
        path, recipe = tmp_path / "figures.csv", make_recipe("training.steps=4")
        train(recipe, tmp_path / "run", callbacks=[CsvLog(path)])
        first = path.read_text()
        with path.open("a") as file:
            file.write("5,1.0,,,,,,,,,\n6,1")
        train(make_recipe("training.steps=6"), tmp_path / "run", resume=True, callbacks=[CsvLog(path)])
        assert path.read_text().startswith(first)
        assert [int(row["step"]) for row in rows_of(path)] == [2, 4, 4, 6, 6]

    def test_a_new_run_begins_a_new_table(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        path = tmp_path / "figures.csv"
        path.write_text("step,other\n1,2\n")
        train(make_recipe("training.steps=2"), tmp_path / "run", callbacks=[CsvLog(path)])
        assert [int(row["step"]) for row in rows_of(path)] == [2, 2]


class Writer:
    """Notes what TensorBoard's writer is told."""

    made: ClassVar[list["Writer"]] = []

    def __init__(self, folder: str, purge_step: int) -> None:
        self.folder, self.purge_step, self.closed = folder, purge_step, False
        self.scalars: list[tuple[str, float, int]] = []
        Writer.made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class TestTensorBoard:
    def test_what_is_written(self, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Writer.made.clear()
        module: Any = types.ModuleType("torch.utils.tensorboard")
        module.SummaryWriter = Writer
        monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
        result = train(make_recipe("training.steps=2"), tmp_path / "run", callbacks=[TensorBoardLog(tmp_path / "tb")])
        train(
            make_recipe("training.steps=4"), tmp_path / "run", resume=True, callbacks=[TensorBoardLog(tmp_path / "tb")]
        )
        first, second = Writer.made
        assert (first.folder, first.purge_step, second.purge_step) == (str(tmp_path / "tb"), 1, 3)
        assert first.closed
        assert ("training/loss", result.history[0]["loss"], 2) in first.scalars
        assert ("validation/loss", result.history[1]["validation"]["loss"], 2) in first.scalars

    def test_without_its_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
        with pytest.raises(PackageError, match=r"pip install 'clearhead\[tensorboard\]'$"):
            TensorBoardLog(tmp_path)
        assert not any(tmp_path.iterdir())
