"""How a language model goes on while it is trained."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.bundle import Bundle
from clearhead.recipe import Recipe
from clearhead.tasks.examples import Sample
from clearhead.tasks.language_modelling.samples import WRITTEN
from clearhead.training import train
from clearhead.training.run_inputs import RunInputs, prepare_run
from clearhead.training.validation import validate


def samples(inputs: RunInputs) -> tuple[Sample, ...]:
    return validate(inputs.untrained_model().eval(), inputs).samples


@pytest.mark.parametrize("task", ["language-modelling", "masked-next-token"])
def test_the_first_documents_go_on(task: str, language_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """As the bundle goes on with their beginnings."""
    (tmp_path / "b.txt").write_text("ab cd ef gh\nabcdef\na\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("abcdefgh \n", encoding="utf-8")
    data = {
        "folder": str(tmp_path), "train": {"text": "c.txt", "documents": "line"},
        "validate": {"text": "b.txt", "documents": "line"},
    }  # fmt: skip
    inputs = prepare_run(language_recipe(task=task, data=data))
    found = samples(inputs)
    assert [(one.source, one.reference) for one in found] == [("ab", " cd ef gh"), ("ab", "cdef")]
    bundle = Bundle(inputs.untrained_model().eval(), *inputs.tokenizers, inputs.recipe, settings=inputs.settings)
    written = bundle.generate([one.source for one in found], beam_size=1, max_tokens=WRITTEN)
    assert [one.hypothesis for one in found] == written


def test_several_parts_of_one_document(language_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """Begin is one of sixteen places, so that the first part has fifteen letters."""
    recipe = language_recipe()
    (tmp_path / "b.txt").write_text("abcdefghijklmnopqrstuvwxyz" * 3, encoding="utf-8")
    text = {"text": "b.txt"}
    data = {"folder": str(tmp_path), "train": text, "validate": text}
    found = samples(prepare_run(language_recipe(data=data)))
    assert len(found) == recipe.training.validate_samples == 3
    assert [one.source for one in found] == ["abcde", "pqrst", "fghij"]
    assert (
        "".join(one.source + one.reference for one in found)
        == "abcdefghijklmnopqrstuvwxyz" * 1 + "abcdefghijklmnopqrstu"
    )


def test_none_are_asked_for(language_recipe: Callable[..., Recipe]) -> None:
    assert samples(prepare_run(language_recipe(training={"validate_samples": 0}))) == ()


def test_what_writes_nothing(language_recipe: Callable[..., Recipe]) -> None:
    """A masked model fills, and has no text to be shown."""
    assert samples(prepare_run(language_recipe(task="masked-language-modelling"))) == ()


def test_they_change_no_weight(language_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """Dropout draws, so that a number drawn in between would show. Validations come at steps 4 and 8."""
    for count in (0, 3):
        model = {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 16, "dropout": 0.1}
        recipe = language_recipe("line", {"validate_samples": count}, model=model)
        train(recipe, tmp_path / str(count))
    weights = [(tmp_path / name / "bundle" / "model.safetensors").read_bytes() for name in ("0", "3")]
    assert weights[0] == weights[1]
    assert not (tmp_path / "0" / "samples.jsonl").exists()
    assert len((tmp_path / "3" / "samples.jsonl").read_text(encoding="utf-8").splitlines()) == 6


def test_a_prompt_that_is_too_long_for_the_model(language_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """Three places hold one character of three bytes, but not with begin before it; a run goes on without samples."""
    (tmp_path / "b.txt").write_text("한국어 문장입니다\n" * 3, encoding="utf-8")
    text = {"text": "b.txt", "documents": "line"}
    data = {"folder": str(tmp_path), "train": text, "validate": text}
    model = {"width": 16, "heads": 2, "inner_width": 32, "layers": 1, "max_length": 3}
    assert samples(prepare_run(language_recipe(data=data, text={"size": 259}, model=model))) == ()
