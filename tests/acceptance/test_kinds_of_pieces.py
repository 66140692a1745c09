"""Each kind of tokenizer in use: one vocabulary or two, shortlists, texts that come in parts, a trace's page."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from clearhead import load
from clearhead.bundle import Bundle, learn_shortlist, save_shortlist
from clearhead.bundle.settings import Settings
from clearhead.look.showing import exhibit_of
from clearhead.recipe import Recipe
from clearhead.text import learn_tokenizer
from clearhead.text.learning import Kind
from clearhead.training.run_inputs import prepare_run

from ..conftest import sure_of_itself

MakeRecipe = Callable[..., Recipe]
KINDS = get_args(Kind)
LINES = ["one two three", "two three two three", "한국어 two", " two three"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("joint", ["true", "false"])
def test_a_translator(kind: Kind, joint: str, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    share = "all" if joint == "true" else "target"
    recipe = make_recipe(f"text={{size: 275, joint: {joint}, kind: {kind}}}", f"model.share_embeddings={share}")
    inputs = prepare_run(recipe)
    source, target = inputs.tokenizers
    assert (source is target) is (joint == "true")
    bundle = Bundle(inputs.untrained_model().eval(), source, target, inputs.recipe)
    bundle.save(tmp_path / "bundle")
    opened = load(tmp_path / "bundle")
    assert opened.target_tokenizer.to_json() == target.to_json()
    texts = ["one two", "three"]
    found = opened.translate(texts, beam_size=2)
    assert found == bundle.translate(texts, beam_size=2)
    assert "\ufffd" not in "".join(found)
    folder = Path(str(recipe.data.folder))
    listed = learn_shortlist(bundle, folder / "train.en", folder / "train.fr", best=2, frequent=5)
    save_shortlist(listed, tmp_path / "list", source, target)
    allowed = {*listed.always.tolist(), *listed.targets.tolist()}
    [[short]] = load(tmp_path / "bundle", shortlist=tmp_path / "list").search(["one two"])
    assert {*short.tokens} <= allowed
    shown = exhibit_of(bundle.trace("one two", target="un deux"), bundle).trace
    assert shown.source.pieces == tuple(source.pieces([*source.encode("one two"), source.end]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_comes_in_parts_is_the_text(kind: Kind, make_recipe: MakeRecipe) -> None:
    tokenizer = learn_tokenizer(kind, LINES, 275)
    model = sure_of_itself(tokenizer, ends=0.0)
    settings = Settings("tiny", (), 1, "mean:1.0", 1, task="language-modelling", documents="line")
    bundle = Bundle(model, tokenizer, tokenizer, make_recipe(), settings=settings)
    for prompt in ("one", "two three", ""):
        whole = bundle.generate(prompt, max_tokens=12, beam_size=1)
        assert "".join(bundle.generate_stream(prompt, max_tokens=12, beam_size=1)) == whole
        assert whole
