"""A recipe's texts; each step can be taken alone."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.errors import DataError
from clearhead.recipe import Recipe
from clearhead.tasks.examples import to_nobody
from clearhead.tasks.language_modelling.examples import TextExamples
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


def test_from_a_file_to_ids(language_recipe: MakeRecipe, tmp_path: Path) -> None:
    """The last fifth validates, and no character is lost between the two parts."""
    text = (tmp_path / "a.txt").read_text() if (tmp_path / "a.txt").exists() else ""
    examples = TextExamples(language_recipe())
    text = (tmp_path / "a.txt").read_text()
    sizes = examples.sizes()
    assert (sizes.pieces, sizes.model.preset, sizes.model.layers) == (16_000, "gpt_tiny", 1)
    both = examples.tokenizers(sizes.pieces, to_nobody)
    assert both[0] is both[1]
    training = examples.training(both, to_nobody)
    [judged] = examples.validation(both)
    whole = [both[0].decode(one.documents[0]) for one in (training, judged.corpus)]
    assert "".join(whole) == text
    assert len(whole[0]) == int(len(text) * 0.8)
    assert list(examples.doubts()) == []


def test_texts_to_validate_with_are_read_whole(language_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = language_recipe()
    (tmp_path / "b.txt").write_text("six one\n\ntwo\n")
    data = {**recipe.data.model_dump(by_alias=True), "validate": {"text": "b.txt", "documents": "line"}}
    examples = TextExamples(language_recipe(data=data, text={"kind": "bpe"}))
    both = examples.tokenizers(259, to_nobody)
    [judged] = examples.validation(both)
    assert [both[0].decode(judged.corpus.documents[n]) for n in range(2)] == ["six one", "two"]
    assert dataclasses.is_dataclass(judged)


def test_a_file_that_is_missing(language_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = language_recipe()
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DataError, match=r"a.txt does not exist"):
        TextExamples(recipe)


@pytest.mark.parametrize("kind", ["characters", "bpe"])
@pytest.mark.parametrize(("text", "documents"), [("a", "file"), ("aaa", "line"), ("a b\nc", "paragraph")])
def test_a_text_too_short_for_a_share(
    language_recipe: MakeRecipe, tmp_path: Path, text: str, documents: str, kind: str
) -> None:
    """It was said to be blank."""
    recipe = language_recipe(documents, text={"kind": kind})
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DataError, match=r"a.txt: too short to keep a share .* name a text in data.validate"):
        prepare_run(recipe)
