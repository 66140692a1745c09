"""What a person is told who writes a recipe wrong: one line that names the key."""

from collections.abc import Callable

import pytest

from clearhead.errors import RecipeError
from clearhead.recipe import Recipe


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
        ("training.steps=null", "training.steps=None is not allowed: expected a valid integer"),
        ("training.steps=0", "training.steps=0 is not allowed: expected greater than 0"),
        ("training.steps=many", "training.steps='many' is not allowed: expected a valid integer"),
        ("training.packing=maybe", "training.packing='maybe' is not allowed: expected a valid boolean"),
        ("training.compile=maybe", "training.compile: 'maybe' is not allowed: expected auto, true or false"),
        ("training.compile=true", "training: compile=true needs batches of one shape; set packing=true, or compile=a"),
        ("training.graph=yes", "training: graph=true needs batches of one shape; set packing=true, or graph=auto"),
        ("training.batch_tokens=0", "training.batch_tokens: 0 is not allowed: expected auto, or a whole number of"),
        ("training.batch_tokens=all", "training.batch_tokens: 'all' is not allowed: expected auto, or a whole number"),
        ("training.packed_length=0", "training.packed_length: 0 is not allowed: expected auto, or a whole number of"),
        ("training.packed_length=yes", "training.packed_length: 'yes' is not allowed: expected auto, or a whole"),
        ("training.loss.label_smoothing=1", "training.loss.label_smoothing=1 is not allowed: expected less than 1"),
        ("training.schedule.peak=.inf", "training.schedule.peak=inf is not allowed: expected a finite number"),
        ("training.seed=-1", "training.seed=-1 is not allowed: expected greater than or equal to 0"),
        ("training=5", "training=5 is not allowed: expected the keys steps, batch_tokens"),
        ("data.validate=[]", "data.validate=.* is not allowed"),
        ("data.validate.0.to=false", 'to=False is not allowed: expected a valid string; quote it, as in "no"'),
        ("name=1e3", 'name=1000.0 is not allowed: expected a valid string; quote it, as in "no"'),
        ("decoding.beam_size=1025", "decoding.beam_size=1025 is not allowed: expected less than or equal to 1024"),
        ("decoding.length_penalty=mean:1e308", "decoding.length_penalty: 'mean:1e308' is not allowed: expected none"),
        ("family=causal", "family='causal' is not allowed: expected 'encoder-decoder'"),
        ("data.embedded={corpus: street, pairs: 5}", "data: folder and embedded both say where the files are"),
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
