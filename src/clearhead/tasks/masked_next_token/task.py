"""Masked next-token prediction: a decoder-only model that is GPT in some batches and BERT in the others.

A masked piece is predicted at the place before it, as a next token is, so that both have the same stack and head.
Source: Charpentier and Samuel 2024, "GPT or BERT: why not both?" (arXiv 2410.24159).
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearhead.model import DecoderOnlyConfig

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


class MaskedNextTokenTask:
    """`Task` of the decoder-only family. An example is a document; `data.TwoWayBatch` holds pieces of some."""

    name: Final = "masked-next-token"
    family: Final = "decoder-only"
    config_class: Final = DecoderOnlyConfig
    examples_are: Final = "documents"

    def config(self, sizes: Mapping[str, Any]) -> DecoderOnlyConfig:
        return DecoderOnlyConfig(**sizes)

    def new_model(self, config: DecoderOnlyConfig, seed: int = 1) -> "clearhead.model.DecoderOnly":
        from clearhead.model import DecoderOnly

        return DecoderOnly(config, seed)

    def hidden_states(self, model: "clearhead.model.DecoderOnly", batch: "clearhead.data.TwoWayBatch") -> "Tensor":
        from clearhead.tasks.masked_next_token.learning import hidden_states

        return hidden_states(model, batch)

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
            config = recipe.model.causal_config(pieces or pieces_for(recipe))
        except ConfigError as error:
            raise RecipeError(f"model: {error}") from None
        if config.positions == "relative":
            raise RecipeError(
                "model.positions=relative tells a decoder-only model nothing of what comes after, which masked batches "
                "see; choose rotary, learned, sinusoidal or alibi"
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

        max_length = measured.sizes.model.causal_config(measured.vocabularies[0]).max_length
        return packed_length(training, measured.longest + 1, max_length)

    def too_large(self, parameters: int, corpus: "clearhead.data.PreparedText") -> str | None:
        """It sees each text anew in each epoch, and stops by its patience: nobody is warned."""
        return None

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        return min(longest + 1, max_length)  # The end is read, too.

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> "clearhead.data.TwoWayBatch":
        from clearhead.tasks.masked_next_token.batching import full_batch

        return full_batch(rows, length, max_length, packing)

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> "Iterator[clearhead.data.TwoWayBatch]":
        from clearhead.tasks.masked_next_token.batching import epoch_batches
        from clearhead.tasks.masks import masking_of_epoch

        training, tokenizer = recipe.training, tokenizers[0]
        assert training.masking is not None
        masking = masking_of_epoch(training.masking, tokenizer, training.seed, epoch)
        max_length = self._max_length(recipe, tokenizers)
        return epoch_batches(training, corpus, masking, max_length, tokenizer, epoch, first)

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "Iterator[clearhead.data.TwoWayBatch]":
        from clearhead.tasks.masked_next_token.batching import batches_to_judge
        from clearhead.tasks.masks import masking_to_judge

        training, tokenizer = recipe.training, tokenizers[0]
        assert training.masking is not None
        masking = masking_to_judge(training.masking, tokenizer)
        max_length = self._max_length(recipe, tokenizers)
        return batches_to_judge(corpus, masking, max_length, training.batch_tokens, tokenizer.padding)

    def scores(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.language_modelling.examples.TextSet]"
    ) -> "clearhead.evaluation.TwoWayScores":
        """What the loss of next tokens is by the text, and how many masked pieces are found."""
        from clearhead.evaluation import TwoWayScores
        from clearhead.tasks.language_modelling.scoring import scores_of
        from clearhead.tasks.tallies import Tally, tally_of

        [one] = judged.sets
        found = {False: Tally(), True: Tally()}
        for batch in judged.batches(one.corpus):
            found[batch.is_masked] += tally_of(self, judged.model, [batch])
        text = scores_of(found[False].loss, one.corpus, judged.tokenizers[0], judged.config.max_length, 0)
        return TwoWayScores(text, found[True].of_masked())

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: DecoderOnlyConfig,
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "clearhead.tasks.task.Description":
        from clearhead.tasks.language_modelling.describing import description

        return description(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        from clearhead.tasks.language_modelling.describing import example_prompt

        return f"generate {model} {shlex.quote(example_prompt(recipe))}"

    def _max_length(
        self, recipe: "clearhead.recipe.ResolvedRecipe", tokenizers: "clearhead.tasks.examples.Tokenizers"
    ) -> int:
        return recipe.model.causal_config(tokenizers[0].size).max_length
