"""The names of activation functions, held against transformers' own functions."""

import pytest
import torch

from clearhead.interop.activations import ACTIVATIONS
from clearhead.model.feed_forward import FUNCTIONS


@pytest.mark.parametrize("name", [one for one in ACTIVATIONS if one != "gelu_fast"])
def test_each_is_the_function_of_that_name(name: str) -> None:
    from transformers.activations import ACT2FN

    numbers = torch.linspace(-6, 6, 500, dtype=torch.float64)
    torch.testing.assert_close(FUNCTIONS[ACTIVATIONS[name]](numbers), ACT2FN[name](numbers), atol=1e-9, rtol=0)


def test_the_fast_one_is_the_approximated_one() -> None:
    """Its constant has ten digits."""
    from transformers.activations import ACT2FN

    numbers = torch.linspace(-6, 6, 500, dtype=torch.float64)
    torch.testing.assert_close(FUNCTIONS["gelu-tanh"](numbers), ACT2FN["gelu_fast"](numbers), atol=1e-7, rtol=0)
