"""config.json as it is written: tests/bundle/test_loading.py damages it in every way."""

import hashlib
import json
from pathlib import Path

from clearhead.bundle import Bundle
from clearhead.bundle.config_file import FORMAT, read_config


def test_its_hash_is_that_of_its_other_fields(two_languages_folder: Path) -> None:
    """faults.md A14. As the module says: of JSON without spaces, its keys sorted."""
    config = json.loads((two_languages_folder / "config.json").read_text())
    said = config.pop("sha256")
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    assert said == hashlib.sha256(text.encode()).hexdigest()


def test_an_older_clearhead_finds_what_it_needs(two_languages_folder: Path, two_languages: Bundle) -> None:
    """Version 0.1 reads format, family, model and files, and passes over the rest."""
    config = json.loads((two_languages_folder / "config.json").read_text())
    assert (config["format"], config["family"]) == (FORMAT, "encoder-decoder") == (1, "encoder-decoder")
    assert config["model"]["max_length"] == two_languages.model.config.max_length
    assert config["files"].keys() == {"README.md", "model.safetensors", "recipe.yaml", "tokenizer.json"}


def test_read_again(two_languages_folder: Path, two_languages: Bundle) -> None:
    config = read_config(two_languages_folder)
    assert config.tokenizers == ("tokenizer.json",)
    assert config.sizes["width"] == 16
    assert config.scripts is None
    assert config.settings == two_languages.settings
    assert config.needed.keys() == {"model.safetensors", "tokenizer.json"}
