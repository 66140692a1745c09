"""The files of a model: each weight once, a tokenizer for each side or one for both."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from clearhead.bundle import Bundle, load
from clearhead.errors import BundleError
from clearhead.recipe import Recipe


def test_a_shared_matrix_is_stored_once(two_languages_folder: Path, two_languages: Bundle) -> None:
    stored = load_file(two_languages_folder / "model.safetensors")
    vocabulary = two_languages.target_tokenizer.size
    assert [tuple(tensor.shape) for tensor in stored.values()].count((vocabulary, 16)) == 1
    assert sum(tensor.numel() for tensor in stored.values()) == sum(
        parameter.numel() for parameter in two_languages.model.parameters()
    )
    model = load(two_languages_folder).model
    assert model.source_embedding.matrix.weight is model.target_embedding.matrix.weight


class TestHalfPrecision:
    @pytest.fixture
    def half(self, two_languages: Bundle, make_recipe: Callable[..., Recipe]) -> Bundle:
        """The same model, whose recipe asks for float16 on disk."""
        recipe = make_recipe("text.tags=true", "text.size=263", "model.dropout=0", "training.bundle_precision=fp16")
        model = copy.deepcopy(two_languages.model)
        return Bundle(model, two_languages.source_tokenizer, two_languages.target_tokenizer, recipe)

    def test_it_is_half_as_large_and_read_exactly(
        self, half: Bundle, two_languages_folder: Path, tmp_path: Path
    ) -> None:
        """Every float16 is a float32, so that what was stored is what is computed with."""
        half.save(tmp_path / "half")
        file = tmp_path / "half" / "model.safetensors"
        stored, model = load_file(file), load(tmp_path / "half").model
        whole = two_languages_folder / "model.safetensors"
        assert 0.5 <= file.stat().st_size / whole.stat().st_size < 0.6  # The names take some room too.
        for name, parameter in model.named_parameters():
            assert stored[name].dtype == torch.float16
            assert parameter.dtype == torch.float32
            assert torch.equal(parameter, stored[name].float())

    def test_each_weight_is_rounded_to_the_nearest(self, half: Bundle, tmp_path: Path) -> None:
        """IEEE 754 binary16 has 11 bits: above 1 they are 2⁻¹⁰ apart, and ties go to the even one."""
        weight = half.model.decoder.normalization.weight
        with torch.no_grad():
            weight[:4] = torch.tensor([1 + 0.6 * 2**-10, 1 + 0.5 * 2**-10, 65_504.0, 2.0**-24])
        half.save(tmp_path / "half")
        read = load(tmp_path / "half").model.decoder.normalization.weight
        assert read[:4].tolist() == [1 + 2**-10, 1.0, 65_504.0, 2.0**-24]

    def test_a_weight_that_is_too_large(self, half: Bundle, tmp_path: Path) -> None:
        with torch.no_grad():
            half.model.decoder.normalization.weight[0] = -70_000.0
        with pytest.raises(
            BundleError,
            match=r"decoder.normalization.weight has a weight of 7e\+04, but fp16 ends at 65,504; "
            r"set training.bundle_precision=fp32",
        ):
            half.save(tmp_path / "half")
        assert not (tmp_path / "half").exists()
