"""The linear layer and its fast products, against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearhead.model import linear
from clearhead.model.linear import Linear, fused_linear, matmul, pad_rows, set_matmul_dtype, transposed_matmul

ZEN_4 = {"vendor_id": "AuthenticAMD", "flags": "avx2 avx512f fma"}


@pytest.fixture(params=["Zen 5", "Zen 4", "another processor"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way on every machine: the private operator exists wherever torch has oneDNN."""
    is_amd = request.param != "another processor"
    if is_amd and not torch.backends.mkldnn.is_available():
        pytest.skip("this torch is built without oneDNN, so it has only one way")
    monkeypatch.setattr(linear, "_one_dnn_is_better", lambda: is_amd)
    monkeypatch.setattr(linear, "_has_wide_vectors", lambda: request.param == "Zen 5")


def layer(dtype: torch.dtype = torch.float32, bias: bool = True) -> Linear:
    module = Linear(6, 9, bias)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module.to(dtype)


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("shape", [(6,), (4, 6), (3, 5, 6), (0, 6)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bias", [True, False])
def test_equal_to_torch_s_linear_forward_and_backward(shape: tuple[int, ...], dtype: torch.dtype, bias: bool) -> None:
    module = layer(dtype, bias)
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=dtype).requires_grad_()
    upstream = torch.randn(*shape[:-1], 9, generator=torch.Generator().manual_seed(3), dtype=dtype)
    wanted = (inputs, *module.parameters())
    result, expected = module(inputs), F.linear(inputs, *module.parameters())
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)
    gradients = torch.autograd.grad(result, wanted, upstream)
    for ours, theirs in zip(gradients, torch.autograd.grad(expected, wanted, upstream), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_it_is_torch_s_own() -> None:
    """Tools that adapt, quantize or initialise a model look for `nn.Linear` and its attributes."""
    ours, theirs = Linear(6, 9), nn.Linear(6, 9)
    assert isinstance(ours, nn.Linear)
    assert repr(ours) == repr(theirs)
    assert ours.load_state_dict(theirs.state_dict()) is not None
    assert torch.equal(ours.weight, theirs.weight)
    ours.reset_parameters()
    assert not torch.equal(ours.weight, theirs.weight)
    without = Linear(6, 9, bias=False)
    assert without.bias is None
    assert list(without.state_dict()) == ["weight"]
    assert repr(without) == repr(nn.Linear(6, 9, bias=False))


def test_making_one_draws_no_random_number() -> None:
    before = torch.get_rng_state()
    Linear(6, 9)
    assert torch.equal(torch.get_rng_state(), before)


def test_one_that_is_made_is_float32_on_the_device_at_hand() -> None:
    with torch.device("meta"):
        assert Linear(6, 9).weight.is_meta
    module = Linear(6, 9)
    assert all(one.device.type == "cpu" and one.dtype == torch.float32 for one in module.parameters())


@pytest.mark.parametrize(("family", "expected"), [("25", False), ("26", True), ("27", True), (None, False)])
def test_vectors_are_wide_from_zen_5_on(monkeypatch: pytest.MonkeyPatch, family: str | None, expected: bool) -> None:
    """AMD: Zen 3 and 4 are family 25 (19h), Zen 5 is family 26 (1Ah)."""
    monkeypatch.setattr(linear, "processor", lambda: {} if family is None else {"cpu family": family})
    assert linear._has_wide_vectors() == expected


class TestBrainFloats:
    """Products of bfloat16, which has 8 bits: factors and results are off by at most 2⁻⁹ of themselves."""

    def test_what_fits_into_eight_bits_is_exact(self) -> None:
        """Whole numbers up to 256 do: nothing is lost on the way in, and small sums fit on the way out."""
        module = layer()
        generator = torch.Generator().manual_seed(4)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.randint(-3, 4, parameter.shape, generator=generator))
        inputs = torch.randint(-3, 4, (5, 6), generator=generator).float().requires_grad_()
        upstream = torch.randint(-3, 4, (5, 9), generator=generator).float()
        wanted = (inputs, module.weight, module.bias)
        expected = F.linear(*wanted)
        set_matmul_dtype(module, torch.bfloat16)
        result = module(inputs)
        assert result.dtype == torch.float32
        assert torch.equal(result, expected)
        ours, theirs = (torch.autograd.grad(one, wanted, upstream) for one in (result, expected))
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == torch.float32
            assert torch.equal(one, other)

    def test_without_a_bias(self) -> None:
        module = layer(bias=False)
        inputs = torch.randn(5, 6, generator=torch.Generator().manual_seed(4)).bfloat16().float().requires_grad_()
        with torch.no_grad():
            module.weight.copy_(module.weight.bfloat16())
        set_matmul_dtype(module, torch.bfloat16)
        result = module(inputs)
        # The factors fit into 8 bits, so that nothing but the result is rounded.
        torch.testing.assert_close(result, F.linear(inputs, module.weight), rtol=2**-8, atol=1e-6)
        result.sum().backward()
        assert module.weight.grad is not None
        torch.testing.assert_close(module.weight.grad, inputs.detach().sum(0).expand(9, 6), rtol=2**-8, atol=1e-6)

    def test_the_bias_is_not_rounded(self) -> None:
        """256 + 1 would be 256 in 8 bits."""
        module = Linear(1, 1)
        with torch.no_grad():
            module.weight.fill_(256.0)
            module.bias.fill_(1.0)
        set_matmul_dtype(module, torch.bfloat16)
        assert float(module(torch.ones(1, 1)).detach()) == 257.0

    def test_they_are_close(self) -> None:
        module, inputs = layer(), torch.randn(50, 6, generator=torch.Generator().manual_seed(5))
        expected = F.linear(inputs, module.weight, module.bias)
        largest = F.linear(inputs.abs(), module.weight.abs(), module.bias.abs())
        set_matmul_dtype(module, torch.bfloat16)
        result = module(inputs)
        assert not torch.equal(result, expected)
        # Two factors and the result, rounded to 8 bits each.
        assert ((result - expected).abs() <= 3.1 * 2**-9 * largest).all()

    def test_in_use_nothing_is_rounded(self) -> None:
        module, inputs = layer(), torch.randn(4, 6)
        set_matmul_dtype(module, torch.bfloat16)
        with torch.no_grad():
            assert torch.equal(module(inputs), F.linear(inputs, module.weight, module.bias))


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("biases", [(True, True, True), (False, False, False), (True, False, True)])
def test_together_is_one_after_the_other(training: bool, biases: tuple[bool, bool, bool]) -> None:
    layers = [layer(bias=biases[0]), Linear(6, 9, biases[1]), Linear(6, 4, biases[2])]
    with torch.no_grad():
        for number, module in enumerate(layers[1:], start=1):
            module.weight.copy_(torch.randn(module.weight.shape, generator=torch.Generator().manual_seed(number)))
            if biases[number]:
                module.bias.fill_(-number)
    inputs = torch.randn(3, 5, 6)
    with torch.set_grad_enabled(training):
        together = fused_linear(inputs, layers)
        for one, module in zip(together, layers, strict=True):
            torch.testing.assert_close(one, module(inputs))
    if training:
        wanted = [parameter for module in layers for parameter in module.parameters()]
        upstream = [torch.randn(one.shape) for one in together]
        ours = torch.autograd.grad(together, wanted, upstream)
        theirs = torch.autograd.grad([module(inputs) for module in layers], wanted, upstream)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_matrices_that_lie_one_below_another_are_one_without_a_copy(dtype: torch.dtype) -> None:
    """The same as of matrices that lie apart, in any order, and with results of which one is not used."""
    flat = torch.randn(3 * 9 * 6, generator=torch.Generator().manual_seed(6))
    near, apart = ([Linear(6, 9, bias=False) for _ in range(3)] for _ in range(2))
    for number, (one, other) in enumerate(zip(near, apart, strict=True)):
        one.weight.data = flat[54 * number : 54 * (number + 1)].view(9, 6)
        other.weight.data = one.weight.detach().clone()
        one.matmul_dtype = other.matmul_dtype = dtype
    assert linear._one_below_another([one.weight for one in near]).data_ptr() == flat.data_ptr()
    inputs = torch.randn(5, 6, generator=torch.Generator().manual_seed(7))
    for order in ((0, 1, 2), (2, 0, 1), (0, 2, 1)):
        found = []
        for layers in (near, apart):
            results = fused_linear(inputs, [layers[number] for number in order])
            weights = [layer.weight for layer in layers]
            gradients = torch.autograd.grad(results[0].sum() + results[2].square().sum(), weights)
            found.append((*results, *gradients))
        for one, other in zip(*found, strict=True):
            assert torch.equal(one, other)
        assert not found[0][3 + order[1]].any()


