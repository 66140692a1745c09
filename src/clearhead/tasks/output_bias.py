"""The bias of a last linear layer for losses that make the logits themselves, of vectors and one matrix."""

import torch
from jaxtyping import Float
from torch import Tensor


def with_one(vectors: Float[Tensor, "*batch width"], bias: Tensor | None) -> Float[Tensor, "*batch more"]:
    """Vectors with a 1 at the end of each, by which `weight_and_bias` multiplies the bias; as they are without one."""
    return vectors if bias is None else torch.cat([vectors, vectors.new_ones(*vectors.shape[:-1], 1)], dim=-1)


def weight_and_bias(weight: Float[Tensor, "outputs width"], bias: Tensor | None) -> Float[Tensor, "outputs more"]:
    """The matrix with the bias as one column more; as it is without one."""
    return weight if bias is None else torch.cat([weight, bias[:, None]], dim=1)
