"""The block formats of GGUF: against the package that llama.cpp's authors keep."""

import numpy as np
import pytest

from clearhead.interop.quantized import KINDS, block_sizes, decoder

gguf = pytest.importorskip("gguf")


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_the_package(kind: str) -> None:
    """Of any bytes, since each byte of a block is read; only the scales are to be numbers."""
    theirs = gguf.GGMLQuantizationType[kind]
    assert block_sizes(kind) == gguf.GGML_QUANT_SIZES[theirs]
    held = np.random.default_rng(4).integers(0, 256, (500, block_sizes(kind)[1]), np.uint8)
    found = decoder(kind)(held)
    with np.errstate(invalid="ignore", over="ignore"):
        expected = gguf.quants.dequantize(held, theirs)
    finite = np.isfinite(expected)
    assert finite.mean() > 0.8
    np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-6, atol=1e-6 * np.abs(expected[finite]).max())


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_1"])
def test_what_the_package_packs(kind: str) -> None:
    numbers = np.random.default_rng(5).normal(size=(7, 96)).astype(np.float32)
    held = gguf.quants.quantize(numbers, gguf.GGMLQuantizationType[kind])
    found = decoder(kind)(held.reshape(-1, block_sizes(kind)[1])).reshape(numbers.shape)
    assert np.array_equal(found, gguf.quants.dequantize(held, gguf.GGMLQuantizationType[kind]))


def test_many_blocks_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    held = np.random.default_rng(6).integers(0, 100, (50, 34), np.uint8)
    whole = decoder("Q8_0")(held)
    monkeypatch.setattr("clearhead.interop.quantized._TOGETHER", 7)
    assert np.array_equal(decoder("Q8_0")(held), whole)
