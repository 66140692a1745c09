"""The files of a recipe's corpus: what is missing is missed at once, and nothing is learned on the way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clearhead import street
from clearhead.errors import DataError
from clearhead.recipe import Recipe, load_recipe
from clearhead.tasks.translation.corpus_files import corpus_folder, find_files

MakeRecipe = Callable[..., Recipe]


def test_each_file_once(make_recipe: MakeRecipe, corpus: Path) -> None:
    """The French of one direction is read by the other."""
    pairs = "{source: train.en, target: train.fr, from: en, to: fr}, {source: train.fr, target: train.en}"
    files = find_files(make_recipe(f"data.train=[{pairs}]").data)
    assert [one.to_language for one in files.training] == ["fr", None]
    assert files.sources == [corpus / "train.en", corpus / "train.fr"]
    assert sorted(files.texts) == [corpus / "train.en", corpus / "train.fr"]
    assert [one.source for one in files.validation] == [corpus / "val.en"]


def test_a_table_and_a_share_of_it(summary_recipe: Recipe) -> None:
    """Thirty rows, each with a source of its own, a tenth of which is kept back."""
    files = find_files(summary_recipe.data)
    [train], [validate] = files.training, files.validation
    trained, held = set(train.pairs()), set(validate.pairs())
    assert (len(trained), len(held)) == (27, 3)
    assert trained.isdisjoint(held)
    assert summary_recipe.data.folder
    missing = summary_recipe.data.model_copy(update={"folder": summary_recipe.data.folder + "/none"})
    with pytest.raises(DataError, match=r"pairs.tsv does not exist"):
        find_files(missing)


def test_a_share_of_two_files(make_recipe: MakeRecipe, corpus: Path) -> None:
    """And of both directions, so that neither learns what the other is judged by."""
    names = "source: train.en, target: train.fr", "source: train.fr, target: train.en"
    for count in (1, 2):
        pairs = ", ".join(f"{{{one}}}" for one in names[:count])
        files = find_files(make_recipe(f"data.train=[{pairs}]", "data.validate={share: 0.2}").data)
        assert len(files.training) == len(files.validation) == count
        held = {source for one in files.validation for source, _ in one.pairs()}
        trained = {side for one in files.training for pair in one.pairs() for side in pair[:count]}
        assert trained
        assert held
        assert trained.isdisjoint(held)


def test_a_share_is_of_pairs_without_a_tag(make_recipe: MakeRecipe) -> None:
    """What a model wrote judges none; a source that is kept back is not learned from there either."""
    pairs = "{source: train.en, target: train.fr}, {source: train.en, target: train.fr, tag: back}"
    files = find_files(make_recipe(f"data.train=[{pairs}]", "data.validate={share: 0.2}").data)
    assert [one.tag for one in files.training] == [None, "back"]
    [validate] = files.validation
    assert validate.tag is None
    held = {source for source, _ in validate.pairs()}
    for one in files.training:
        assert held.isdisjoint(source for source, _ in one.pairs())


@pytest.mark.parametrize("key", ["data.train.0.source", "data.validate.0.target"])
def test_a_file_that_is_not_there(make_recipe: MakeRecipe, key: str) -> None:
    """The last file is missed before the first is read: hours may lie between."""
    with pytest.raises(DataError, match=r"trian.en does not exist; did you mean train.en\?"):
        find_files(make_recipe(f"{key}=trian.en").data)


def test_an_embedded_corpus_is_written_into_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(street, "cached", lambda *asked: tmp_path / "-".join(map(str, asked)))
    recipe = load_recipe("street", ["data.embedded={corpus: street, pairs: 7, seed: 3, several: 0.1}"])
    assert corpus_folder(recipe.data) == tmp_path / "7-3-0.1"


def test_languages_name_the_columns_of_what_has_names(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    text = '{"id": 1, "fr": "un", "en": "one"}\n'
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "a.tsv").write_text("one\tun\n", encoding="utf-8")
    table = "{table: NAME, from: en, to: fr}"
    for name in ("a.jsonl", "a.tsv"):
        recipe = make_recipe(f"data.folder={tmp_path}", f"data.train={table.replace('NAME', name)}")
        recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"validation": recipe.data.train})})
        assert list(find_files(recipe.data).training[0].pairs()) == [("one", "un")]
