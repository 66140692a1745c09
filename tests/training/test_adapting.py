"""LoRA in a recipe: adapters learn, the trained model's weights stay, and the bundle is the merged model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from clearhead.bundle import load
from clearhead.errors import ClearheadError, RecipeError, TrainingError
from clearhead.interop import import_adapter
from clearhead.model.low_rank import adapters, merged
from clearhead.recipe import Recipe, build_recipe
from clearhead.training import train
from clearhead.training.adapting import prove_merge
from clearhead.training.run_inputs import prepare_run
from clearhead.training.train_step import TrainStep

SIZES = {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16}
TRAINING = {
    "device": "cpu", "precision": "fp32", "steps": 4, "batch_tokens": 64, "validate_every": 2, "checkpoint_every": 2,
    "log_every": 1, "patience": None, "validate_sentences": 2, "schedule": {"peak": 0.01, "warmup": 1},
}  # fmt: skip
LINES = ["one two", "three four", "five six"] * 4
TEXTS = {"train": {"text": "a.txt", "documents": "line"}, "validate": {"text": "a.txt", "documents": "line"}}
TABLES = {"train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}}
# Of each family a task, and what its base is trained for.
TASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "translation": ("translation", TABLES),
    "language-modelling": ("language-modelling", TEXTS),
    "chat": ("chat", TABLES),
    "masked-language-modelling": ("masked-language-modelling", TEXTS),
    "masked-next-token": ("masked-next-token", TEXTS),
    "classification": ("masked-language-modelling", TABLES),
}


def recipe(folder: Path, task: str, data: dict[str, Any], model: dict[str, Any], **values: Any) -> Recipe:
    training = {**TRAINING, **values.pop("training", {})}
    return build_recipe(
        {"name": "tiny", "task": task, "data": {"folder": str(folder), **data}, "model": model, "training": training}
        | values,
        "tiny",
    )


def sizes_for(task: str) -> dict[str, Any]:
    if task == "translation":
        return {"width": 16, "heads": 2, "inner_width": 32, "encoder_layers": 1, "decoder_layers": 1, "max_length": 16}
    return {**SIZES, **({"segments": 0} if task == "masked-language-modelling" else {})}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A run of each task that adapters begin with, made when it is asked for."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "a.txt").write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    (folder / "a.tsv").write_text("".join(f"{line}\t{line[:3]}\n" for line in LINES), encoding="utf-8")

    def made(task: str) -> Path:
        own, data = TASKS[task]
        data = TEXTS if own == "masked-language-modelling" else data
        if not (folder / own).exists():
            train(recipe(folder, own, data, sizes_for(own), text={"kind": "characters"}), folder / own)
        return folder / own

    return made


def adapting(base: Callable[[str], Path], task: str, lora: dict[str, Any] | None = None, **values: Any) -> Recipe:
    place = base(task)
    model = {"from": str(place), "lora": {"rank": 2, "alpha": 4, **(lora or {})}}
    return recipe(place.parent, task, TASKS[task][1], model, **values)


def after(steps: int) -> Callable[[], bool]:
    calls = iter(range(10**6))
    return lambda: next(calls) >= steps


@pytest.mark.parametrize("task", TASKS)
def test_only_adapters_learn_and_the_bundle_is_merged(
    base: Callable[[str], Path], tmp_path: Path, task: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of each task: a classifier's head is new and learns whole, and all else is the trained model's to the bit."""
    caplog.set_level("INFO")
    result = train(adapting(base, task), tmp_path / "run")
    theirs = dict(load(base(task)).model.named_parameters())
    kept = dict(result.bundle.model.named_parameters())
    changed = {name for name, one in kept.items() if name not in theirs or not torch.equal(one, theirs[name])}
    heads = {name for name in kept if task == "classification" and name.startswith(("classifier.", "pooler."))}
    targets = {name for name in kept if name.endswith((".query.weight", ".value.weight"))}
    assert changed == targets | heads
    assert bool(heads) == (task == "classification")
    # What the optimizer remembers is of these alone.
    moments = load_file(tmp_path / "run" / "checkpoints" / "step-4" / "optimizer.safetensors")
    names = {name.rpartition("/")[0] for name in moments if "/" in name}
    assert all(".adapter." in name or name in heads for name in names)
    assert len([name for name in names if ".adapter." in name]) == 2 * len(targets)
    assert "the adapters are merged: logits differ by" in caplog.text


