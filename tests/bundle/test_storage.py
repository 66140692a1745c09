"""The files of a model: each weight once, a tokenizer for each side or one for both."""

from collections.abc import Callable
from pathlib import Path

from safetensors.torch import load_file

from clearhead.bundle import Bundle, load
from clearhead.model import EncoderDecoder
from clearhead.recipe import Recipe
from clearhead.text import Tokenizer


def test_a_shared_matrix_is_stored_once(two_languages_folder: Path, two_languages: Bundle) -> None:
    stored = load_file(two_languages_folder / "model.safetensors")
    vocabulary = two_languages.target_tokenizer.size
    assert [tuple(tensor.shape) for tensor in stored.values()].count((vocabulary, 16)) == 1
    assert sum(tensor.numel() for tensor in stored.values()) == sum(
        parameter.numel() for parameter in two_languages.model.parameters()
    )
    model = load(two_languages_folder).model
    assert model.source_embedding.matrix.weight is model.target_embedding.matrix.weight


def test_separate_tokenizers(make_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    recipe = make_recipe("text.joint=false", "model.share_embeddings=target")
    source = Tokenizer.learn(["one two one two"], 260, ["fr"])
    target = Tokenizer.learn(["un deux"], 259)
    model = EncoderDecoder(recipe.model.config(source.size, target.size)).eval()
    Bundle(model, source, target, recipe).save(tmp_path / "a")
    assert {"source.json", "target.json"} < {path.name for path in (tmp_path / "a").iterdir()}
    assert load(tmp_path / "a").translate("one", "fr") == Bundle(model, source, target, recipe).translate("one", "fr")
