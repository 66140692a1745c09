"""Masked language modelling: an encoder-only model predicts the masked pieces of a text from all the others."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearhead.model import EncoderOnlyConfig

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


class MaskedLanguageModellingTask:
    """`Task` of the encoder-only family. An example is a document; `data.MaskedBatch` holds pieces of some."""

    name: Final = "masked-language-modelling"
    family: Final = "encoder-only"
    config_class: Final = EncoderOnlyConfig
    examples_are: Final = "documents"

    def config(self, sizes: Mapping[str, Any]) -> EncoderOnlyConfig:
        return EncoderOnlyConfig(**sizes)

    def new_model(self, config: EncoderOnlyConfig, seed: int = 1) -> "clearhead.model.EncoderOnly":
        from clearhead.model import EncoderOnly

        return EncoderOnly(config, seed)

    def hidden_states(self, model: "clearhead.model.EncoderOnly", batch: "clearhead.data.MaskedBatch") -> "Tensor":
        from clearhead.tasks.masked_language_modelling.learning import predicting_vectors

        return predicting_vectors(model, batch)

    def output_weight(self, model: "clearhead.model.EncoderOnly") -> "Tensor":
        from clearhead.tasks.masked_language_modelling.learning import weight_and_bias

        return weight_and_bias(model)

    def layers(self, model: "clearhead.model.EncoderOnly") -> "Sequence[nn.Module]":
        return [*model.encoder.layers]

    def model_config(self, recipe: "clearhead.recipe.Recipe", vocabularies: tuple[int, int]) -> EncoderOnlyConfig:
        return recipe.model.masked_config(vocabularies[0])

    def check(self, recipe: "clearhead.recipe.Recipe", pieces: int | None = None) -> None:
        from clearhead.errors import ConfigError, RecipeError
        from clearhead.tasks.language_modelling.examples import pieces_for

        try:
            config = recipe.model.masked_config(pieces or pieces_for(recipe))
        except ConfigError as error:
            raise RecipeError(f"model: {error}") from None
        if config.masked_head == "none":
            raise RecipeError(
                "model.masked_head=none leaves nothing to predict masked pieces with; choose transform or plain"
            )

    def files(self, data: "clearhead.recipe.Data") -> Sequence[str]:
        from clearhead.tasks.documents import file_names

        return file_names(data)

    def examples(self, recipe: "clearhead.recipe.Recipe") -> "clearhead.tasks.language_modelling.examples.TextExamples":
        from clearhead.tasks.language_modelling.examples import TextExamples

        return TextExamples(recipe)

    def packed_length(
        self, training: "clearhead.recipe.Training", measured: "clearhead.tasks.measured.Measured"
    ) -> int | None:
        from clearhead.tasks.language_modelling.lengths import packed_length

        max_length = measured.sizes.model.masked_config(measured.vocabularies[0]).max_length
        return packed_length(training, measured.longest + 1, max_length)

    def too_large(self, parameters: int, corpus: "clearhead.data.PreparedText") -> str | None:
        """It sees each text anew in each epoch, and stops by its patience: nobody is warned."""
        return None

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        return min(longest + 1, max_length)  # The end is read, too.

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> "clearhead.data.MaskedBatch":
        from clearhead.tasks.masked_language_modelling.batching import full_batch

        return full_batch(rows, length, max_length, packing)

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> "Iterator[clearhead.data.MaskedBatch]":
        from clearhead.tasks.masked_language_modelling.batching import epoch_batches
        from clearhead.tasks.masks import masking_of_epoch

        training, tokenizer = recipe.training, tokenizers[0]
        assert training.masking is not None
        masking = masking_of_epoch(training.masking, tokenizer, training.seed, epoch)
        max_length = self._max_length(recipe, tokenizers)
        return epoch_batches(training, corpus, masking, max_length, tokenizer.padding, epoch, first)

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "Iterator[clearhead.data.MaskedBatch]":
        from clearhead.tasks.masked_language_modelling.batching import batches_to_judge
        from clearhead.tasks.masks import masking_to_judge

        training, tokenizer = recipe.training, tokenizers[0]
        assert training.masking is not None
        masking = masking_to_judge(training.masking, tokenizer)
        max_length = self._max_length(recipe, tokenizers)
        return batches_to_judge(corpus, masking, max_length, training.batch_tokens, tokenizer.padding)

    def scores(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.language_modelling.examples.TextSet]"
    ) -> "clearhead.evaluation.MaskedScores":
        """How many masked pieces are found; no text could be compressed by that, as a piece has seen all others."""
        from clearhead.tasks.tallies import tally_of

        [one] = judged.sets
        return tally_of(self, judged.model, judged.batches(one.corpus)).of_masked()

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: EncoderOnlyConfig,
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "clearhead.tasks.task.Description":
        from clearhead.tasks.masked_language_modelling.describing import description

        return description(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        from clearhead.tasks.masked_language_modelling.describing import text_to_fill

        return f"fill {model} {shlex.quote(text_to_fill(recipe))}"

    def _max_length(
        self, recipe: "clearhead.recipe.ResolvedRecipe", tokenizers: "clearhead.tasks.examples.Tokenizers"
    ) -> int:
        return recipe.model.masked_config(tokenizers[0].size).max_length