@pytest.mark.parametrize("count", [1, 64, 65, 190])
def test_tiles_are_whole_and_end_in_zeros(count: int) -> None:
    rows = torch.randn(count, 6, generator=torch.Generator().manual_seed(2))
    assert pad_rows(rows, torch.float32) is rows
    tiles = pad_rows(rows, torch.bfloat16)
    assert tiles.shape == ({1: 64, 64: 64, 65: 128, 190: 192}[count], 6)
    assert torch.equal(tiles[:count], rows.bfloat16())
    assert not tiles[count:].any()


def test_products_in_bfloat16_have_few_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward and backward, of a hundred shapes of batches: all in two of 64 and 128 rows."""
    seen = set()

    def watched(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        seen.add((left.shape, right.shape))
        return left @ right

    monkeypatch.setattr(linear, "matmul", watched)
    module = layer()
    set_matmul_dtype(module, torch.bfloat16)
    for count in range(20, 120):
        # And of numbers that are rounded already.
        inputs = torch.randn(count, 6, dtype=(torch.float32, torch.bfloat16)[count % 2], requires_grad=True)
        module(inputs).sum().backward()
    assert seen == {(torch.Size((rows, 9)), torch.Size((9, 6))) for rows in (64, 128)}


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("rounded", ["inputs", "gradient"])
def test_what_is_rounded_already_has_no_rows_of_zeros(rounded: str) -> None:
    """Of 10 rows one factor of the weight's gradient is padded to 64 and the other is not: it raised a RuntimeError."""
    module = layer()
    set_matmul_dtype(module, torch.bfloat16)
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(10, 6, generator=generator).bfloat16()
    upstream = torch.randn(10, 9, generator=generator).bfloat16()
    exact = upstream.float().T @ inputs.float()
    if rounded == "inputs":
        module(inputs).float().backward(upstream.float())
    else:
        [result] = linear._fast_linear(inputs.float().requires_grad_(), [module], keeps_dtype=True)
        result.backward(upstream.to(result.dtype))
    torch.testing.assert_close(module.weight.grad, exact, rtol=2**-7, atol=2**-7)


