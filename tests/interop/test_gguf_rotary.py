"""How GGUF files scale rotary positions: test_gguf_model.py and test_gguf_writing.py compare whole models."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clearhead.errors import InteropError
from clearhead.interop.gguf_rotary import TABLE, rope_scaling, table_of
from clearhead.model.config import BlockConfig

LLAMA31: dict[str, Any] = {"width": 128, "heads": 1, "positions": "rotary", "rotary_base": 500_000.0}


def divisors(width: int, base: float, factor: float) -> np.ndarray:
    """As convert_hf_to_gguf.py computes them, one by one: 1 below a wavelength of 8192 / 4, the factor above 8192."""
    found = []
    for pair in range(width // 2):
        wavelength = 2 * np.pi * base ** (2 * pair / width)
        smooth = (8192 / wavelength - 1) / (4 - 1)
        between = 1 / ((1 - smooth) / factor + smooth)
        found.append(1.0 if wavelength < 8192 / 4 else factor if wavelength > 8192 else between)
    return np.array(found, np.float32)


def asked(table: np.ndarray | None = None, **metadata: Any) -> dict[str, Any] | None:
    held = {} if table is None else {TABLE: table}
    shapes = {name: one.shape for name, one in held.items()}
    told = {f"llama.rope.scaling.{name}": one for name, one in metadata.items()}
    tensors: Any = SimpleNamespace(shapes=shapes, read=held.__getitem__, metadata=told)
    return rope_scaling(tensors, {"rope_theta": 500_000.0}, "llama", "it.gguf")


def test_llama3_s_table_is_that_of_llama_cpp_and_tells_its_factor() -> None:
    wanted = divisors(128, 500_000.0, 32.0)
    assert len({*wanted.tolist()}) > 3
    config = BlockConfig(**LLAMA31, rotary_scaling="llama3", rotary_factor=32.0)
    np.testing.assert_allclose(table_of(config), wanted, rtol=1e-6)
    found = asked(wanted)
    assert found is not None
    assert (found["rope_type"], found["factor"], found["original_max_position_embeddings"]) == ("llama3", 32, 8192)


def test_linear_is_a_setting_and_none_is_none() -> None:
    assert asked() is None
    assert asked(type="none") is None
    assert asked(type="linear", factor=4.0) == {"rope_type": "linear", "factor": 4.0}


@pytest.mark.parametrize(
    "table",
    [
        divisors(128, 500_000.0, 32.0) * 2, np.zeros(0, np.float32), np.ones((2, 2), np.float32),
        np.full(64, np.nan, np.float32), np.full(64, np.inf, np.float32), np.full(64, 2.0, np.float32),
    ],
)  # fmt: skip
def test_another_table_is_refused(table: np.ndarray) -> None:
    with pytest.raises(InteropError, match=r"rope_freqs\.weight, which is not as Llama 3\.1 scales"):
        asked(table)


@pytest.mark.parametrize("kind", ["yarn", "longrope", 3])
def test_another_kind_is_refused_by_its_name(kind: Any) -> None:
    with pytest.raises(InteropError, match=r"llama\.rope\.scaling\.type=.*; expected none or linear"):
        asked(type=kind)


def test_a_factor_that_is_no_number_is_refused_in_one_line() -> None:
    with pytest.raises(InteropError, match=r"llama\.rope\.scaling\.factor='four', which clearhead cannot take"):
        asked(type="linear", factor="four")
