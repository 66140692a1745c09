"""Who is told how a run goes, and in which order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearhead.errors import TrainingError
from clearhead.recipe import Recipe
from clearhead.training import Callback, Callbacks, Progress, RunInputs, Validation, train

MakeRecipe = Callable[..., Recipe]


class Told(Callback):
    """What was told, in order; steps and activities are many."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []
        self.progress: list[Progress] = []
        self.steps: list[int] = []

    def on_start(self, inputs: RunInputs, parameters: int, resumed_at: int) -> None:
        self.events.append(("start", resumed_at))

    def on_step(self, step: int, steps: int, seconds_left: float) -> None:
        self.steps.append(step)

    def on_log(self, progress: Progress) -> None:
        self.events.append(("log", progress.step))
        self.progress.append(progress)

    def on_validation(self, step: int, validation: Validation, best: bool) -> None:
        self.events.append(("validation", step, best))

    def on_checkpoint(self, step: int, folder: Path) -> None:
        assert (folder / "manifest.json").is_file()
        self.events.append(("checkpoint", step, folder.name))

    def on_end(self) -> None:
        self.events.append(("end",))


def test_a_run_told(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """To several, each of which hears the same."""
    told, other = Told(), Told()
    train(make_recipe("training.steps=6"), tmp_path / "run", callbacks=[told, Callbacks(), other])
    assert told.events == other.events == [
        ("start", 0), ("log", 2), ("log", 4), ("validation", 4, True), ("checkpoint", 4, "step-4"), ("log", 6),
        ("validation", 6, True), ("checkpoint", 6, "step-6"), ("end",),
    ]  # fmt: skip
    assert told.steps == [1, 2, 3, 4, 5, 6]
    last = told.progress[-1]
    assert (last.step, last.steps, last.skipped, last.seconds_left) == (6, 6, 0, 0.0)
    assert last.tokens_per_second > 0
    assert last.tokens > told.progress[0].tokens > 0


def test_the_end_is_told_whatever_it_is(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    class Fails(Callback):
        def on_log(self, progress: Progress) -> None:
            raise ValueError("enough")

    told = Told()
    with pytest.raises(ValueError, match="enough"):
        train(make_recipe("training.steps=6"), tmp_path / "run", callbacks=[told, Fails()])
    assert told.events == [("start", 0), ("log", 2), ("end",)]


def test_a_callback_that_writes_no_method_hears_nothing(make_recipe: MakeRecipe) -> None:
    class Deaf(Callback):
        pass

    one = Callbacks([Deaf()])
    one.on_step(1, 2, 3.0)
    one.on_warning("no")
    one.on_activity("nothing")
    one.on_end()


def test_what_is_no_callback_is_refused_before_anything_is_read(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"^callbacks: function has not all methods of one; derive it from clearhe"):
        train(make_recipe(), tmp_path / "run", callbacks=[lambda: None])  # type: ignore[list-item]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([Told], r"^callbacks: Told is a class; give one of its objects, Told\(\)$"),
        (Told(), "Told is no list; give one"),
    ],
)
def test_a_class_and_what_is_no_list_are_refused(given: Any, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        Callbacks(given)


def test_all_are_told_of_the_end_where_one_raises() -> None:
    class Fails(Callback):
        def on_end(self) -> None:
            raise ValueError("cannot close")

    told = Told()
    with pytest.raises(ValueError, match="cannot close"):
        Callbacks([Fails(), told]).on_end()
    assert told.events == [("end",)]
