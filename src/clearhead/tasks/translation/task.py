"""Translation: an encoder-decoder that predicts each target token from the source and the target tokens before it.

A summary is learned and written as a translation is: into fewer words.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from clearhead.model import TransformerConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.data
    import clearhead.evaluation
    import clearhead.model
    import clearhead.recipe
    import clearhead.tasks.examples
    import clearhead.tasks.measured
    import clearhead.tasks.task
    import clearhead.tasks.translation.examples
    import clearhead.tasks.translation.tokenizing


@dataclass(frozen=True)
class TranslationTask:
    """`Task` of the encoder-decoder. An example is a source and a target; `data.Batch` holds some.

    verb: what a bundle and a command are asked for. target_is: what a target is called.
    """

    family: ClassVar[str] = "encoder-decoder"
    config_class: ClassVar[type[TransformerConfig]] = TransformerConfig
    examples_are: ClassVar[str] = "pairs"

    name: str = "translation"
    verb: str = "translate"
    target_is: str = "translation"

    def config(self, sizes: Mapping[str, Any]) -> TransformerConfig:
        return TransformerConfig(**sizes)

    def new_model(self, config: TransformerConfig, seed: int = 1) -> "clearhead.model.EncoderDecoder":
        from clearhead.model import EncoderDecoder

        return EncoderDecoder(config, seed)

    def hidden_states(self, model: "clearhead.model.EncoderDecoder", batch: "clearhead.data.Batch") -> "Tensor":
        from clearhead.model import masks_for
        from clearhead.tasks.output_bias import with_one

        # Pairs that share a row say who sees whom by their segments.
        masks = None if batch.segments is not None else masks_for(batch.source, batch.target_input, batch.padding)
        states = model.hidden_states(batch.source, batch.target_input, masks, batch.segments)
        return with_one(states, model.output.bias)

    def output_weight(self, model: "clearhead.model.EncoderDecoder") -> "Tensor":
        from clearhead.tasks.output_bias import weight_and_bias

        return weight_and_bias(model.output.matrix.weight, model.output.bias)

    def layers(self, model: "clearhead.model.EncoderDecoder") -> "Sequence[nn.Module]":
        return [*model.encoder.layers, *model.decoder.layers]

    def model_config(self, recipe: "clearhead.recipe.Recipe", vocabularies: tuple[int, int]) -> TransformerConfig:
        return recipe.model.config(*vocabularies)

    def check(self, recipe: "clearhead.recipe.Recipe", pieces: int | None = None) -> None:
        from clearhead.tasks.translation.checking import check_grammar, check_model
        from clearhead.tasks.translation.sizes import USUAL_PIECES

        check_model(recipe.model, pieces or recipe.text.size or USUAL_PIECES, recipe.text.joint)
        check_grammar(recipe.data)

    def files(self, data: "clearhead.recipe.Data") -> Sequence[str]:
        """An embedded corpus has none: it is written when it is needed."""
        from clearhead.recipe import tables_to_validate

        if data.embedded is not None:
            return []
        sides = [side for one in (*data.pairs, *data.validation_pairs) for side in (one.source, one.target)]
        return [*sides, *(one.table for one in (*data.tables, *tables_to_validate(data)))]

    def examples(self, recipe: "clearhead.recipe.Recipe") -> "clearhead.tasks.translation.examples.TranslationExamples":
        from clearhead.tasks.translation.examples import TranslationExamples

        return TranslationExamples(recipe, self.target_is)

    def packed_length(
        self, training: "clearhead.recipe.Training", measured: "clearhead.tasks.measured.Measured"
    ) -> int | None:
        from clearhead.tasks.translation.lengths import check_lengths, packed_length

        length = packed_length(training, measured.longest)
        limit = measured.sizes.model.config(*measured.vocabularies).max_length
        check_lengths(training, limit, measured.longest, measured.longest_to_judge, length)
        return length

    def too_large(self, parameters: int, corpus: "clearhead.data.PreparedCorpus") -> str | None:
        from clearhead.tasks.translation.sizes import too_large

        return too_large(parameters, corpus.tokens)

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        from clearhead.tasks.translation.lengths import longest_in_any_epoch

        return longest_in_any_epoch(recipe, longest, max_length)

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> "clearhead.data.Batch":
        from clearhead.tasks.translation.batching import full_batch

        return full_batch(rows, length, max_length, packing)

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedCorpus",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> "Iterator[clearhead.data.Batch]":
        from clearhead.tasks.translation.batching import epoch_batches

        max_length = recipe.model.config(*(one.size for one in tokenizers)).max_length
        longest = self.longest(recipe, corpus.longest, max_length)
        return epoch_batches(recipe, corpus, tokenizers, longest, epoch, first)

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedCorpus",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "Iterator[clearhead.data.Batch]":
        from clearhead.tasks.translation.batching import batches_to_judge

        return batches_to_judge(recipe, corpus, tokenizers)

    def scores(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.translation.tokenizing.ValidationSet]"
    ) -> "clearhead.evaluation.Quality | None":
        """How good translations of the sets' first lines are; None where there are none."""
        from clearhead.evaluation import measure

        references = [reference for one in judged.sets for reference in one.references]
        hypotheses = [text for one in judged.sets for text in judged.translate(one.sources, one.to_language)]
        return measure(hypotheses, references) if references else None

    def samples(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.translation.tokenizing.ValidationSet]"
    ) -> "list[clearhead.tasks.examples.Sample]":
        """The first of the translations that are scored."""
        from clearhead.tasks.examples import Sample

        count = judged.recipe.training.validate_samples
        return [
            Sample(*each)
            for one in judged.sets
            for each in itertools.islice(
                zip(one.sources, one.references, judged.translate(one.sources, one.to_language), strict=True), count
            )
        ]

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: TransformerConfig,
        corpus: "clearhead.data.PreparedCorpus",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "clearhead.tasks.task.Description":
        from clearhead.tasks.translation.describing import description

        return description(recipe, config, corpus, tokenizers, self.verb)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        language = recipe.data.directions[0].to_language if recipe.text.tags else None
        return f"{self.verb} {model}{f' --to {language}' if language else ''} --in FILE"
