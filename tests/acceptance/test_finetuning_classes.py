"""Fine-tuning of each class that is imported: what a step learns is what `transformers` would learn of the same batch.

It is what stands behind the column of docs/pretrained.md.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import clearhead
from clearhead.interop import import_model
from clearhead.interop.classes import CLASSES as KNOWN
from clearhead.interop.foreign import ForeignSettings
from clearhead.interop.importing import named
from clearhead.interop.layer_names import TABLES
from clearhead.interop.parts import open_parts
from clearhead.recipe import Recipe, build_recipe
from clearhead.training import train
from clearhead.training.run_inputs import prepare_run
from clearhead.training.storing_adapters import store_adapter
from clearhead.training.train_step import TrainStep

from ..interop.conftest import CAUSAL, CLASSES, PAIRS, Folder, folder_of, quiet
from ..interop.test_adapter_writing import apply

__all__ = ["folder_of", "quiet"]
LINES = ["the animal", "did not", "ab ba", "나는", "the street"]
LABELS = ["LABEL_0", "LABEL_1", "LABEL_2"]
# Without dropout, so that both compute the same.
MODEL = {"dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0}
TRAINING: dict[str, Any] = {
    "device": "cpu", "precision": "fp32", "steps": 2, "batch_tokens": 4096, "validate_every": 2, "checkpoint_every": 2,
    "log_every": 1, "patience": None, "schedule": {"peak": 0.01, "warmup": 1}, "average": {"name": "none"},
    "loss": {"label_smoothing": 0.0},
}  # fmt: skip
SENTENCES, TWO = "sentence encoder", "marian, two tables"
NAMES = [*CLASSES, *PAIRS, SENTENCES, TWO]
# Those without a head, or with one that we lack, get a classifier.
BODIES = ["bert, bare", "electra, discriminator", SENTENCES]
TRANSLATORS = [*PAIRS, TWO]


def make(folder_of: Folder, name: str) -> tuple[Path, Any]:
    """A folder of a class, and the model of transformers that it is of."""
    if name == TWO:
        return folder_of("marian", share_encoder_decoder_embeddings=False, decoder_vocab_size=320)
    folder, theirs = folder_of("bert, bare" if name == SENTENCES else name)
    if name == SENTENCES:
        modules = [{"type": f"models.{kind}", "path": path} for kind, path in (("Transformer", ""), ("Pooling", "1"))]
        (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
        (folder / "1").mkdir()
        (folder / "1" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}), encoding="utf-8")
    return folder, theirs


def task_of(name: str) -> str:
    if name in CAUSAL:
        return "language-modelling"
    if name in TRANSLATORS:
        return "summarisation" if name == "pegasus" else "translation"
    return "classification" if "classes" in name or name in BODIES else "masked-language-modelling"


def recipe_of(name: str, folder: Path) -> Recipe:
    """Of a bundle beside some lines, as they are its task's."""
    task = task_of(name)
    (folder / "a.txt").write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    others = [LABELS[number % 3] for number in range(len(LINES))] if task == "classification" else LINES[::-1]
    rows = "".join(f"{line}\t{other}\n" for line, other in zip(LINES, others, strict=True))
    (folder / "a.tsv").write_text(rows, encoding="utf-8")
    is_text = task in ("language-modelling", "masked-language-modelling")
    part = {"text": "a.txt", "documents": "line"} if is_text else {"table": "a.tsv"}
    labels = {"labels": LABELS} if task == "classification" else {}
    own: dict[str, Any] = MODEL if name in TRANSLATORS else {"dropout": 0.0, "attention_dropout": 0.0}
    own = {**own, "pooling": "mean"} if name == SENTENCES else own
    return build_recipe(
        {"name": "a", "task": task, "data": {"folder": str(folder), "train": part, "validate": part, **labels},
         "model": {"from": str(folder / "ours"), **own}, "training": TRAINING}, "a",
    )  # fmt: skip


