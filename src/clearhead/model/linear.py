"""The linear layer, x·Wᵀ + b, with faster matmuls for training on processors where torch's default is slow."""

import functools
import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from clearhead.processor import processor
from clearhead.switches import is_on

_LOG = logging.getLogger(__name__)
_TILE = 64


class Linear(nn.Linear):
    """torch's own, x·Wᵀ + b, with faster matmuls in training; first values come from `initialization.py`.

    Until then they are NaN: memory that nobody filled would look like a model.

    `matmul_dtype` is the type in which training multiplies on a CPU. In bfloat16 the two factors and the product are
    rounded to 8 bits, which processors with such instructions multiply twice as fast. What is added to it is float32,
    and so are the weights; in use, nothing is rounded.
    """

    matmul_dtype: torch.dtype = torch.float32
    # Whether the product stays in that type, as where the next layer rounds to it anyway.
    keeps_dtype: bool = False

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        # On the meta device torch's constructor draws no number of the caller's generator.
        super().__init__(inputs, outputs, bias, device="meta")
        self.weight = nn.Parameter(torch.full((outputs, inputs), math.nan, dtype=torch.float32))
        if bias:
            self.bias = nn.Parameter(torch.full((outputs,), math.nan, dtype=torch.float32))
        # What learns in the weight's place (`low_rank.py`); a model that is used has none.
        self.adapter: nn.Module | None = None

    def forward(self, inputs: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        if _is_fast(inputs, self.matmul_dtype):
            [result] = _fast_linear(inputs, [self], self.keeps_dtype)
        else:
            result = F.linear(inputs, self.weight, self.bias)
        return self.adapted(inputs, result)

    def adapted(
        self, inputs: Float[Tensor, "*batch inputs"], outputs: Float[Tensor, "*batch outputs"]
    ) -> Float[Tensor, "*batch outputs"]:
        """What the weight made of `inputs`, and what its adapter adds."""
        return outputs if self.adapter is None else outputs + self.adapter(inputs).to(outputs.dtype)


def set_matmul_dtype(model: nn.Module, matmul_dtype: torch.dtype) -> None:
    """Set the type in which the linear layers of `model` multiply while it is trained on a CPU."""
    for module in model.modules():
        if isinstance(module, Linear):
            module.matmul_dtype = matmul_dtype


def fused_linear(
    inputs: Float[Tensor, "*batch inputs"], layers: Sequence[Linear]
) -> tuple[Float[Tensor, "*batch outputs"], ...]:
    """What each of `layers` makes of the same `inputs`; in training as one product, which is faster than several.

    The layers' parameters are read then, and their modules are not called, unless somebody listens to one of them.
    """
    joined = torch.is_grad_enabled() and (torch.compiler.is_compiling() or is_on("fused-qkv"))
    if not joined or any(map(is_touched, layers)):
        return tuple(layer(inputs) for layer in layers)
    if _is_fast(inputs, layers[0].matmul_dtype):
        results = _fast_linear(inputs, layers)
    else:
        outputs = F.linear(inputs, *joined_parameters(layers))
        results = torch.split(outputs, [layer.out_features for layer in layers], dim=-1)
    return tuple(layer.adapted(inputs, result) for layer, result in zip(layers, results, strict=True))


def joined_parameters(layers: Sequence[nn.Linear]) -> tuple[Tensor, Tensor | None]:
    """The weight and the bias of layers of the same inputs as one, their outputs one after the other.

    There is no bias where none of them has one; one that has none adds zeros beside others.
    """
    weights = [layer.weight for layer in layers]
    return torch.cat(weights), _joined_biases(weights, [layer.bias for layer in layers])


def _joined_biases(weights: Sequence[Tensor], biases: Sequence[Tensor | None]) -> Tensor | None:
    if all(one is None for one in biases) or len(biases) == 1:
        return biases[0]
    pairs = zip(weights, biases, strict=True)
    return torch.cat([weight.new_zeros(len(weight)) if bias is None else bias for weight, bias in pairs])


def is_touched(module: nn.Module) -> bool:
    """Whether somebody listens to a module's calls, or replaced its `forward`, so that it has to be called."""
    state = vars(module)
    listening = module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
    replaced = "forward" in state or type(module) is not Linear
    everywhere = nn.modules.module._has_any_global_hook()  # type: ignore[no-untyped-call]
    return bool(listening or module._backward_pre_hooks or replaced or everywhere)


def _is_fast(inputs: Tensor, matmul_dtype: torch.dtype) -> bool:
    if not torch.is_grad_enabled() or not _is_ours(inputs, matmul_dtype):
        return False
    return matmul_dtype != torch.float32 or _one_dnn_is_better()


def _fast_linear(inputs: Tensor, layers: Sequence[Linear], keeps_dtype: bool = False) -> tuple[Tensor, ...]:
    weights, biases = [layer.weight for layer in layers], [layer.bias for layer in layers]
    result: tuple[Tensor, ...] = _FastLinear.apply(inputs, layers[0].matmul_dtype, keeps_dtype, *weights, *biases)  # type: ignore[no-untyped-call]
    return result


def matmul(left: Float[Tensor, "rows inner"], right: Float[Tensor, "inner columns"]) -> Float[Tensor, "rows columns"]:
    """left @ right, outside of autograd, by the faster library where there is one."""
    if _is_ours(left) and _one_dnn_is_better():
        return _one_dnn(left, right.t(), None)
    return _rounded_product(torch.matmul, left, right)


def transposed_matmul(
    left: Float[Tensor, "rows outputs"], right: Float[Tensor, "rows inputs"]
) -> Float[Tensor, "outputs inputs"]:
    """leftᵀ @ right, outside of autograd: the gradient of a weight."""
    if not (_is_ours(left) and _one_dnn_is_better() and _has_wide_vectors()):
        return _rounded_product(torch.matmul, left.t(), right)
    # oneDNN copies its first operand where that is a transposed view, so the smaller one comes first.
    if left.shape[1] <= right.shape[1]:
        return _one_dnn(left.t(), right.t(), None)
    return _one_dnn(right.t(), left.t(), None).t()


def _rounded_product(product: Callable[[Tensor, Tensor], Tensor], left: Tensor, right: Tensor) -> Tensor:
    """`product` of the two. On a processor without instructions for bfloat16 torch takes ten times as long for it.

    There the factors, rounded as they are, are multiplied in float32, and the result is rounded.
    """
    if left.dtype != torch.bfloat16 or left.device.type != "cpu" or _multiplies_bfloat16():
        return product(left, right)
    return product(left.float(), right.float()).bfloat16()


class _FastLinear(torch.autograd.Function):
    """`F.linear` and its gradients with faster matmuls, their factors and results rounded to `matmul_dtype`.

    Layers of the same inputs are one product, and give one result each. With `keeps_dtype` that is left as it was
    rounded, and of results that are used so the gradients come so.
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, matmul_dtype: torch.dtype, keeps_dtype: bool, *parameters: Tensor | None
    ) -> tuple[Tensor, ...]:
        weights: Any = parameters[: len(parameters) // 2]
        biases = parameters[len(weights) :]
        exact, weight = inputs.reshape(-1, inputs.shape[-1]), _one_below_another(weights).to(matmul_dtype)
        rows = pad_rows(exact, matmul_dtype)
        ctx.save_for_backward(rows, weight)
        ctx.dtype, ctx.weight_dtype = inputs.dtype, weights[0].dtype
        ctx.sizes, ctx.has_bias = [len(one) for one in weights], [one is not None for one in biases]
        bias = _joined_biases(weights, biases)
        if matmul_dtype == inputs.dtype == weights[0].dtype:
            outputs = _one_dnn(rows, weight, bias)
        else:
            # Not `… + bias`, which makes the numbers float32 in one tensor and adds in another.
            outputs = _rounded_product(F.linear, rows, weight)[: len(exact)]
            outputs = outputs if keeps_dtype else outputs.to(weights[0].dtype)
            outputs = outputs if bias is None else outputs.add_(bias)
        outputs = outputs.view(*inputs.shape[:-1], -1)
        return torch.split(outputs, ctx.sizes, dim=-1) if len(weights) > 1 else (outputs,)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstreams: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight = ctx.saved_tensors
        shape, count = upstreams[0].shape[:-1], upstreams[0].shape[:-1].numel()
        gradient = _side_by_side(upstreams, rows)
        learn = ctx.needs_input_grad[-2 * len(ctx.sizes) :]
        biases = (
            one.reshape(count, -1).sum(0) if has_bias and learns else None
            for one, has_bias, learns in zip(upstreams, ctx.has_bias, learn[len(ctx.sizes) :], strict=True)
        )
        # The two that read the same numbers, one after the other, while these are in the cache.
        inputs = matmul(gradient, weight)[:count].to(ctx.dtype).view(*shape, -1) if ctx.needs_input_grad[0] else None
        if not any(learn[: len(ctx.sizes)]):  # As where adapters learn in their place.
            return inputs, None, None, *[None] * len(ctx.sizes), *biases
        weights = transposed_matmul(gradient, rows).to(ctx.weight_dtype)
        return inputs, None, None, *torch.split(weights, ctx.sizes), *biases


def _one_below_another(weights: Sequence[Tensor]) -> Tensor:
    """Matrices as one; without a copy where they lie so in memory, as in training."""
    first, end = weights[0], weights[0].storage_offset()
    for one in weights:
        is_next = one.untyped_storage().data_ptr() == first.untyped_storage().data_ptr() and one.storage_offset() == end
        if not (is_next and one.is_contiguous()):
            return torch.cat(list(weights))
        end += one.numel()
    return first.as_strided((sum(map(len, weights)), first.shape[1]), (first.shape[1], 1))


def _side_by_side(upstreams: Sequence[Tensor], rows: Tensor) -> Tensor:
    """The gradients of several results as one, in the type of `rows`, and with as many rows."""
    shape, count = upstreams[0].shape[:-1], upstreams[0].shape[:-1].numel()
    if len(upstreams) == 1:
        return pad_rows(upstreams[0].reshape(count, -1), rows.dtype)
    joined = rows.new_empty(len(rows), sum(one.shape[-1] for one in upstreams))
    parts = torch.split(joined[:count].view(*shape, -1), [one.shape[-1] for one in upstreams], dim=-1)
    for part, one in zip(parts, upstreams, strict=True):
        part.copy_(one)
    joined[count:] = 0
    return joined


def pad_rows(rows: Float[Tensor, "rows columns"], matmul_dtype: torch.dtype) -> Float[Tensor, "tiles columns"]:
    """`rows` in the type `matmul_dtype`; where that is bfloat16, rows of zeros follow up to a multiple of 64.

    For matmuls in bfloat16 oneDNN writes a program for each shape of the factors and keeps the newest 1,024. Batches
    have thousands of shapes; with whole tiles of rows they have dozens (docs/decisions/0017).
    """
    if len(rows) % _TILE == 0 or (rows.dtype == matmul_dtype and matmul_dtype != torch.bfloat16):
        return rows.to(matmul_dtype)
    filled = rows.new_empty(-(-len(rows) // _TILE) * _TILE, rows.shape[1], dtype=matmul_dtype)
    filled[: len(rows)] = rows
    filled[len(rows) :] = 0
    return filled


def _one_dnn(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`F.linear` by oneDNN, an operator that torch keeps to itself."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return result


def _is_ours(inputs: Tensor, matmul_dtype: torch.dtype = torch.float32) -> bool:
    """Whether these are numbers whose matmuls torch leaves to MKL. What torch compiles is left to its compiler."""
    is_on_cpu = inputs.device.type == "cpu" and inputs.dtype in (torch.float32, matmul_dtype) and inputs.numel() > 0
    return is_on_cpu and not torch.compiler.is_compiling()


@functools.cache
def _one_dnn_is_better() -> bool:
    """Whether to take oneDNN's matmuls for torch's own, decided once by what the machine is, so that runs repeat.

    torch multiplies float32 matrices with MKL, which on AMD's processors with AVX-512 is slower than oneDNN: by a tenth
    on Zen 4, and more on Zen 5. Up to Zen 3 it is as fast, and faster where matrices are small. The operator is
    private, so it is tried and compared first.
    """
    is_amds = processor().get("vendor_id") == "AuthenticAMD" and "avx512f" in processor().get("flags", "").split()
    if not is_amds or not is_on("onednn"):
        return False
    try:
        # Of its own generator: the first step of a run must not find its random numbers moved on.
        generator = torch.Generator("cpu").manual_seed(1)
        rows, weight, bias, other = (
            torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu")
            for shape in ((5, 4), (3, 4), (3,), (5, 2))
        )
        with torch.autocast("cpu", enabled=False):
            equal = torch.allclose(_one_dnn(rows, weight, bias), F.linear(rows, weight, bias), atol=1e-5)
            equal = equal and torch.allclose(_one_dnn(rows.t(), other.t(), None), rows.t() @ other, atol=1e-5)
    except (AttributeError, RuntimeError, NotImplementedError) as error:
        _LOG.info("oneDNN's matmuls cannot be used (%s); torch's own are", error)
        return False
    if not equal:
        _LOG.warning("oneDNN's matmuls differ from torch's here; torch's own are used")
    return equal


def _has_wide_vectors() -> bool:
    """Whether this is a Zen 5 or later (family 26), which works on 512 bits at once.

    MKL works on 256 bits of an AMD processor at a time. That is half of what a Zen 5 can do, but all of a Zen 4, where
    its product of a transposed matrix is 1.2 to 2.8 times as fast as oneDNN's, which copies it first.
    """
    return int(processor().get("cpu family", "0")) >= 26


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for matmuls of bfloat16."""
    return bool({"avx512_bf16", "amx_bf16"} & set(processor().get("flags", "").split()))


# Asked at each product.
_multiplies_bfloat16 = functools.cache(multiplies_bfloat16)
