"""Which topics a trained model has numbers for: asked before one is loaded, so that nothing here needs torch."""

from collections.abc import Mapping
from typing import Final

from clearhead.byhand.making import find_topic
from clearhead.errors import UsageError

WHY_NOT: Final[Mapping[str, str]] = {
    "by-hand-transformer": "no trained model is small enough; leave --from and TEXT out, or make its parts instead"
}
WITH_HEADS: Final = frozenset({
    "self-attention", "masked", "cross-attention", "attention-weighting", "block", "softmax",
})  # fmt: skip
WITHOUT_LAYERS: Final = frozenset({"positions", "cross-entropy", "beam-search"})


def require_possible(topic: str, layer: int | None, head: int | None) -> None:
    """Raise UsageError where no model has numbers for a topic, or a layer or head is named that it has none of.

    layer, head: from 0; a person reads them from 1.
    """
    find_topic(topic)
    if topic in WHY_NOT:
        raise UsageError(f"{topic} cannot be made from a model: {WHY_NOT[topic]}")
    if head is not None and topic not in WITH_HEADS:
        raise UsageError(f"--head {head + 1}: {topic} has no heads; leave --head out")
    if layer is not None and topic in WITHOUT_LAYERS:
        raise UsageError(f"--layer {layer + 1}: {topic} stands outside the layers; leave --layer out")
