"""What a place holds: a folder's settings, template and pooling, wherever they are said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import clearhead
from clearhead.errors import InteropError
from clearhead.interop.importing import import_model
from clearhead.interop.parts import open_parts

from .conftest import Folder


def sentence_encoder(folder: Path, pooling: dict[str, Any], *more: str) -> None:
    """As sentence-transformers writes one around a model's own folder."""
    kinds = {"Transformer": "", "Pooling": "1_Pooling", **{one: f"2_{one}" for one in more}}
    modules = [{"type": f"sentence_transformers.models.{one}", "path": path} for one, path in kinds.items()]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, **pooling}))


@pytest.mark.parametrize("mode", ["mean_tokens", "cls_token"])
def test_a_sentence_encoder_makes_the_vector_that_its_pooling_says(mode: str, folder_of: Folder) -> None:
    """By its modules' own definitions: the mean over real tokens or the first one's, of length 1."""
    folder, theirs = folder_of("bert, bare")
    sentence_encoder(folder, {f"pooling_mode_{mode}": True, "pooling_mode_max_tokens": False}, "Normalize")
    report = import_model(folder, folder.parent / "ours")
    assert set(report.ignored) == {"pooler.dense.weight", "pooler.dense.bias"}
    bundle = clearhead.load(folder.parent / "ours")
    texts = ["the animal", "나는"]
    for text, found in zip(texts, bundle.embed(texts), strict=True):
        with torch.no_grad():
            states = theirs(torch.tensor([bundle.encode(text)])).last_hidden_state[0]
        vector = states.mean(0) if mode == "mean_tokens" else states[0]
        np.testing.assert_allclose(found, vector / vector.norm(), atol=1e-5)


def test_a_model_of_ours_needs_no_import(run_folder: Path, tmp_path: Path) -> None:
    for place in (run_folder, run_folder / "bundle"):
        with pytest.raises(InteropError, match=r"is a model of clearhead's already; use it as it is"):
            import_model(place, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pooling_that_clearhead_has_not_is_refused_by_name(folder_of: Folder) -> None:
    folder, _ = folder_of("bert, bare")
    for pooling, more, said in (
        ({"pooling_mode_max_tokens": True}, (), "asks for pooling_mode_max_tokens=True, which clearhead has not"),
        ({"pooling_mode_mean_tokens": True}, ("Dense",), "has a module Dense, which clearhead has not"),
    ):
        sentence_encoder(folder, pooling, *more)
        with pytest.raises(InteropError, match=said):
            import_model(folder, folder.parent / "ours")


def test_a_template_is_where_the_folder_has_it(folder_of: Folder) -> None:
    folder, _ = folder_of("llama")
    assert open_parts(folder).template is None
    said = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**said, "chat_template": "{{ 1 }}"}))
    assert open_parts(folder).template == "{{ 1 }}"
    several = [{"name": "tools", "template": "t"}, {"name": "default", "template": "d"}]
    (folder / "tokenizer_config.json").write_text(json.dumps({**said, "chat_template": several}))
    assert open_parts(folder).template == "d"
    (folder / "chat_template.jinja").write_text("{{ 2 }}")
    assert open_parts(folder).template == "{{ 2 }}"


def without_class(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    del values["model_type"]
    (folder / "config.json").write_text(json.dumps(values))


@pytest.mark.parametrize("name", ["bert", "bert, bare", "roberta", "distilbert", "electra", "gpt2"])
def test_a_class_that_config_json_does_not_say_is_told_by_the_tensors(name: str, folder_of: Folder) -> None:
    folder, _ = folder_of(name)
    without_class(folder)
    assert open_parts(folder).values["model_type"] == name.partition(",")[0]


def test_a_bare_roberta_is_no_bert(folder_of: Folder) -> None:
    """Both have the same names; one kind of tokens is RoBERTa's."""
    folder, theirs = folder_of("roberta")
    without_class(folder)
    save_file(theirs.roberta.state_dict(), folder / "model.safetensors")
    with pytest.raises(InteropError, match="has no model_type, and the tensors do not say it"):
        open_parts(folder)


def test_what_is_no_model_is_refused(tmp_path: Path, folder_of: Folder) -> None:
    folder, _ = folder_of("bert")
    with pytest.raises(InteropError, match=r"model\.safetensors is one file of a model; give its folder, or a \.gguf"):
        open_parts(folder / "model.safetensors")
    (folder / "config.json").unlink()
    with pytest.raises(InteropError, match=r"has weights and no config\.json; copy the model's folder whole"):
        open_parts(folder)
    with pytest.raises(InteropError, match="is not there"):
        open_parts(tmp_path / "none")
