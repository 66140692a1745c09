"""A bundle of arrays is one that is read: tests/interop/test_importing.py compares what such a bundle computes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearhead
from clearhead.bundle.foreign import write_arrays
from clearhead.bundle.settings import Settings
from clearhead.errors import BundleError
from clearhead.model import DecoderOnlyConfig
from clearhead.model.shapes import parameter_shapes
from clearhead.text import CharacterTokenizer

TOKENIZER = CharacterTokenizer.learn(["abc"])
CONFIG = DecoderOnlyConfig(vocabulary=TOKENIZER.size, layers=1, width=8, heads=2, inner_width=8, max_length=9)
SETTINGS = Settings("mine", (), 1, "mean:1.0", 1, "language-modelling", "line")


def written(path: Path, number: float) -> Any:
    weights = {name: np.full(shape, number, np.float32) for name, shape in parameter_shapes(CONFIG).items()}
    write_arrays(path, CONFIG, weights, (TOKENIZER, TOKENIZER), SETTINGS, "# mine\n")
    return clearhead.load(path)


@pytest.mark.parametrize(("number", "kind"), [(0.5, "<f2"), (0.1, "<f4")])
def test_numbers_that_float16_holds_are_halved(number: float, kind: str, tmp_path: Path) -> None:
    bundle = written(tmp_path / "a", number)
    assert bundle.settings == SETTINGS
    assert bundle.model.output.matrix.weight[0, 0].item() == np.float32(number)
    size = bundle._serving.parameters * np.dtype(kind).itemsize
    assert size < (tmp_path / "a" / "model.safetensors").stat().st_size < size + 4000


def test_a_bundle_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path / "a", 0.5)
    assert written(tmp_path / "a", 0.25).model.output.matrix.weight[0, 0].item() == 0.25
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").write_text("")
    with pytest.raises(BundleError, match="is no bundle, so it is not replaced"):
        written(tmp_path / "b", 0.5)
