"""From files to ids, each step alone: to learn from text is one, to cut it is another."""

import json
from collections.abc import Callable

import pytest

from clearhead.recipe import Recipe
from clearhead.tasks.translation.corpus_files import find_files
from clearhead.tasks.translation.sizes import choose_sizes
from clearhead.tasks.translation.tokenizing import learn_tokenizers, tokenize_training, tokenize_validation
from clearhead.text import BytePairTokenizer
from clearhead.text.published import published

MakeRecipe = Callable[..., Recipe]


def test_reading_learns_nothing(make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe("text.size=null")
    monkeypatch.setattr(BytePairTokenizer, "learn", pytest.fail)
    files = find_files(recipe.data)
    assert choose_sizes(recipe.text, recipe.model, files.texts).pieces == 8_000


def test_learning_cuts_nothing_and_says_what_is_done(make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty lines a side."""
    recipe, told = make_recipe(), []
    monkeypatch.setattr(BytePairTokenizer, "encode_many", pytest.fail)
    source, target = learn_tokenizers(recipe.text, 270, find_files(recipe.data), told.append)
    assert source is target
    assert source.size == 270
    assert told == ["reading the training files", "learning 270 pieces from 60 lines"]


@pytest.mark.parametrize("kind", ["bpe", "unigram", "words", "characters"])
@pytest.mark.parametrize("joint", ["true", "false"])
def test_every_kind_has_symbols_for_the_tags_of_corpora(make_recipe: MakeRecipe, kind: str, joint: str) -> None:
    """In training sources alone, first in each; nothing that is typed becomes one, and nobody reads one."""
    pair = "source: train.en, target: train.fr, from: en, to: fr"
    train = f"data.train=[{{{pair}}}, {{{pair}, tag: back}}, {{{pair}, tag: noisy}}]"
    recipe = make_recipe(train, f"text={{kind: {kind}, size: 300, joint: {joint}}}")
    files = find_files(recipe.data)
    both = source, target = learn_tokenizers(recipe.text, 300, files)
    assert source.symbols == ("back", "noisy")
    assert target.symbols == (source.symbols if joint == "true" else ())
    corpus, (judged,) = tokenize_training(recipe.data, False, files, both), tokenize_validation(files, False, 2, both)
    plain, back, noisy = ([corpus.source[number].tolist() for number in range(k, k + 30)] for k in (0, 30, 60))
    symbols = {name: source.symbol(name) for name in source.symbols}
    assert back == [[symbols["back"], *ids] for ids in plain]
    assert noisy == [[symbols["noisy"], *ids] for ids in plain]
    assert len(set(symbols.values())) == 2
    targets = corpus.target.ids.tolist() if source is target else []
    for untagged in (*plain, judged.corpus.source.ids.tolist(), targets, source.encode("⟨back⟩ ⟨noisy⟩ six")):
        assert not set(symbols.values()) & set(untagged)
    assert source.decode(back[0]) == source.decode(plain[0]) == "one one"
    special = {one["content"]: one["id"] for one in json.loads(published(source))["added_tokens"] if one["special"]}
    assert {name: special[f"⟨{name}⟩"] for name in source.symbols} == symbols


def test_any_tokenizer_cuts_what_it_is_given(make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never saw these files: it has a piece for each byte, so "six one" is seven and an end."""
    recipe = make_recipe()
    bytes_alone = BytePairTokenizer.learn(["zzzz"], 259, [])
    monkeypatch.setattr(BytePairTokenizer, "learn", pytest.fail)
    files, both = find_files(recipe.data), (bytes_alone, bytes_alone)
    corpus = tokenize_training(recipe.data, False, files, both)
    assert len(corpus) == 30
    (judged,) = tokenize_validation(files, False, 2, both)
    assert len(judged.corpus) == 6
    assert judged.sources == ("six one", "six two")
    assert judged.corpus.source.lengths[0] == len("six one") + 1
