"""Several runs that differ by their seeds alone."""

import json
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.errors import TrainingError
from clearhead.recipe import Recipe
from clearhead.training import SeedsResult, TrainingResult, TrainState, Validation, train, train_seeds
from clearhead.training.history import History
from clearhead.training.seeds import Spread

MakeRecipe = Callable[..., Recipe]


def test_mean_and_deviation() -> None:
    """Of 1, 2 and 4: mean 7/3, variance ((4/3)² + (1/3)² + (5/3)²) / 2 = 42/18."""
    spread = Spread.of([1.0, 2.0, 4.0])
    assert spread.mean == pytest.approx(7 / 3)
    assert spread.deviation == pytest.approx((42 / 18) ** 0.5)
    assert Spread.of([3.0]) == Spread(3.0, 0.0, (3.0,))


def test_each_is_a_run_of_its_own(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = make_recipe("training.steps=2", "training.seed=4", "training.validate_every=2")
    found = train_seeds(recipe, tmp_path / "runs", 2)
    alone = train(make_recipe("training.steps=2", "training.seed=5", "training.validate_every=2"), tmp_path / "alone")
    assert list(found.results) == [4, 5]
    for name in ("history.jsonl", "bundle/model.safetensors"):
        assert (found.results[5].folder / name).read_bytes() == (alone.folder / name).read_bytes()
    losses = [result.best.loss for result in found.results.values() if result.best is not None]
    assert found.spreads["loss"].mean == pytest.approx(sum(losses) / 2)
    assert {"loss", "bleu", "chrf"} == found.spreads.keys()
    document = json.loads((tmp_path / "runs" / "seeds.json").read_text(encoding="utf-8"))
    assert document["seeds"] == [4, 5]
    assert document["loss"]["each"] == losses
    assert document["loss"]["deviation"] == pytest.approx(statistics.stdev(losses))


def test_it_goes_on_where_it_was_stopped(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """The first has ended, the second was stopped, the third is missing; all is as if nobody had stopped it."""
    recipe = make_recipe("training.steps=2", "training.validate_every=2")
    straight = train_seeds(recipe, tmp_path / "straight", 3)
    looks = iter(range(100))
    stopped = train_seeds(recipe, tmp_path / "runs", 3, should_stop=lambda: next(looks) >= 3)
    assert stopped.stopped is not None
    assert stopped.stopped.folder == tmp_path / "runs" / "seed-2"
    assert not (tmp_path / "runs" / "seeds.json").exists()
    first = (tmp_path / "runs" / "seed-1" / "history.jsonl").stat()
    with pytest.raises(TrainingError, match=r"seed-1 already holds a run; go on with it by --resume"):
        train_seeds(recipe, tmp_path / "runs", 3)
    begun: list[int] = []
    found = train_seeds(recipe, tmp_path / "runs", 3, resume=True, callbacks=lambda seed: begun.append(seed) or ())
    assert begun == [2, 3]
    assert found.spreads == straight.spreads
    assert (tmp_path / "runs" / "seed-1" / "history.jsonl").stat().st_mtime_ns == first.st_mtime_ns
    assert (tmp_path / "runs" / "seeds.json").read_bytes() == (tmp_path / "straight" / "seeds.json").read_bytes()


def test_more_steps_later(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    train_seeds(make_recipe("training.steps=2", "training.validate_every=2"), tmp_path, 2)
    found = train_seeds(make_recipe("training.steps=4", "training.validate_every=2"), tmp_path, 2, resume=True)
    assert [result.state.step for result in found.results.values()] == [4, 4]


def test_runs_of_another_recipe_are_not_put_together(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """Before the first run begins, which may take hours."""
    changes = ("training.steps=2", "training.validate_every=2", "training.seed=2")
    train_seeds(make_recipe(*changes), tmp_path, 1)
    other = make_recipe(*changes, "training.seed=1", "training.schedule.peak=0.5")
    with pytest.raises(TrainingError, match=r"seed-2 was trained with training\.schedule\.peak=0\.01, but the recipe "):
        train_seeds(other, tmp_path, 2, resume=True)
    assert not (tmp_path / "seed-1").exists()


def test_the_figures_of_each_set(tmp_path: Path) -> None:
    """Two losses of 2 and 4 have mean 3 and variance 2."""
    results = {}
    for seed, loss in ((1, 2.0), (2, 4.0)):
        (tmp_path / str(seed)).mkdir()
        found = Validation(1.0, 2.7, name="dev", others={"news": Validation(loss, 7.4)})
        History(tmp_path / str(seed)).on_validation(5, found, best=True)
        results[seed] = TrainingResult(tmp_path / str(seed), TrainState(5, best=1.0, best_step=5))
    spreads = SeedsResult(tmp_path, results).spreads
    assert [*spreads] == ["loss", "news loss"]
    assert spreads["news loss"].mean == 3.0
    assert spreads["news loss"].deviation == pytest.approx(2**0.5)
