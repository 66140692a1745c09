"""From a model to what serves it: C on a CPU, captured steps on a GPU, its own PyTorch code wherever it is edited."""

import copy
import functools
import logging
from typing import Any, NamedTuple

import torch
from torch import nn

from clearhead.errors import UnknownWeightsError
from clearhead.model import DecoderOnly, EncoderDecoder, EncoderOnly
from clearhead.model.as_built import departure
from clearhead.native import library as native
from clearhead.runtimes.agreement import disagreement, inconsistency
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.cuda import CudaRuntime
from clearhead.runtimes.eager import EagerRuntime
from clearhead.runtimes.prepacking import Weights, unknown_to_c
from clearhead.runtimes.runtime import Runtime
from clearhead.runtimes.static import unknown_to_steps

_LOG = logging.getLogger(__name__)


class Prepared(NamedTuple):
    """What serves a model, what there is to say of it, and whether it cost something to find out."""

    runtime: Runtime
    remark: str | None = None
    is_costly: bool = False


def prepared(model: Any, precision: str, is_edited: bool = False) -> Prepared:
    """What serves the model best: one of ours, or what decodes or reads as one of them does.

    is_edited: whether its code is another than was compared, so that it is to be asked whether it contradicts itself.
    Raises DecodingError for weights that are no numbers, MemoryError where memory is short.
    """
    reason = departure(model)
    if reason is None and is_on_gpu(model):
        return _on_gpu(model, precision)
    others = {one.dtype for one in model.parameters()} - {torch.float32}
    if reason is None and others:
        reason = f"weights in {str(others.pop()).removeprefix('torch.')}"
    if reason is not None:
        remark = f"the model has {reason}, so PyTorch serves it as it is; {precision} is not used"
        return Prepared(EagerRuntime(model), None if precision == "fp32" else remark)
    found = compiled(model, precision)
    # Only products differ between precisions.
    plain = found if precision == "fp32" else compiled(model, "fp32")
    share = None if plain is None else disagreement(model, plain)
    is_edited = is_edited or share is not None
    doubt = inconsistency(model) if is_edited and next(model.parameters()).device.type == "cpu" else None
    if found is None or share is not None:
        remarks = [None if share is None else _DIFFERS.format(share), doubt]
        return Prepared(EagerRuntime(model), "; ".join(filter(None, remarks)) or None, is_costly=is_edited)
    return Prepared(found, doubt, is_costly=True)


def _on_gpu(model: Any, precision: str) -> Prepared:
    if precision == "int8":
        _LOG.warning("int8 is for CPUs; bf16 is used on this GPU")
    unknown = unknown_to_steps(model.config)
    if unknown is None:
        return Prepared(CudaRuntime(model, "fp32" if precision == "fp32" else "bf16"), is_costly=True)
    if not isinstance(model, EncoderOnly):  # Of which there are no steps to be recorded.
        _note(f"the steps for a GPU do not know {unknown}, so PyTorch translates, which is slower")
    if precision == "fp32":
        return Prepared(EagerRuntime(model))
    return Prepared(EagerRuntime(copy.deepcopy(model).to(torch.bfloat16)), is_costly=True)


_DIFFERS = (
    "C computes logits that differ by {:.2g} of the greatest from PyTorch's, as if its code was edited; PyTorch "
    "serves, more slowly (CONTRIBUTING.md, Change a part)"
)


def compiled(model: EncoderDecoder | DecoderOnly | EncoderOnly, precision: str) -> CompiledRuntime | None:
    """The model in C; None where the compiled functions cannot be had, lack a part of it, or it is not on a CPU."""
    library = native.library() if next(model.parameters()).device.type == "cpu" else None
    if library is None and precision != "fp32":
        _LOG.warning(
            "%s needs a C compiler (cc, gcc or clang) and a model on the CPU; fp32 is used",
            precision,
        )
    unknown = unknown_to_c(model.config.block)
    if library is not None and unknown is not None:
        _note(f"the compiled functions do not know {unknown}, so PyTorch translates, which is slower")
        return None
    try:
        return None if library is None else CompiledRuntime(library, model.config, weights_of(model), precision)
    except UnknownWeightsError as unknown:
        _note(f"{unknown}, so PyTorch translates, which is slower (CONTRIBUTING.md, Change a part)")
        return None


def weights_of(model: EncoderDecoder | DecoderOnly | EncoderOnly) -> Weights:
    """A model's parameters and tables of positions, by the names that `CompiledRuntime` knows: views of its numbers."""
    tensors = {
        **dict(model.named_parameters(remove_duplicate=False)),
        **dict(model.named_buffers(remove_duplicate=False)),
    }
    found: dict[str, Any] = {}
    for name, tensor in tensors.items():
        # The same in every layer.
        _, rotary, table = name.partition(".rotary.")
        found[f"rotary.{table}" if rotary else name] = tensor.detach().to("cpu", torch.float32).numpy()
    return found


def is_on_gpu(model: nn.Module) -> bool:
    return next(model.parameters()).device.type == "cuda"


@functools.cache
def _note(line: str) -> None:
    """Say a line once: a model may be asked to translate any number of times."""
    _LOG.warning("%s", line)
