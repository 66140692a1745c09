"""What a person is told who writes a recipe wrong: one line that names the key."""

import copy
import math
import re
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe, explaining
from clearhead.recipe.reading import build_recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("trainig.steps=3", r"unknown key trainig; did you mean training\?"),
        ("training.label_smooth=0.1", "unknown key training.label_smooth; expected one of steps, "),
        ("training.batch_token=9", r"unknown key training.batch_token; did you mean batch_tokens\?"),
        ("data.validate.0.sorce=a", r"unknown key data.validate.0.sorce; did you mean source\?"),
        ("data.validat={}", r"unknown key data.validat; did you mean validate\?"),
        ("model.presett=a", r"unknown key model.presett; did you mean preset\?"),
        ("model.preset=paper_bse", "model.preset='paper_bse' is not allowed: expected 'paper_base', 'paper_big',"),
        ("training.steps=null", "training.steps=null is not allowed: expected a whole number, such as 100"),
        ("training.steps=0", "training.steps=0 is not allowed: expected more than 0"),
        ("training.steps=many", "training.steps='many' is not allowed: expected a whole number, such as 100"),
        ("training.packing=maybe", "training.packing='maybe' is not allowed: expected true or false"),
        ("training.compile=maybe", "training.compile: 'maybe' is not allowed: expected auto, true or false"),
        ("training.compile=true", "training: compile=true needs batches of one shape; set packing=true, or compile=a"),
        ("training.graph=yes", "training: graph=true needs batches of one shape; set packing=true, or graph=auto"),
        ("training.batch_tokens=0", "training.batch_tokens: 0 is not allowed: expected auto, or a whole number of"),
        ("training.batch_tokens=all", "training.batch_tokens: 'all' is not allowed: expected auto, or a whole number"),
        ("training.packed_length=0", "training.packed_length: 0 is not allowed: expected auto, or a whole number of"),
        ("training.packed_length=yes", "training.packed_length: 'yes' is not allowed: expected auto, or a whole"),
        ("training.loss.label_smoothing=1", "training.loss.label_smoothing=1 is not allowed: expected less than 1"),
        ("training.schedule.peak=.inf", "training.schedule.peak=inf is not allowed: expected a number that is not"),
        ("training.seed=-1", "training.seed=-1 is not allowed: expected 0 or more"),
        ("training=5", "training=5 is not allowed: expected the keys steps, batch_tokens"),
        ("data.validate=", "data.validate is missing; add it"),
        ("data.validate=[]", "data.validate=.* is not allowed"),
        ("data.validate.0.to=false", 'to=false is not allowed: expected a text, or null for none; quote it, as'),
        ("name=1e3", 'name=1000.0 is not allowed: expected a text; quote it, as in "no"'),
        ("decoding.beam_size=1025", "decoding.beam_size=1025 is not allowed: expected 1024 or less"),
        ("decoding.length_penalty=mean:1e308", "decoding.length_penalty: 'mean:1e308' is not allowed: expected none"),
        ("family=causal", "family='causal' is not allowed: expected 'encoder-decoder'"),
        ("data.embedded={corpus: street, pairs: 5}", "data: folder and embedded both say where the files are"),
        # Beginners' spellings.
        ("training.steps=1,000", "training.steps='1,000' is not allowed: expected a whole number, such as 100; write"),
        ("training.steps=1k", "training.steps='1k' is not allowed: expected a whole number, such as 100; write 1000$"),
        ("training.steps=1 000", "; write 1000, without the space$"),
        ("training.steps=1e-3", "training.steps=0.001 is not allowed: expected a whole number, without a fraction"),
        ("training.batch_tokens=4,096", "a whole number of tokens such as 128; write 4096, without the comma$"),
        ("model.dropout=10%", "model.dropout='10%' is not allowed: expected a number, such as 0.1, or null for no"),
        ("model.dropout=0,1", "; write 0.1, with a point$"),
        ("training.optimizer.betas=[0,9, 0,98]", r"betas=\[0, 9, 0, 98\] is not allowed: expected 2 values, not 4"),
        ("training.optimizer.betas=[0.9]", "training.optimizer.betas.1 is missing; add it"),
        ("training.optimizer.betas=0.9", r"expected a list in brackets, such as \[a, b\]"),
        ("training.patience=off", "'off' is not allowed: expected a whole number, such as 100, or null for none"),
        ("steps=1000", r"unknown key steps; did you mean training.steps\?"),
        ("training.steps=true", "training.steps=true is not allowed: expected a whole number, such as 100"),
        ("training.schedule.peak=yes", "peak='yes' is not allowed: expected a number, such as 0.1"),
        ("model.dropout=false", "model.dropout=false is not allowed: expected a number, such as 0.1, or null for none"),
        ("data.train.0.weight=true", "weight=true is not allowed: expected a number, such as 0.1"),
        ("training.optimizer.betas=[0.9, true]", "betas.1=true is not allowed: expected a number, such as 0.1"),
        ("training.batch_tokens=true", "training.batch_tokens: true is not allowed: expected auto"),
        ("training.dropout=0.1", r"unknown key training.dropout; did you mean model.dropout\?"),
        ("training={steps: 1, select_by: bleu, validate_sentences: 0}", "training: select_by=bleu needs translations"),
    ],
)  # fmt: skip
def test_the_line(make_recipe: Callable[..., Recipe], change: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        make_recipe(change)
    assert "tiny.yaml: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_how_many_more_there_are(make_recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError, match=r"unknown key model.widht; did you mean width\? \(and 1 more\)"):
        make_recipe("training.steps=0", "model.widht=3")


def test_what_is_missing(make_recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError, match=r"training.steps is missing; add it"):
        make_recipe("training={}")


def test_a_long_value_is_cut(make_recipe: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError) as caught:
        make_recipe(f"training.steps={'x' * 10_000}")
    assert len(str(caught.value)) < 300


# What stands for each value of a recipe in turn: of every type that YAML has, and texts that people write for numbers.
ODD = [
    None, True, False, 0, -1, 3, 10**30, 1.5, -0.5, math.inf, math.nan, "", "x", "1,000", "1k", "10%", "yes", "a" * 500,
    "\ud800", [], [1], [1, 2, 3], ["a", None], {}, {"a": 1}, [{}], [[]], {"": None},
]  # fmt: skip
VALUES: dict[str, Any] = {
    "name": "a", "data": {"train": [{"source": "a", "target": "b"}], "validate": [{"source": "a", "target": "b"}]},
    "training": {"steps": 1},
}  # fmt: skip
PYDANTICS = re.compile(
    r"Input should|valid (integer|number|string|boolean|list|tuple|dictionary)|unable to parse|Value error"
)


def changed(key: str, value: object) -> dict[str, Any]:
    """`VALUES` with another value at a key such as data.train.source."""
    values = copy.deepcopy(VALUES)
    place: Any = values
    *path, last = key.split(".")
    for part in path:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[0].setdefault(part, {})
    (place if isinstance(place, dict) else place[0])[last] = value
    return values


def test_a_section_of_many_keys_names_the_first() -> None:
    line = explaining._listed([f"k{number}" for number in range(50)])
    assert line.startswith("k0, k1, ")
    assert line.endswith("k14 and 35 more")
    assert explaining._listed(["a", "b"]) == "a, b"


def test_no_words_of_the_library_are_seen() -> None:
    """Each key with each odd value: one line of ours, and a word for every kind of mistake that pydantic names."""
    kinds: set[str] = set()
    for key in explaining._all_keys(Recipe):
        for value in ODD:
            try:
                Recipe.model_validate(changed(key, value))
            except pydantic.ValidationError as error:
                kinds |= {problem["type"] for problem in error.errors()} - {"default_factory_not_called"}
                line = explaining.explain(error)
                assert not PYDANTICS.search(line), line
                assert "\n" not in line
                assert len(line) < 700
                assert not re.search(r"\b(None|True|False)\b", line), line
    assert kinds <= explaining.EXPECTED.keys() | explaining._KINDS.keys()
    assert len(kinds) > 12


def test_a_mistake_of_a_kind_without_words_is_plain() -> None:
    error = pydantic.ValidationError.from_exception_data(
        "Recipe", [{"type": "date_type", "loc": ("training", "steps"), "input": 5}]
    )
    assert explaining.explain(error).startswith("training.steps=5 is not allowed; `--print-recipe` with a recipe of")


def test_a_key_that_is_no_text() -> None:
    """Half a character, as Python has it of an argument that is not UTF-8: it was a traceback."""
    with pytest.raises(RecipeError, match=r"recipe: the key '\\ud800' is not allowed: expected a text$"):
        build_recipe({"\ud800": 1}, "recipe")


def accepts(key: str, value: object) -> bool:
    try:
        Recipe.model_validate(changed(key, value))
    except pydantic.ValidationError:
        return False
    return True


def test_no_number_is_a_switch() -> None:
    """pydantic reads true as 1, so that `training.steps=true` trained one step."""
    numbers = [key for key in explaining._all_keys(Recipe) if any(accepts(key, value) for value in (0.5, 3, 300))]
    assert {"training.steps", "training.schedule.peak", "data.train.weight", "decoding.beam_size"} <= set(numbers)
    assert [key for key in numbers if accepts(key, True) or accepts(key, False)] == []
