"""LayerNorm and RMSNorm, and what a trace shows of them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from clearhead.model.config import EPS, BlockConfig
from clearhead.model.observed import Observed


def normalization(config: BlockConfig, width: int | None = None) -> nn.Module:
    """LayerNorm (the paper; Ba et al. 2016) or RMSNorm (Zhang and Sennrich 2019), over the model's width or another."""
    width = config.width if width is None else width
    if config.norm == "layer":
        return nn.LayerNorm(width, eps=config.eps, bias=config.bias, dtype=torch.float32)
    return nn.RMSNorm(width, eps=config.eps, dtype=torch.float32)


def normalized(
    module: Observed, name: str, inputs: Float[Tensor, "*batch width"], part: str = "normalization"
) -> Float[Tensor, "*batch width"]:
    """What the normalisation of `module` makes of `inputs`, shown as `name`, with what it computes within it.

    part: the normalisation's name. What is computed within a "query_normalization" is shown as "query_mean", and so on.
    """
    norm, prefix = getattr(module, part), part.removesuffix("normalization")
    assert isinstance(norm, nn.Module)
    result: Tensor = norm(inputs)
    if module.observer is None:
        return result
    # Not told where it is what version 0.1 took for granted, whose traces are to be read.
    eps = {} if getattr(norm, "eps", EPS) == EPS else {"eps": norm.eps}
    if isinstance(norm, nn.LayerNorm):
        mean = module.tell(f"{prefix}mean", None, "mean", inputs)
        within = mean, module.tell(f"{prefix}variance", None, "variance", inputs, mean)
        return module.see(name, result, "normalize", inputs, *within, weights=part, **eps)
    if isinstance(norm, nn.RMSNorm):
        square = module.tell(f"{prefix}mean_square", None, "mean_square", inputs)
        return module.see(name, result, "normalize_by_square", inputs, square, weights=part, **eps)
    return module.see(name, result, "same", inputs)
