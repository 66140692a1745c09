"""From tables to classes and ids."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead.errors import DataError
from clearhead.recipe import Recipe
from clearhead.tasks import TASKS
from clearhead.tasks.examples import Examples, to_nobody
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]


def test_from_files_to_ids(table_recipe: MakeRecipe) -> None:
    examples = TASKS["classification"].examples(table_recipe())
    assert isinstance(examples, Examples)
    assert examples.sizes().labels == ("even", "odd")
    tokenizers = examples.tokenizers(100, to_nobody)
    corpus = examples.training(tokenizers, to_nobody)
    assert len(corpus) == 36
    tokenizer = tokenizers[0]
    assert corpus.texts[1].tolist() == [tokenizer.begin, *tokenizer.encode("one two"), tokenizer.end]
    assert corpus.classes[:3].tolist() == [1, 0, 1]
    [judged] = examples.validation(tokenizers)
    assert judged.corpus.classes.tolist() == [1, 0]
    assert judged.corpus.key != corpus.key


def test_the_run_keeps_the_labels(table_recipe: MakeRecipe) -> None:
    assert prepare_run(table_recipe()).recipe.data.labels == ("even", "odd")
    named = prepare_run(table_recipe(data={"labels": ["odd", "even"]}))
    assert named.recipe.data.labels == ("odd", "even")
    assert named.training.classes[:3].tolist() == [0, 1, 0]


def test_a_share_validates(table_recipe: MakeRecipe) -> None:
    inputs = prepare_run(table_recipe(data={"validate": {"share": 0.25}}))
    assert (len(inputs.training), len(inputs.validation[0].corpus)) == (27, 9)


def test_columns(table_recipe: MakeRecipe, tmp_path: Path) -> None:
    (tmp_path / "named.csv").write_text('kind,id,text\nodd,1,"one, one"\neven,2,two\n', encoding="utf-8")
    table = {"table": "named.csv", "columns": ["text", "kind"]}
    inputs = prepare_run(table_recipe(data={"train": table}))
    assert inputs.source_tokenizer.decode(inputs.training.texts[0].tolist()) == "one, one"
    assert inputs.training.classes.tolist() == [1, 0]


def test_long_texts_are_cut_and_said(table_recipe: MakeRecipe, tmp_path: Path) -> None:
    (tmp_path / "val.tsv").write_text(f"{'one ' * 10}\todd\ntwo\teven\n", encoding="utf-8")
    [one] = prepare_run(table_recipe()).validation
    assert one.corpus.longest == 16
    assert one.corpus.report.endswith("; 1 are cut at 16, as model.max_length says")


def test_a_label_of_the_validation_that_nobody_learned(table_recipe: MakeRecipe, tmp_path: Path) -> None:
    (tmp_path / "val.tsv").write_text("one\tnone\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"val.tsv: the label 'none' is none of the 2 to learn \(even, odd\)"):
        prepare_run(table_recipe())


def test_a_label_of_one_row(table_recipe: MakeRecipe, tmp_path: Path) -> None:
    """A header that is read as a row."""
    text = (tmp_path / "train.tsv").read_text(encoding="utf-8")
    (tmp_path / "train.tsv").write_text(f"text\tlabel\n{text}", encoding="utf-8")
    [doubt] = TASKS["classification"].examples(table_recipe()).doubts()
    assert "one row alone has the label 'label'" in doubt
    assert "columns: [text, label]" in doubt


def test_a_missing_file(table_recipe: MakeRecipe) -> None:
    with pytest.raises(DataError, match=r"other.tsv"):
        TASKS["classification"].examples(table_recipe(data={"train": {"table": "other.tsv"}}))
