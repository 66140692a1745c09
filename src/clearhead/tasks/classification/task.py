"""Classification: an encoder-only model predicts, from one vector of a text, which of some classes the text has."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearhead.model import EncoderOnlyConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.data
    import clearhead.evaluation
    import clearhead.model
    import clearhead.recipe
    import clearhead.tasks.classification.examples
    import clearhead.tasks.examples
    import clearhead.tasks.measured
    import clearhead.tasks.task


class ClassificationTask:
    """`Task` of the encoder-only family. An example is a text and its label; `data.LabelledBatch` holds some."""

    name: Final = "classification"
    family: Final = "encoder-only"
    config_class: Final = EncoderOnlyConfig
    examples_are: Final = "texts"

    def config(self, sizes: Mapping[str, Any]) -> EncoderOnlyConfig:
        return EncoderOnlyConfig(**sizes)

    def new_model(self, config: EncoderOnlyConfig, seed: int = 1) -> "clearhead.model.EncoderOnly":
        from clearhead.model import EncoderOnly

        return EncoderOnly(config, seed)

    def hidden_states(self, model: "clearhead.model.EncoderOnly", batch: "clearhead.data.LabelledBatch") -> "Tensor":
        from clearhead.tasks.classification.learning import pooled_vectors

        return pooled_vectors(model, batch)

    def output_weight(self, model: "clearhead.model.EncoderOnly") -> "Tensor":
        from clearhead.tasks.classification.learning import weight_and_bias

        return weight_and_bias(model)

    def layers(self, model: "clearhead.model.EncoderOnly") -> "Sequence[nn.Module]":
        return [*model.encoder.layers]

    def model_config(self, recipe: "clearhead.recipe.Recipe", vocabularies: tuple[int, int]) -> EncoderOnlyConfig:
        """Without a masked head, which would learn nothing."""
        # As long as nobody has looked at the labels, there are two at least.
        config = recipe.model.masked_config(vocabularies[0], len(recipe.data.labels or ("", "")))
        return dataclasses.replace(config, masked_head="none", share_embeddings=True)

    def check(self, recipe: "clearhead.recipe.Recipe", pieces: int | None = None) -> None:
        from clearhead.tasks.classification.checking import check_recipe

        check_recipe(recipe, pieces)

    def files(self, data: "clearhead.recipe.Data") -> Sequence[str]:
        from clearhead.recipe import tables_to_validate

        return [one.table for one in (*data.tables, *tables_to_validate(data))]

    def examples(self, recipe: "clearhead.recipe.Recipe") -> "clearhead.tasks.classification.examples.LabelledExamples":
        from clearhead.tasks.classification.examples import LabelledExamples

        return LabelledExamples(recipe)

    def packed_length(
        self, training: "clearhead.recipe.Training", measured: "clearhead.tasks.measured.Measured"
    ) -> None:
        from clearhead.tasks.classification.checking import check_rows

        check_rows(training, measured.longest)

    def too_large(self, parameters: int, corpus: "clearhead.data.LabelledTexts") -> str | None:
        """What a text has to tell is one class, whatever the sizes are: its figures say whether they suit."""
        return None

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        """Undone merges may make twice as many, but fit."""
        if not recipe.text.merge_dropout:
            return longest
        budget = recipe.training.batch_tokens
        return min(2 * longest, max_length, *([] if budget == "auto" else [budget]))

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> "clearhead.data.LabelledBatch":
        from clearhead.tasks.classification.batching import full_batch

        return full_batch(rows, length)

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.LabelledTexts",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> "Iterator[clearhead.data.LabelledBatch]":
        from clearhead.tasks.classification.batching import epoch_batches

        max_length = recipe.model.masked_config(tokenizers[0].size).max_length
        longest = self.longest(recipe, corpus.longest, max_length)
        return epoch_batches(recipe, corpus, tokenizers[0], longest, epoch, first)

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.LabelledTexts",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "Iterator[clearhead.data.LabelledBatch]":
        from clearhead.tasks.classification.batching import batches_to_judge

        return batches_to_judge(corpus, recipe.training.batch_tokens, tokenizers[0].padding)

    def scores(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.classification.examples.LabelledSet]"
    ) -> "clearhead.evaluation.ClassScores":
        """How often it is right, and of which class."""
        from clearhead.tasks.classification.scoring import class_scores

        return class_scores(judged)

    def samples(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.classification.examples.LabelledSet]"
    ) -> "Sequence[clearhead.tasks.examples.Sample]":
        """It writes nothing."""
        return ()

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: EncoderOnlyConfig,
        corpus: "clearhead.data.LabelledTexts",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "clearhead.tasks.task.Description":
        from clearhead.tasks.classification.describing import description

        return description(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        return f"classify {model}"
