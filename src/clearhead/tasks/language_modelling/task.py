"""Language modelling: a decoder-only model predicts each token of a text from the tokens before it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearhead.model import DecoderOnlyConfig

if TYPE_CHECKING:
    from torch import Tensor, nn


class LanguageModellingTask:
    """`Task` of the decoder-only family: its batches have `ids`, and `segments` where documents share rows."""

    family: Final = "decoder-only"
    config_class: Final[Any] = DecoderOnlyConfig

    def config(self, sizes: Mapping[str, Any]) -> Any:
        return DecoderOnlyConfig(**sizes)

    def new_model(self, config: Any, seed: int = 1) -> Any:
        from clearhead.model import DecoderOnly

        return DecoderOnly(config, seed)

    def hidden_states(self, model: Any, batch: Any) -> "Tensor":
        states: Tensor = model.hidden_states(batch.ids, segments=batch.segments)
        return states

    def output_weight(self, model: Any) -> "Tensor":
        weight: Tensor = model.output.matrix.weight
        return weight

    def layers(self, model: Any) -> "Sequence[nn.Module]":
        return [*model.decoder.layers]
