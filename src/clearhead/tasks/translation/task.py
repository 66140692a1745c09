"""Translation: an encoder-decoder that predicts each target token from the source and the target tokens before it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearhead.model import TransformerConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.data
    import clearhead.model


class TranslationTask:
    """`Task` of the encoder-decoder. An example is a source and a target; `data.Batch` holds some."""

    family: Final = "encoder-decoder"
    config_class: Final = TransformerConfig

    def config(self, sizes: Mapping[str, Any]) -> TransformerConfig:
        return TransformerConfig(**sizes)

    def new_model(self, config: TransformerConfig, seed: int = 1) -> "clearhead.model.EncoderDecoder":
        from clearhead.model import EncoderDecoder

        return EncoderDecoder(config, seed)

    def hidden_states(self, model: "clearhead.model.EncoderDecoder", batch: "clearhead.data.Batch") -> "Tensor":
        from clearhead.model import masks_for

        if batch.segments is not None:
            return model.hidden_states(batch.source, batch.target_input, segments=batch.segments)
        masks = masks_for(batch.source, batch.target_input, batch.padding)
        return model.hidden_states(batch.source, batch.target_input, masks)

    def output_weight(self, model: "clearhead.model.EncoderDecoder") -> "Tensor":
        return model.output.matrix.weight

    def layers(self, model: "clearhead.model.EncoderDecoder") -> "Sequence[nn.Module]":
        return [*model.encoder.layers, *model.decoder.layers]
