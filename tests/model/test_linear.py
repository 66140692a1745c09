"""The linear layer and its fast products, against torch's own."""

import pytest
import torch
import torch.nn.functional as F

from clearhead.model import linear
from clearhead.model.linear import Linear, product, transposed_product


@pytest.fixture(params=[True, False], ids=["fast where it can be", "plain"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways on every machine: the private operator exists wherever torch has oneDNN."""
    if request.param and not torch.backends.mkldnn.is_available():
        pytest.skip("this torch is built without oneDNN, so it has only one way")
    monkeypatch.setattr(linear, "_one_dnn_is_better", lambda: request.param)
    return bool(request.param)


def layer(dtype: torch.dtype = torch.float32) -> Linear:
    module = Linear(6, 9)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module.to(dtype)


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("shape", [(6,), (4, 6), (3, 5, 6), (0, 6)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_to_torch_s_linear_forward_and_backward(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    module = layer(dtype)
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=dtype).requires_grad_()
    upstream = torch.randn(*shape[:-1], 9, generator=torch.Generator().manual_seed(3), dtype=dtype)
    wanted = (inputs, module.weight, module.bias)
    result, expected = module(inputs), F.linear(inputs, module.weight, module.bias)
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)
    gradients = torch.autograd.grad(result, wanted, upstream)
    for ours, theirs in zip(gradients, torch.autograd.grad(expected, wanted, upstream), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("fast")
def test_products_equal_the_operator_of_torch() -> None:
    left, right = torch.randn(7, 4), torch.randn(4, 5)
    torch.testing.assert_close(product(left, right), left @ right)
    for outputs, inputs in ((3, 8), (8, 3)):
        gradient, rows = torch.randn(7, outputs), torch.randn(7, inputs)
        torch.testing.assert_close(transposed_product(gradient, rows), gradient.T @ rows)


def test_an_operator_that_differs_or_is_missing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> torch.Tensor:
        raise AttributeError("no such operator")

    monkeypatch.setattr(linear, "_processor", lambda: {"vendor_id": "AuthenticAMD"})
    for broken in (missing, lambda rows, weight, bias: torch.zeros(rows.shape[0], weight.shape[0])):
        monkeypatch.setattr(linear, "_one_dnn", broken)
        assert not linear._one_dnn_is_better.__wrapped__()


def test_the_choice_is_made_by_the_machine_and_not_by_a_stopwatch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_processor", dict)
    assert not linear._one_dnn_is_better.__wrapped__()


def test_trying_the_operator_draws_no_random_number_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first run of a process would differ from the second."""
    monkeypatch.setattr(linear, "_processor", lambda: {"vendor_id": "AuthenticAMD"})
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    linear._one_dnn_is_better.__wrapped__()
    assert torch.equal(torch.rand(3), expected)
