"""What every bundle is, whatever it does: where it computes, and what it says of itself."""

from pathlib import Path
from typing import Any

import pytest
import torch

from clearhead.bundle import Bundle, load
from clearhead.errors import UsageError

TEXTS = ["one two", "six", "", "three four", "un été à l'ombre", " "]


class TestDevice:
    def test_it_goes_on_from_where_it_is(self, run_folder: Path) -> None:
        bundle = load(run_folder)
        expected = bundle.translate(TEXTS)
        assert bundle.to("cpu") is bundle
        assert bundle.to(torch.device("cpu:0")).translate(TEXTS) == expected
        assert load(run_folder, torch.device("cpu")).translate(TEXTS) == expected

    @pytest.mark.parametrize("device", ["nowhere", "cuda:999", "meta", "", 3])
    @pytest.mark.parametrize("is_built", [False, True])
    def test_a_device_that_cannot_be_used(self, run_folder: Path, device: Any, is_built: bool) -> None:
        """It is one line, and the bundle is as it was."""
        bundle = load(run_folder)
        weight = bundle.model.output.matrix.weight if is_built else None
        expected = bundle.translate(TEXTS)
        with pytest.raises(UsageError, match=f"device='{device}' cannot be used") as error:
            bundle.to(device)
        assert "\n" not in str(error.value)
        assert bundle.translate(TEXTS) == expected
        assert weight is None or bundle.model.output.matrix.weight is weight
        assert bundle.model.output.matrix.weight.device.type == "cpu"


class TestRepr:
    def test_it_says_what_it_is(self, run_folder: Path, two_languages: Bundle) -> None:
        bundle = load(run_folder)
        count = sum(one.numel() for one in load(run_folder).model.parameters())
        expected = (
            f"<Bundle tiny: encoder-decoder, en→fr, {count:,} parameters, fp32 on cpu, from {run_folder / 'bundle'}>"
        )
        assert repr(bundle) == expected
        assert isinstance(bundle.model, torch.nn.Module)
        assert repr(bundle) == expected
        assert "from" not in repr(two_languages)
