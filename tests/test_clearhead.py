"""The public names, held here so that none appears or goes by accident."""

import importlib.metadata
import inspect

import clearhead

NAMES = [
    "Bundle", "ClearheadError", "EncoderDecoder", "Filled", "Filling", "Generation", "Label", "Message", "Nearest",
    "Recipe", "Sampling", "Trace", "TransformerConfig", "Translation", "attention", "ensemble", "load",
    "load_recipe", "show", "show_attention", "train",
]  # fmt: skip


def test_the_public_names() -> None:
    assert clearhead.__all__ == NAMES


def test_each_is_there_and_documented() -> None:
    for name in NAMES:
        assert inspect.getdoc(getattr(clearhead, name)), name


def test_the_version_is_the_packages() -> None:
    assert clearhead.__version__ == importlib.metadata.version("clearhead")


def test_train_translate_score(tmp_path, make_recipe) -> None:  # type: ignore[no-untyped-def]
    """The walk of the README, from Python."""
    clearhead.train(make_recipe("training.steps=2", "training.validate_every=2"), tmp_path / "run")
    bundle = clearhead.load(tmp_path / "run")
    assert isinstance(bundle.translate("one two"), str)
    assert bundle.score(["one two"], ["un deux"])[0].log_probability < 0
