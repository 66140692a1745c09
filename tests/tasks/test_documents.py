"""Which files of a recipe hold documents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.data import TableFile, TextFile
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.documents import document_corpora, document_file, file_names, first_words
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


def of_tables(language_recipe: MakeRecipe, folder: Path, task: str = "language-modelling") -> Recipe:
    """Texts of both kinds to learn from; a column that is named, to validate with."""
    (folder / "a.tsv").write_text("one two\t0\n\t1\nthree four\t1\n", encoding="utf-8")
    (folder / "b.csv").write_text('kind,text\n0,"five, six"\n1,one\n', encoding="utf-8")
    train = [{"table": "a.tsv"}, {"text": "a.txt", "documents": "line"}]
    data = {"folder": str(folder), "train": train, "validate": {"table": "b.csv", "columns": "text"}}
    return language_recipe(data=data, task=task)


def test_files_in_their_order(language_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = of_tables(language_recipe, tmp_path)
    assert file_names(recipe.data) == ["a.tsv", "a.txt", "b.csv"]
    files = [document_file(recipe.data, one, stop=0.5) for one in document_corpora(recipe.data.train)]
    assert files == [TableFile(tmp_path / "a.tsv", (1,), stop=0.5), TextFile(tmp_path / "a.txt", "line", stop=0.5)]
    shared = language_recipe().data
    assert [len(document_corpora(one)) for one in (shared.train, shared.validation)] == [1, 0]


@pytest.mark.parametrize("task", ["language-modelling", "masked-language-modelling"])
def test_rows_are_documents(language_recipe: MakeRecipe, tmp_path: Path, task: str) -> None:
    """A cell that is blank is none."""
    training = {"masking": {"share": 0.9}} if task.startswith("masked") else {}
    recipe = of_tables(language_recipe, tmp_path, task)
    recipe = language_recipe(training=training, data=recipe.data.model_dump(by_alias=True), task=task)
    inputs = prepare_run(recipe)
    corpora, tokenizer = (inputs.training, inputs.validation[0].corpus), inputs.source_tokenizer
    texts = [[tokenizer.decode(one.documents[n]) for n in range(len(one))] for one in corpora]
    assert texts[0][:3] == ["one two", "three four", "one one"]
    assert len(texts[0]) == 2 + 36
    assert texts[1] == [tokenizer.decode(tokenizer.encode("five, six")), "one"]
    assert TASKS[task].files(recipe.data) == ["a.tsv", "a.txt", "b.csv"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("\n  옛날 어느 날\n", ["옛날", "어느"]), ("- --who \x1b[2Jx he", ["he"]), (None, [])],
    ids=["after blanks", "no option", "no file"],
)
def test_words_that_can_be_typed(
    language_recipe: MakeRecipe, tmp_path: Path, text: str | None, found: list[str]
) -> None:
    recipe, path = language_recipe(), tmp_path / "a.txt"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    assert first_words(recipe, 2) == found


def test_words_of_a_table(language_recipe: MakeRecipe, tmp_path: Path) -> None:
    assert first_words(of_tables(language_recipe, tmp_path), 5) == ["one", "two"]