def test_the_merged_weight_is_the_sum(base: Callable[[str], Path], tmp_path: Path) -> None:
    """W + α/r·B·A, of the tensors in the checkpoint, in float64."""
    task, name = "language-modelling", "decoder.layers.0.self_attention.query"
    result = train(adapting(base, task), tmp_path / "run")
    stored = load_file(tmp_path / "run" / "checkpoints" / f"step-{result.state.best_step}" / "average.safetensors")
    up, down = (stored[f"{name}.adapter.{part}.weight"].double() for part in ("up", "down"))
    weight = load(base(task)).model.get_parameter(f"{name}.weight").double() + 4 / 2 * up @ down
    assert up.abs().max() > 0
    kept = result.bundle.model.get_parameter(f"{name}.weight").double()
    torch.testing.assert_close(kept, weight, rtol=0, atol=1e-7)


@pytest.mark.parametrize("task", ["translation", "language-modelling", "classification"])
def test_the_adapter_beside_the_bundle_makes_it_of_the_trained_model(
    base: Callable[[str], Path], tmp_path: Path, task: str
) -> None:
    """In the files of the package `peft`; a classifier's head is part of it."""
    place = base(task)
    if task == "classification":  # Of which an adapter brings the head's numbers, and the model must have room.
        train(recipe(place.parent, task, TABLES, {"from": str(place)}, training={"steps": 1}), tmp_path / "classes")
        place = tmp_path / "classes"
    model = {"from": str(place), "lora": {"rank": 2, "alpha": 4, "targets": ["query", "inner"]}}
    result = train(recipe(base(task).parent, task, TASKS[task][1], model), tmp_path / "run")
    import_adapter(tmp_path / "run" / "adapter", place, tmp_path / "merged")
    made = dict(load(tmp_path / "merged").model.named_parameters())
    for name, one in result.bundle.model.named_parameters():
        torch.testing.assert_close(made[name], one, rtol=0, atol=1e-6)
    settings = json.loads((tmp_path / "run" / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (settings["peft_type"], settings["r"], settings["lora_alpha"]) == ("LORA", 2, 4)
    heads = ["classifier", "bert.pooler.dense"] if task == "classification" else None
    assert settings["modules_to_save"] == (heads and sorted(heads))


@pytest.mark.parametrize("training", [{}, {"accumulate": 2}, {"precision": "bf16"}, {"optimizer": {"name": "muon"}}])
def test_a_resumed_run_is_the_same_without_the_trained_model(
    base: Callable[[str], Path], tmp_path: Path, training: dict[str, Any]
) -> None:
    """Byte by byte, with accumulated batches, in bfloat16 and with Muon."""
    asked = adapting(base, "language-modelling", training=training)
    train(asked, tmp_path / "straight")
    train(asked, tmp_path / "parts", should_stop=after(2))
    elsewhere = asked.model.model_copy(update={"base": str(tmp_path / "gone" / "language-modelling")})
    train(asked.model_copy(update={"model": elsewhere}), tmp_path / "parts", resume=True)
    files = ["history.jsonl", "bundle/model.safetensors", "bundle/config.json"]
    files += [f"checkpoints/step-4/{name}.safetensors" for name in ("model", "average", "optimizer")]
    for name in files:
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes(), name


def test_accumulated_batches_are_one_step(base: Callable[[str], Path]) -> None:
    """The gradients of two batches together are those of a batch that holds both."""
    inputs = prepare_run(adapting(base, "translation"))
    step = TrainStep(inputs.untrained_model(), inputs.recipe.training, task=inputs.task)
    batches = list(inputs.task.batches(inputs.recipe, inputs.training, inputs.tokenizers, 0))
    step.model.eval()
    single = [torch.zeros_like(step.flat.gradients) for _ in batches]
    for batch, gradients in zip(batches, single, strict=True):
        step.flat.gradients.zero_()
        step.backward(batch)
        gradients.copy_(step.flat.gradients)
    step.flat.gradients.zero_()
    for batch in batches:
        step.backward(batch)
    torch.testing.assert_close(step.flat.gradients, torch.stack(single).sum(0))
    assert single[0].abs().sum() > 0


def test_memory_is_for_adapters(base: Callable[[str], Path]) -> None:
    """Two numbers of rank 2 for each row and column of two 16×16 matrices; the average shares what is frozen."""
    inputs = prepare_run(adapting(base, "language-modelling"))
    model = inputs.untrained_model()
    step = TrainStep(model, inputs.recipe.training, task=inputs.task)
    assert len(step.flat.values) == 2 * 2 * (16 + 16)
    frozen = [name for name, one in model.named_parameters() if not one.requires_grad]
    average = dict(step.average.model.named_parameters())
    assert all(average[name].data_ptr() == model.get_parameter(name).data_ptr() for name in frozen)
    assert inputs.base is not None
    assert all(inputs.base.weights[name].data_ptr() == average[name].data_ptr() for name in frozen)


def test_a_merge_that_changes_more_than_rounding_is_refused(base: Callable[[str], Path]) -> None:
    inputs = prepare_run(adapting(base, "language-modelling"))
    model = inputs.untrained_model().eval()
    for _, adapter in adapters(model):
        torch.nn.init.ones_(adapter.up.weight)
    batches = list(inputs.task.batches_to_judge(inputs.recipe, inputs.validation[0].corpus, inputs.tokenizers))
    good = merged(model)
    assert 0.0 < prove_merge(inputs.task, model, good, batches) < 1e-4
    good.decoder.layers[0].self_attention.value.weight.data *= 1.01
    with pytest.raises(
        TrainingError, match=r"^the merged model's logits differ by [\d.e-]+ from the adapted"
    ) as caught:
        prove_merge(inputs.task, model, good, batches)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lora", "message"),
    [
        ({"targets": ["querry"]}, "^model.lora.targets: no linear layer in the model's blocks has a name like 'querry'"
         "; expected some of inner, key, outer, output, query, value$"),
        ({"targets": []}, "model.lora.targets=.* is not allowed: expected 1 or more, not 0"),
        ({"rank": 0}, "model.lora.rank=0 is not allowed: expected more than 0"),
        ({"alpha": 0}, "model.lora.alpha=0 is not allowed: expected more than 0"),
        ({"r": 8}, "unknown key model.lora.r"),
    ],
)  # fmt: skip
def test_what_cannot_be_adapted(base: Callable[[str], Path], lora: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        prepare_run(adapting(base, "language-modelling", lora)).untrained_model()
    assert "\n" not in str(caught.value)


def test_adapters_need_a_trained_model(base: Callable[[str], Path]) -> None:
    folder = base("language-modelling").parent
    with pytest.raises(
        RecipeError, match=r"model: lora adapts a trained model; name it by model\.from, or remove lora"
    ):
        recipe(folder, "language-modelling", TEXTS, {**SIZES, "lora": {"rank": 2}})


def test_a_weight_that_nobody_trained_is_refused(base: Callable[[str], Path]) -> None:
    asked = adapting(base, "language-modelling")
    model = asked.model.model_copy(update={"layers": 2})
    with pytest.raises(RecipeError, match=r"has no decoder\.layers\.1\..* which would stay as it is drawn"):
        prepare_run(asked.model_copy(update={"model": model})).untrained_model()


def test_another_rank_cannot_go_on(base: Callable[[str], Path], tmp_path: Path) -> None:
    train(adapting(base, "language-modelling"), tmp_path / "run", should_stop=after(2))
    with pytest.raises(ClearheadError, match=r"model\.lora\.rank is 3, but was 2 when the run began"):
        train(adapting(base, "language-modelling", {"rank": 3}), tmp_path / "run", resume=True)