def test_products_equal_the_operator_of_torch() -> None:
    left, right = torch.randn(7, 4), torch.randn(4, 5)
    torch.testing.assert_close(matmul(left, right), left @ right)
    for outputs, inputs in ((3, 8), (8, 3)):
        gradient, rows = torch.randn(7, outputs), torch.randn(7, inputs)
        torch.testing.assert_close(transposed_matmul(gradient, rows), gradient.T @ rows)


@pytest.mark.parametrize("has_instructions", [False, True])
def test_without_instructions_for_bfloat16_its_factors_are_multiplied_in_float32(
    monkeypatch: pytest.MonkeyPatch, has_instructions: bool
) -> None:
    """Rounded as they are, and their product rounded: torch's own loop for bfloat16 takes ten times as long."""
    seen: list[torch.dtype] = []
    product = torch.matmul

    def watched(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        seen.extend((left.dtype, right.dtype))
        return product(left, right)

    monkeypatch.setattr(linear, "_multiplies_bfloat16", lambda: has_instructions)
    monkeypatch.setattr(linear, "_one_dnn_is_better", lambda: False)
    monkeypatch.setattr(torch, "matmul", watched)
    left, right = torch.randn(7, 4).bfloat16(), torch.randn(4, 5).bfloat16()
    exact = (left.double() @ right.double()).bfloat16()
    for result in (matmul(left, right), transposed_matmul(left.T.contiguous(), right)):
        torch.testing.assert_close(result, exact, rtol=2**-7, atol=2**-7)
    assert set(seen) == {torch.bfloat16 if has_instructions else torch.float32}


def test_an_operator_that_differs_or_is_missing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> torch.Tensor:
        raise AttributeError("no such operator")

    monkeypatch.setattr(linear, "processor", lambda: ZEN_4)
    for broken in (missing, lambda rows, weight, bias: torch.zeros(rows.shape[0], weight.shape[0])):
        monkeypatch.setattr(linear, "_one_dnn", broken)
        assert not linear._one_dnn_is_better.__wrapped__()


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({}, False),
        (ZEN_4, True),
        (ZEN_4 | {"flags": "avx2 fma"}, False),
        (ZEN_4 | {"vendor_id": "GenuineIntel"}, False),
    ],
    ids=["unknown", "AMD with AVX-512", "AMD without", "Intel"],
)
def test_the_choice_is_made_by_the_machine_and_not_by_a_stopwatch(
    monkeypatch: pytest.MonkeyPatch, machine: dict[str, str], expected: bool
) -> None:
    monkeypatch.setattr(linear, "processor", lambda: machine)
    assert linear._one_dnn_is_better.__wrapped__() == expected


def test_trying_the_operator_draws_no_random_number_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first run of a process would differ from the second."""
    monkeypatch.setattr(linear, "processor", lambda: ZEN_4)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    linear._one_dnn_is_better.__wrapped__()
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("count", [1, 63, 64, 65, 305])
def test_two_products_in_bfloat16_with_a_function_between_them(count: int) -> None:
    """As in a feed-forward layer without biases, for any number of rows: 305 of 64 failed in the second's gradient."""
    first, second = layer(bias=False), Linear(9, 6, bias=False)
    with torch.no_grad():
        second.weight.copy_(first.weight.T)
    for one in (first, second):
        set_matmul_dtype(one, torch.bfloat16)
    first.keeps_dtype = True
    inputs = torch.randn(count, 6, generator=torch.Generator().manual_seed(2))
    wanted = [one.weight for one in (first, second)]
    found = torch.autograd.grad(second(first(inputs).relu()).sum(), wanted)
    rounded = [one.bfloat16().float().requires_grad_() for one in wanted]
    exact = F.linear(F.linear(inputs.bfloat16().float(), rounded[0]).relu(), rounded[1])
    for ours, theirs in zip(found, torch.autograd.grad(exact.sum(), rounded), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0.05, atol=0.05 * float(theirs.abs().max()))