def their_loss(name: str, theirs: Any, batch: Any, ours: Any) -> torch.Tensor:
    """What transformers' own model loses on a batch, summed; a head that it has not is ours."""
    if name in TRANSLATORS:
        mask = (batch.source != batch.padding).long()
        logits = theirs(input_ids=batch.source, attention_mask=mask, decoder_input_ids=batch.target_input).logits
    elif name in CAUSAL:
        logits = theirs(batch.ids).logits
    else:
        padding = batch.text_padding if hasattr(batch, "text_padding") else batch.padding
        mask = (batch.ids != padding).long()
        body = theirs.electra if name == "electra, discriminator" else theirs
        found = body(batch.ids, attention_mask=mask)
        if name in BODIES:
            states, head = found.last_hidden_state, ours.classifier.output
            vectors = {
                "bert, bare": found.get("pooler_output"), "electra, discriminator": states[:, 0],
                SENTENCES: (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
            }[name]  # fmt: skip
            logits = vectors @ head.weight.detach().T + head.bias.detach()
        else:
            logits = found.logits if hasattr(found, "logits") else found.prediction_logits
        if hasattr(batch, "places"):
            logits = logits.flatten(0, 1)[batch.places]
    wanted = batch.target_output.reshape(-1)
    kept = wanted != batch.padding
    return cross_entropy(logits.reshape(len(wanted), -1)[kept], wanted[kept], reduction="sum")


@pytest.mark.parametrize("name", NAMES)
def test_loss_and_gradients_are_those_of_transformers(name: str, folder_of: Folder, tmp_path: Path) -> None:
    """Of the first batch: of each weight that a class has as we have it, so of all but T5's last norm."""
    folder, theirs = make(folder_of, name)
    report = import_model(folder, tmp_path / "ours")
    inputs = prepare_run(recipe_of(name, tmp_path))
    step = TrainStep(inputs.untrained_model(), inputs.recipe.training, task=inputs.task)
    step.model.eval()
    [batch] = inputs.task.batches(inputs.recipe, inputs.training, inputs.tokenizers, 0)
    loss = step.backward(batch)
    expected = their_loss(name, theirs, batch, step.model)
    torch.testing.assert_close(loss.float(), expected.detach(), rtol=1e-4, atol=1e-4)
    expected.backward()
    parts, known = open_parts(folder), KNOWN[report.kind]
    plan = known.plan(named(parts, ForeignSettings(parts.values, parts.place), known.prefix))
    gradients = {key.removeprefix(known.prefix): one.grad for key, one in theirs.named_parameters()}
    held = 0
    for ours, gradient in step.flat.views(step.flat.gradients).items():
        source = plan.names.get(ours)
        theirs_is = None if source is None else gradients.get(source.name)
        if theirs_is is None or (name == "t5" and ours == "decoder.normalization.weight"):
            continue
        found, wanted = gradient.numpy(), source.change(theirs_is.numpy())
        if name in TRANSLATORS and ours in TABLES:
            # What a target begins with is padding in some classes, whose row transformers never lets learn as an input.
            found, wanted = (np.delete(one, batch.padding, axis=0) for one in (found, wanted))
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=2e-4, err_msg=ours)
        held += 1
    assert held > 0.8 * len(step.flat.views(step.flat.gradients))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_run_makes_a_bundle_that_c_computes(name: str, folder_of: Folder, tmp_path: Path) -> None:
    import_model(make(folder_of, name)[0], tmp_path / "ours")
    before = clearhead.load(tmp_path / "ours")
    train(recipe_of(name, tmp_path), tmp_path / "run")
    bundle = clearhead.load(tmp_path / "run")
    assert type(bundle._serving.engine("fp32").runtime).__name__ == "CompiledRuntime"
    assert bundle.source_tokenizer.to_json() == before.source_tokenizer.to_json()
    changed = [
        key for key, one in bundle.model.named_parameters()
        if key in dict(before.model.named_parameters()) and not torch.equal(one, before.model.get_parameter(key))
    ]  # fmt: skip
    assert len(changed) > 10


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "model"),
    [("distilbert", "DistilBertForSequenceClassification"), ("roberta", "RobertaForSequenceClassification")],
)
def test_a_head_that_a_body_gets_is_that_of_its_class(name: str, model: str, folder_of: Folder, tmp_path: Path) -> None:
    """With a pooler, a masked model becomes a classifier as transformers has it: with its adapter both say the same."""
    import transformers

    folder, _ = folder_of(name)
    import_model(folder, tmp_path / "ours")
    own = {"from": str(tmp_path / "ours"), "pooler": True, "lora": {"rank": 2, "alpha": 4}}
    plain = recipe_of("bert, classes", tmp_path)
    inputs = prepare_run(plain.model_copy(update={"model": type(plain.model)(**own)}))
    ours = inputs.untrained_model().eval()
    with torch.no_grad():
        for parameter in filter(lambda one: one.requires_grad, ours.parameters()):
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    assert inputs.recipe.model.lora is not None
    store_adapter(tmp_path / "adapter", ours, inputs.recipe.model.lora, inputs)
    theirs = getattr(transformers, model).from_pretrained(folder, num_labels=3).eval()
    apply(tmp_path / "adapter", theirs)
    ids = torch.tensor([[inputs.source_tokenizer.begin, 7, 8, 9, inputs.source_tokenizer.end]])
    with torch.no_grad():
        torch.testing.assert_close(ours(ids).classes, theirs(ids).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("page", ["pretrained.md", "pretrained.ko.md"])
def test_the_table_says_it_of_each_class(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    table = re.findall(r"^\| (.+) \|$", text[text.index("| GPT-2 |") :].partition("\n\n")[0], re.MULTILINE)
    cells = [[cell.strip() for cell in row.split("|")] for row in table]
    assert len(cells) == 13
    assert {row[4] for row in cells} == {"yes" if page == "pretrained.md" else "예"}
