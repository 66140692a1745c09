"""Files that do not fit their config, before anything is built: tests/bundle/test_loading.py tries whole folders."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import nn

from clearhead.bundle.fitting import require_listed, require_shapes, require_sizes
from clearhead.errors import BundleError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.text import BytePairTokenizer

TOKENIZER = BytePairTokenizer.learn(["one two one two"], 260)
CONFIG = TransformerConfig(
    source_vocabulary=TOKENIZER.size, target_vocabulary=TOKENIZER.size, width=16, heads=2, inner_width=12,
    encoder_layers=1, decoder_layers=1, max_length=9,
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "model.safetensors"
    save_file({name: np.zeros(shape, np.float32) for name, shape in parameter_shapes(CONFIG).items()}, made)
    return made


def test_what_fits(path: Path) -> None:
    require_sizes(CONFIG, path, TOKENIZER, TOKENIZER)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source_vocabulary": 99, "target_vocabulary": 99}, "source_vocabulary=99, but the tokenizer has"),
        ({"width": 10}, "has shape .* expected"),
        ({"encoder_layers": 2}, "does not fit its config.json"),
        ({"max_length": 2**20}, "needs tables of positions far larger than the model"),
    ],
)
def test_another_config(path: Path, changes: dict[str, Any], message: str) -> None:
    """faults.md A8."""
    with pytest.raises(BundleError, match=message):
        require_sizes(dataclasses.replace(CONFIG, **changes), path, TOKENIZER, TOKENIZER)


def test_numbers_of_another_kind(tmp_path: Path) -> None:
    save_file({"a": np.zeros((2, 3), np.int64)}, tmp_path / "a")
    with pytest.raises(BundleError, match="a holds I64, expected one of F32, F16, BF16, F64"):
        require_shapes(tmp_path / "a", {"a": (2, 3)})


class TestListed:
    """A bundle is read by what model/shapes.py lists: nobody is to find out after the training."""

    def test_a_model_as_it_is_built(self) -> None:
        require_listed(EncoderDecoder(CONFIG), CONFIG)

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (
                lambda model: model.decoder.register_parameter("temperature", nn.Parameter(torch.ones(2))),
                r"decoder.temperature of shape \(2,\), but not at all by its config",
            ),
            (
                lambda model: model.encoder.layers[0].feed_forward.inner.register_parameter("bias", None),
                r"encoder.layers.0.feed_forward.inner.bias not at all, but of shape \(12,\) by its config",
            ),
            (lambda model: model.encoder.layers.pop(0), "the model has encoder.layers.0.*not at all"),
            (
                lambda model: setattr(model.output, "matrix", nn.Embedding(9, 16)),
                r"output.matrix.weight of shape \(9, 16\), but not at all",
            ),
        ],
    )
    def test_an_edited_one(self, edit: Any, message: str) -> None:
        model = EncoderDecoder(CONFIG)
        edit(model)
        with pytest.raises(BundleError, match=message) as refused:
            require_listed(model, CONFIG)
        assert "\n" not in str(refused.value)
        assert "model/shapes.py" in str(refused.value)
