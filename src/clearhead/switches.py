"""Each optimisation can be switched off singly, so that whoever doubts a result finds out where it comes from.

    CLEARHEAD_OFF="native short-attention" clearhead translate ...

The plain way serves then. It computes the same but for the last bits, or other random numbers (`packed-dropout-rng`).
What a recipe sets is not repeated here: `training.precision`, `packing`, `compile` and `graph`.
"""

import functools
import os

from clearhead.errors import ConfigError

VARIABLE = "CLEARHEAD_OFF"
# Each optimisation, then what serves in its place.
PLAIN = {
    "native": "translating in C, compiled on first use; else PyTorch",
    "onednn": "oneDNN's matmuls in training on AMD processors; else torch's own",
    "fused-qkv": "fused QKV: one matmul for query, key and value; else one for each",
    "short-attention": "attention over short sequences with its scores transposed; else torch's operator",
    "chunked-loss": "the last layer and its cross-entropy in chunks; else all logits at once",
    "packed-dropout-rng": "dropout masks of 16 bits, four to a random number; else torch's dropout",
}

# What version 0.1 called them.
_BEFORE = {"joined-products": "fused-qkv", "short-rows": "short-attention", "dropout-draws": "packed-dropout-rng"}


def is_on(name: str) -> bool:
    """Whether an optimisation of `PLAIN` may be used.

    Raises ConfigError where the variable holds a name that is none of theirs.
    """
    return name not in _switched_off(os.environ.get(VARIABLE, ""))


@functools.cache
def _switched_off(written: str) -> frozenset[str]:
    names = frozenset(_BEFORE.get(name, name) for name in written.replace(",", " ").split())
    unknown = sorted(names - PLAIN.keys())
    if unknown:
        raise ConfigError(
            f"{VARIABLE} names {unknown[0]!r}, which is no optimisation; it takes any of: {', '.join(sorted(PLAIN))}"
        )
    return names
