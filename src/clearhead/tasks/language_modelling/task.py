"""Language modelling: a decoder-only model predicts each token of a text from the tokens before it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearhead.model import DecoderOnlyConfig
from clearhead.tasks.language_modelling.material import DocumentMaterial, Material

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.data
    import clearhead.evaluation
    import clearhead.model
    import clearhead.recipe
    import clearhead.tasks.examples
    import clearhead.tasks.language_modelling.examples
    import clearhead.tasks.measured
    import clearhead.tasks.task


class LanguageModellingTask:
    """`Task` of the decoder-only family. An example is a document; `data.TextBatch` holds pieces of some.

    material: what is learned from, documents or conversations.
    """

    family: Final = "decoder-only"
    config_class: Final = DecoderOnlyConfig

    def __init__(self, material: Material | None = None) -> None:
        self.material = DocumentMaterial() if material is None else material

    @property
    def name(self) -> str:
        return self.material.name

    @property
    def examples_are(self) -> str:
        return self.material.examples_are

    def config(self, sizes: Mapping[str, Any]) -> DecoderOnlyConfig:
        return DecoderOnlyConfig(**sizes)

    def new_model(self, config: DecoderOnlyConfig, seed: int = 1) -> "clearhead.model.DecoderOnly":
        from clearhead.model import DecoderOnly

        return DecoderOnly(config, seed)

    def hidden_states(self, model: "clearhead.model.DecoderOnly", batch: "clearhead.data.TextBatch") -> "Tensor":
        return model.hidden_states(batch.ids, segments=batch.segments)

    def output_weight(self, model: "clearhead.model.DecoderOnly") -> "Tensor":
        return model.output.matrix.weight

    def layers(self, model: "clearhead.model.DecoderOnly") -> "Sequence[nn.Module]":
        return [*model.decoder.layers]

    def model_config(self, recipe: "clearhead.recipe.Recipe", vocabularies: tuple[int, int]) -> DecoderOnlyConfig:
        return recipe.model.causal_config(vocabularies[0])

    def check(self, recipe: "clearhead.recipe.Recipe", pieces: int | None = None) -> None:
        from clearhead.errors import ConfigError, RecipeError
        from clearhead.tasks.language_modelling.examples import pieces_for

        try:
            recipe.model.causal_config(pieces or pieces_for(recipe))
        except ConfigError as error:
            raise RecipeError(f"model: {error}") from None

    def files(self, data: "clearhead.recipe.Data") -> Sequence[str]:
        from clearhead.tasks.documents import file_names

        return file_names(data)

    def examples(
        self, recipe: "clearhead.recipe.Recipe"
    ) -> (
        "clearhead.tasks.examples.Examples[clearhead.data.PreparedText, "
        "clearhead.tasks.language_modelling.examples.TextSet]"
    ):
        return self.material.examples(recipe)

    def packed_length(
        self, training: "clearhead.recipe.Training", measured: "clearhead.tasks.measured.Measured"
    ) -> int | None:
        from clearhead.tasks.language_modelling.lengths import packed_length

        max_length = measured.sizes.model.causal_config(measured.vocabularies[0]).max_length
        return packed_length(training, measured.longest, max_length)

    def too_large(self, parameters: int, corpus: "clearhead.data.PreparedText") -> str | None:
        """A language model sees each text a few times only, and stops by its patience: nobody is warned."""
        return None

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        return min(longest, max_length)

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> "clearhead.data.TextBatch":
        from clearhead.tasks.language_modelling.batching import full_batch

        return full_batch(rows, length, max_length, packing)

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> "Iterator[clearhead.data.TextBatch]":
        from clearhead.tasks.language_modelling.batching import epoch_batches

        max_length, padding = self._max_length(recipe, tokenizers), tokenizers[0].padding
        return epoch_batches(recipe.training, corpus, max_length, padding, epoch, first)

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "Iterator[clearhead.data.TextBatch]":
        from clearhead.tasks.language_modelling.batching import batches_to_judge

        max_length, padding = self._max_length(recipe, tokenizers), tokenizers[0].padding
        return batches_to_judge(corpus, max_length, 0, recipe.training.batch_tokens, padding)

    def scores(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.language_modelling.examples.TextSet]"
    ) -> "clearhead.evaluation.TextScores":
        """What the loss is by the text; nothing is written, as a text has no right continuation."""
        from clearhead.tasks.language_modelling.scoring import scores_of

        [one] = judged.sets
        nats = judged.loss * one.corpus.tokens
        return scores_of(nats, one.corpus, judged.tokenizers[0], judged.config.max_length, 0)

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: DecoderOnlyConfig,
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "clearhead.tasks.task.Description":
        return self.material.describe(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        return self.material.first_use(recipe, model)

    def _max_length(
        self, recipe: "clearhead.recipe.ResolvedRecipe", tokenizers: "clearhead.tasks.examples.Tokenizers"
    ) -> int:
        return recipe.model.causal_config(tokenizers[0].size).max_length
