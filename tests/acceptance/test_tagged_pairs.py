"""A model that learned some pairs with a tag: it goes on exactly, is asked without the tag, and never writes it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers

import clearhead
from clearhead.decoding import Sampling
from clearhead.errors import RecipeError
from clearhead.interop import export_model
from clearhead.recipe import Recipe, build_recipe
from clearhead.training import train
from clearhead.training.run_inputs import prepare_run

MakeRecipe = Callable[..., Recipe]
PAIR = "source: train.en, target: train.fr, from: en, to: fr"
TRAIN = f"data.train=[{{{PAIR}}}, {{{PAIR}, tag: TAG, weight: 0.5}}]"
CHANGES = TRAIN.replace("TAG", "back"), "text={size: 263, tags: true}"
SYMBOL = "⟨back⟩"


@pytest.fixture(scope="module")
def run(make_recipe: MakeRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagged") / "run"
    train(make_recipe(*CHANGES), folder)
    return folder


def test_it_goes_on_exactly(make_recipe: MakeRecipe, run: Path, tmp_path: Path) -> None:
    steps = iter(range(100))
    train(make_recipe(*CHANGES), tmp_path / "run", should_stop=lambda: next(steps) >= 5)
    train(make_recipe(*CHANGES), tmp_path / "run", resume=True)
    for name in ("history.jsonl", "bundle/model.safetensors", "bundle/tokenizer.json", "bundle/README.md"):
        assert (tmp_path / "run" / name).read_bytes() == (run / name).read_bytes()


def test_another_tag_is_refused_as_the_pieces_have_none(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    steps = iter(range(100))
    train(make_recipe(*CHANGES), tmp_path / "run", should_stop=lambda: next(steps) >= 1)
    other = make_recipe(TRAIN.replace("TAG", "noisy"), *CHANGES[1:])
    with pytest.raises(RecipeError, match=r"has tag: noisy, but the model's pieces, .* have the tags back; remove it"):
        train(other, tmp_path / "run", resume=True)


def test_what_begins_with_it_has_its_tags(run: Path, run_folder: Path, corpus: Path) -> None:
    """A model that was trained without has no place for one."""
    plain = {"source": "train.en", "target": "train.fr", "from": "en", "to": "fr"}
    data = {"folder": str(corpus), "train": [plain, {**plain, "tag": "back"}], "validate": plain}
    tuned, other = (
        build_recipe({"name": "a", "data": data, "model": {"from": str(base)}, "training": {"steps": 1}}, "a")
        for base in (run, run_folder)
    )
    inputs = prepare_run(tuned)
    symbol = inputs.source_tokenizer.symbol("back")
    firsts = [int(inputs.training.source[number][0]) for number in range(60)]
    assert [first == symbol for first in firsts] == [False] * 30 + [True] * 30
    with pytest.raises(RecipeError, match="which were learned before, have no such tag; remove it, or train a new"):
        prepare_run(other)


def test_nobody_sends_or_writes_it(run: Path) -> None:
    """Drawn at a heat at which all tokens that may be written are about as likely: the vocabulary has 263."""
    model = clearhead.load(run)
    tokenizer = model.source_tokenizer
    symbol = tokenizer.symbol("back")
    assert tokenizer.pieces([symbol]) == [SYMBOL]
    assert model.languages == ("fr",)
    assert model.encode("one two", "fr") == [tokenizer.tag("fr"), *tokenizer.encode("one two"), tokenizer.end]
    assert symbol not in model.encode(f"{SYMBOL} one", "fr")
    written = {
        token
        for many in model.search(["one two"] * 20, "fr", sampling=Sampling(temperature=100.0, seed=1), top_beams=4)
        for one in many
        for token in one.tokens
    }
    assert len(written) > 200
    assert symbol not in written


def test_other_programs_know_it_as_a_special_token(run: Path, tmp_path: Path) -> None:
    told = export_model(clearhead.load(run), "huggingface", tmp_path / "theirs")
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "theirs" / "tokenizer.json"))
    ours = clearhead.load(run)
    assert theirs.token_to_id(SYMBOL) == ours.source_tokenizer.symbol("back")
    assert theirs.encode("⟨2fr⟩one two").ids == ours.encode("one two", "fr")
    assert theirs.decode(theirs.encode(f"{SYMBOL}one two").ids) == "one two"
    assert told.kind == "PegasusForConditionalGeneration"


def test_ctranslate2_holds_a_translation_as_probable(run: Path, tmp_path: Path) -> None:
    library = pytest.importorskip("ctranslate2")
    export_model(clearhead.load(run), "ctranslate2", tmp_path / "theirs")
    cut = tokenizers.Tokenizer.from_file(str(tmp_path / "theirs" / "tokenizer.json"))
    source, target = cut.encode("⟨2fr⟩one two").tokens, cut.encode("un deux").tokens[:-1]
    [found] = library.Translator(str(tmp_path / "theirs")).score_batch([source], [target])
    told = clearhead.load(run).score(["one two"], ["un deux"], "fr")[0].log_probability
    assert sum(found.log_probs) == pytest.approx(told, abs=1e-3)
