"""A bias as one column more."""

import pytest
import torch
import torch.nn.functional as F

from clearhead.tasks.output_bias import weight_and_bias, with_one


@pytest.mark.parametrize("has_bias", [False, True])
def test_the_logits_are_those_of_the_layer(has_bias: bool) -> None:
    vectors, weight = torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)
    bias = torch.randn(5, dtype=torch.float64) if has_bias else None
    found = with_one(vectors, bias) @ weight_and_bias(weight, bias).T
    torch.testing.assert_close(found, F.linear(vectors, weight, bias))
