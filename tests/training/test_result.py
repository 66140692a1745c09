"""What a run gives: its model, its history, its best validation."""

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.bundle import load
from clearhead.errors import TrainingError
from clearhead.recipe import Recipe
from clearhead.training import TrainingResult, train

MakeRecipe = Callable[..., Recipe]


@pytest.fixture(scope="module")
def result(make_recipe: MakeRecipe, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return train(make_recipe(), tmp_path_factory.mktemp("result") / "run")


def test_the_model_is_the_bundle_on_disk(result: TrainingResult) -> None:
    assert result.bundle.translate("one two") == load(result.folder).translate("one two")
    assert result.bundle is result.bundle, "read once"


def test_the_history_is_the_file(result: TrainingResult) -> None:
    lines = (result.folder / "history.jsonl").read_text().split("\n")[:-1]
    assert list(result.history) == [json.loads(line) for line in lines]
    assert [line["step"] for line in result.history if "loss" in line] == [2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize("rest", ['{"step": 12, "lo', "\xff", "[]", "{}", '{"step": null}'])
def test_a_history_whose_last_line_a_kill_cut_short(result: TrainingResult, tmp_path: Path, rest: str) -> None:
    text = (result.folder / "history.jsonl").read_bytes()
    (tmp_path / "history.jsonl").write_bytes(text + rest.encode("latin-1"))
    copied = TrainingResult(tmp_path, result.state)
    assert copied.history == result.history
    assert copied.best == result.best


def test_a_history_that_is_gone(result: TrainingResult, tmp_path: Path) -> None:
    copied = TrainingResult(tmp_path, result.state)
    assert (copied.history, copied.best) == ((), None)


def test_the_best_is_the_validation_that_was_kept(result: TrainingResult) -> None:
    validations = [line for line in result.history if "validation" in line]
    least = min(validations, key=lambda line: line["validation"]["loss"])
    assert result.best is not None
    assert result.best.loss == least["validation"]["loss"] == result.state.best
    assert result.state.best_step == least["step"]


def test_without_a_validation_there_is_no_model(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    steps = iter([False, True, True])
    ended = train(make_recipe(), tmp_path / "run", should_stop=lambda: next(steps))
    assert (ended.best, ended.history, ended.state.step) == (None, (), 1)
    with pytest.raises(
        TrainingError, match=r"run holds no model, as no validation gave a number; lower training\.sche"
    ):
        ended.bundle  # noqa: B018


@pytest.mark.parametrize("name", ["step", "best_step", "stopped_early", "tokens"])
def test_what_train_gave_before_is_still_there(result: TrainingResult, name: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"has its {name} in \.state\.{name}$"):
        assert getattr(result, name) == getattr(result.state, name)


def test_under_the_name_that_it_had(result: TrainingResult) -> None:
    with pytest.warns(DeprecationWarning, match=r"has its waited in \.state\.validations_without_improvement$"):
        assert result.waited == 0


def test_a_method_of_the_model_is_named_where_it_is(result: TrainingResult) -> None:
    with pytest.raises(
        AttributeError, match=r"^the result of training has no translate; its model has: \.bundle\.tran"
    ):
        result.translate("one")
    with pytest.raises(AttributeError, match=r"^the result of training has no weights$"):
        result.weights  # noqa: B018


def test_it_can_be_copied_and_pickled(result: TrainingResult) -> None:
    assert copy.copy(result) == result
    assert pickle.loads(pickle.dumps(TrainingResult(result.folder, result.state))) == result
