"""A tokenizer for each side, or one for both."""

from collections.abc import Callable
from pathlib import Path

from clearhead.bundle import Bundle, load, load_tokenizers, tokenizer_files
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.text import BytePairTokenizer


def test_separate_tokenizers(make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    recipe = make_recipe("text.joint=false", "model.share_embeddings=target")
    source = BytePairTokenizer.learn(["one two one two"], 260, ["fr"])
    target = BytePairTokenizer.learn(["un deux"], 259)
    model = EncoderDecoder(recipe.model.config(source.size, target.size)).eval()
    Bundle(model, source, target, recipe).save(tmp_path / "a")
    assert {"source.json", "target.json"} < {path.name for path in (tmp_path / "a").iterdir()}
    assert load(tmp_path / "a").translate("one", "fr") == Bundle(model, source, target, recipe).translate("one", "fr")


def test_one_file_for_both_sides(tmp_path: Path) -> None:
    one, other = BytePairTokenizer.learn(["one two"], 260), BytePairTokenizer.learn(["un deux"], 259)
    assert tokenizer_files(one, one) == {"tokenizer.json": one}
    assert tokenizer_files(one, other) == {"source.json": one, "target.json": other}
    one.save(tmp_path / "tokenizer.json")
    source, target = load_tokenizers(tmp_path, ["tokenizer.json", "model.safetensors"])
    assert source is target
    assert source.encode("one two") == one.encode("one two")
