"""What of a recipe names its corpus: each item is told by its keys."""

from collections.abc import Callable

import pydantic
import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import CorpusSettings, Data, Recipe, ShareSettings, TableSettings, TextSettings, build_recipe


def test_items_are_told_by_their_keys() -> None:
    data = Data(train=[{"text": "a", "documents": "line"}, {"source": "a", "target": "b"}], validate={"share": 0.2})
    assert data.train == (TextSettings(text="a", documents="line"), CorpusSettings(source="a", target="b"))
    assert data.validation == (ShareSettings(share=0.2),)
    assert data.texts == data.train[:1]
    assert data.pairs == data.train[1:]
    assert data.validation_pairs == ()


def test_a_table_is_told_by_its_keys() -> None:
    data = Data(train=[{"table": "a.tsv"}, {"table": "b.csv", "columns": ["text", 3]}], validate={"share": 0.2})
    assert (
        data.train == data.tables == (TableSettings(table="a.tsv"), TableSettings(table="b.csv", columns=("text", 3)))
    )
    assert [one.columns for one in data.tables] == [None, ("text", 3)]
    assert Data(train={"table": "a", "columns": 2}, validate={"share": 0.2}).tables[0].columns == (2,)


@pytest.mark.parametrize("columns", [[], 0, -1, [True], [""], [1.5], ["a" * 201], [1] * 101])
def test_columns_are_numbers_or_names(columns: object) -> None:
    with pytest.raises(pydantic.ValidationError):
        Data(train={"table": "a", "columns": columns}, validate={"share": 0.2})


def test_a_table_may_have_a_header() -> None:
    assert Data(train={"table": "a", "header": True}, validate={"share": 0.2}).tables[0].header
    assert not Data(train={"table": "a"}, validate={"share": 0.2}).tables[0].header


def test_sections_may_be_given_as_they_are(make_recipe: Callable[..., Recipe]) -> None:
    data = make_recipe().data
    assert Data(train=data.train, validate=data.validation).train == data.train == data.pairs
    assert data.validation == data.validation_pairs


@pytest.mark.parametrize("share", [0, 1, -0.1, True])
def test_a_share_leaves_something(share: float) -> None:
    with pytest.raises(pydantic.ValidationError):
        Data(train={"text": "a"}, validate={"share": share})


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"text": "a", "source": "a", "target": "b"}, "text does not go with the keys beside it; keep source and "),
        ({"text": "a", "share": 0.1}, "share does not go with the keys beside it; keep source and target for pairs"),
        ({"share": 0.1, "target": "b"}, "share does not go with the keys beside it; keep source and target for pairs"),
        ({}, "0 has no key; name source and target for pairs, text for a text"),
    ],
)
def test_an_item_is_of_one_kind(item: dict[str, object], said: str) -> None:
    """It was called an unknown key, and the very same key suggested."""
    with pytest.raises(RecipeError, match=rf"data\.validate\.(0\.)?{said}"):
        build_recipe({"name": "a", "data": {"train": {"text": "a"}, "validate": [item]}}, "a")


def test_entries_of_one_name_are_one_set() -> None:
    """What has no name chooses the best model, wherever it stands; else the name that comes first."""
    data = Data(
        train={"text": "a"}, validate=[{"text": one[0], "name": one[1:] or None} for one in ("bx", "cy", "dx", "e")]
    )
    sets = data.validation_sets()
    assert {name: [one.text for one in each.validation] for name, each in sets.items()} == {  # type: ignore[union-attr]
        "": ["e"], "x": ["b", "d"], "y": ["c"],
    }  # fmt: skip
    assert [*sets] == ["", "x", "y"]
    assert [*data.validation_sets("old")] == ["old", "x", "y"]
    assert all(one.train == data.train for one in sets.values())
    alone = Data(train={"text": "a"}, validate=[{"text": "b"}, {"text": "c"}])
    assert alone.validation_sets() == {"": alone}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a/b", "'a/b' is not allowed: expected letters, digits, - and _, such as news or news-2024"),
        ("-a", "'-a' is not allowed: expected letters"),
        ("a b", "'a b' is not allowed: expected letters"),
        ("old", "old is what the sets of data.replay are called; choose another name, or leave it out"),
        ("", "='' is not allowed: expected a text that is not empty"),
        ("n" * 41, "is not allowed: expected a text of 40 characters or fewer"),
        (5, "=5 is not allowed: expected a text"),
    ],
)
def test_a_sets_name_is_one_word(name: object, said: str) -> None:
    """It is part of a figure's name, and of files'."""
    with pytest.raises(RecipeError, match=r"data\.validate\.0\.name") as caught:
        build_recipe(
            {
                "name": "a",
                "data": {
                    "train": {"source": "a", "target": "b"},
                    "validate": {"source": "a", "target": "b", "name": name},
                },
            },
            "a",
        )
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["news", "뉴스", "news-2024_a", "7"])
def test_names_in_any_letters(name: str) -> None:
    [one] = Data(train={"text": "a"}, validate={"share": 0.1, "name": name}).validation
    assert one.name == name


PAIR = {"source": "a", "target": "b"}


def data_of(**values: object) -> Recipe:
    return build_recipe({"name": "a", "data": values, "training": {"steps": 1}}, "a")


def test_a_tag_is_for_some_of_what_is_learned_from() -> None:
    tagged = {"table": "a.tsv", "tag": "synthetic"}
    assert [one.tag for one in data_of(train=[PAIR, tagged], validate=PAIR).data.directions] == [None, "synthetic"]


@pytest.mark.parametrize(
    ("train", "validate", "said"),
    [
        (
            [PAIR, {**PAIR, "tag": "Back1"}],
            PAIR,
            "data.train.1.tag: 'Back1' is not allowed: expected letters of a to z",
        ),
        (
            [PAIR, {**PAIR, "tag": "begin"}],
            PAIR,
            "'begin' is not allowed: expected letters of a to z, 20 at most, such ",
        ),
        ([PAIR, {**PAIR, "tag": "a" * 21}], PAIR, "is not allowed: expected letters of a to z, 20 at most"),
        ([PAIR, {**PAIR, "tag": ""}], PAIR, "'' is not allowed: expected letters of a to z"),
        (PAIR, {**PAIR, "tag": "back"}, "validate.tag=back is for data.train; remove it, as no text that a model is "),
        (
            {**PAIR, "tag": "back"},
            PAIR,
            "train has a tag on each of its entries, but no text that a model is asked has",
        ),
    ],
)
def test_a_tag_that_cannot_be(train: object, validate: object, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        data_of(train=train, validate=validate)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_replayed_may_have_a_tag_and_is_not_judged_with_one() -> None:
    """The new pairs, or the old ones, may be those that people wrote."""
    tagged = {**PAIR, "tag": "back"}
    for new, old in ((PAIR, tagged), (tagged, PAIR)):
        assert Data(train=new, validate=PAIR, replay={"train": old, "validate": PAIR}).replayed
    with pytest.raises(pydantic.ValidationError, match=r"validate\.tag=back is for data\.train"):
        Data(train=PAIR, validate=PAIR, replay={"train": PAIR, "validate": tagged})


def test_only_pairs_have_a_tag() -> None:
    values = {"train": [{"table": "a", "tag": "back"}, {"table": "b"}], "validate": {"table": "c"}}
    with pytest.raises(RecipeError, match=r"data.train.from, to, weight or tag is for translation; remove it"):
        build_recipe({"name": "a", "task": "chat", "data": values, "training": {"steps": 1}}, "a")
