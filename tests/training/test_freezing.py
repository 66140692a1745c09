"""Weights that do not learn: named by patterns, bit-equal to the end, through checkpoints and resumed runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from clearhead.bundle import load
from clearhead.errors import ClearheadError, RecipeError, TrainingError
from clearhead.model import EncoderDecoder, street
from clearhead.model.attention import Attention
from clearhead.model.config import BlockConfig
from clearhead.recipe import Recipe
from clearhead.training import train
from clearhead.training.freezing import freeze, new_model
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


def learning(model: torch.nn.Module) -> set[str]:
    return {name for name, one in model.named_parameters() if one.requires_grad}


def test_patterns() -> None:
    model = EncoderDecoder(street(11, 11))
    every = learning(model)
    freeze(model, ["encoder.layers.0.*", "*.bias"])
    frozen = every - learning(model)
    assert frozen == {name for name in every if name.startswith("encoder.layers.0.") or name.endswith(".bias")}


def test_a_shared_matrix_is_frozen_under_any_of_its_names() -> None:
    """Section 3.4: the output's matrix is the embeddings'."""
    model = EncoderDecoder(street(11, 11))
    freeze(model, ["output.*"])
    assert not model.source_embedding.matrix.weight.requires_grad


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        (
            "training.freeze=[encoder.*, encodre.*]", RecipeError,
            r"^training.freeze: no weight of the model has a name like 'encodre\.\*'; expected a pattern such as enc",
        ),
        ("training.freeze='*'", TrainingError, r"^all \d+ weights of the model are frozen, so nothing is left"),
    ],
    ids=["a slip", "everything"],
)  # fmt: skip
def test_what_cannot_be_frozen_is_told_in_one_line(
    make_recipe: MakeRecipe, tmp_path: Path, changes: str, kind: type[ClearheadError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        train(make_recipe(changes), tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def weights(folder: Path, step: int, name: str = "model") -> dict[str, Tensor]:
    return load_file(folder / "checkpoints" / f"step-{step}" / f"{name}.safetensors")


def after(steps: int) -> Callable[[], bool]:
    calls: Iterator[int] = iter(range(10**6))
    return lambda: next(calls) >= steps


class TestARun:
    def test_frozen_weights_are_those_of_the_seed_and_a_resumed_run_is_the_same(
        self, make_recipe: MakeRecipe, tmp_path: Path
    ) -> None:
        recipe = make_recipe("training.freeze=encoder.*")
        train(recipe, tmp_path / "straight")
        untrained = dict(prepare_run(recipe).untrained_model().state_dict())
        for name in ("model", "average"):
            for key, value in weights(tmp_path / "straight", 12, name).items():
                assert torch.equal(value, untrained[key]) == key.startswith("encoder."), (name, key)
        kept = load(tmp_path / "straight").model.state_dict()
        assert all(torch.equal(kept[key], value) for key, value in untrained.items() if key.startswith("encoder."))
        assert not any(key.startswith("encoder.") for key in weights(tmp_path / "straight", 12, "optimizer"))
        train(recipe, tmp_path / "parts", should_stop=after(5))
        train(recipe, tmp_path / "parts", resume=True)
        for name in ("model", "average", "optimizer"):
            one, other = (weights(tmp_path / folder, 12, name) for folder in ("straight", "parts"))
            assert one.keys() == other.keys()
            assert all(torch.equal(one[key], other[key]) for key in one), name

    def test_a_resumed_run_may_freeze_more(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """What is frozen stays as it was learned, in the average too, which otherwise would never come up to it."""
        train(make_recipe(), tmp_path / "run", should_stop=after(5))
        learned = weights(tmp_path / "run", 5)
        train(make_recipe("training.freeze=encoder.*"), tmp_path / "run", resume=True)
        for name in ("model", "average"):
            for key, value in weights(tmp_path / "run", 12, name).items():
                assert torch.equal(value, learned[key]) == key.startswith("encoder."), (name, key)

    def test_but_not_less(self, make_recipe: MakeRecipe, tmp_path: Path) -> None:
        """The optimizer's moments of what was frozen are not there."""
        train(make_recipe("training.freeze=encoder.*"), tmp_path / "run", should_stop=after(5))
        message = r"no moments of encoder\..*, as what training\.freeze names has none; let it name the same, or more,"
        with pytest.raises(TrainingError, match=message):
            train(make_recipe(), tmp_path / "run", resume=True)


def test_an_edited_class_is_refused_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a parameter that model/shapes.py does not list no bundle can be read: that was found after the training."""
    built = Attention.__init__

    def edited(self: Attention, config: BlockConfig, rotary: bool = False) -> None:
        built(self, config, rotary)
        self.temperature = torch.nn.Parameter(torch.ones(config.heads))

    settings = SimpleNamespace(seed=1, freeze=())
    new_model(street(11, 11), settings)
    monkeypatch.setattr(Attention, "__init__", edited)
    with pytest.raises(ClearheadError, match=r"self_attention\.temperature of shape \(4,\).* in model/shapes\.py"):
        new_model(street(11, 11), settings)
