"""A task on texts: a model of one stack learns to predict tokens of documents, or of conversations."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, final

from clearhead.errors import ConfigError, RecipeError
from clearhead.tasks.one_stack import Config, OneStack
from clearhead.tasks.task import Batch, Model

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.data
    import clearhead.evaluation
    import clearhead.recipe
    import clearhead.tasks.examples
    import clearhead.tasks.language_modelling.examples
    import clearhead.tasks.measured
    import clearhead.tasks.objective
    import clearhead.tasks.task


@final
@dataclasses.dataclass(frozen=True)
class TextTask(Generic[Config, Model, Batch]):
    """`Task` of models of one stack.

    stack: the family of these models. objective: what they learn; asking for it imports torch.
    """

    name: str
    stack: OneStack[Config, Model]
    objective: "Callable[[], clearhead.tasks.objective.Objective[Config, Model, Batch]]"
    examples_are: str = "documents"

    @property
    def family(self) -> str:
        return self.stack.family

    @property
    def config_class(self) -> type[Config]:
        return self.stack.config_class

    def config(self, sizes: Mapping[str, Any]) -> Config:
        return self.stack.config_class(**sizes)

    def new_model(self, config: Config, seed: int = 1) -> Model:
        return self.stack.new_model(config, seed)

    def hidden_states(self, model: Model, batch: Batch) -> "Tensor":
        return self.objective().hidden_states(model, batch)

    def output_weight(self, model: Model) -> "Tensor":
        return self.objective().output_weight(model)

    def layers(self, model: Model) -> "Sequence[nn.Module]":
        return [*self.stack.layers(model)]

    def model_config(self, recipe: "clearhead.recipe.Recipe", vocabularies: tuple[int, int]) -> Config:
        return self.stack.config(recipe.model, vocabularies[0])

    def check(self, recipe: "clearhead.recipe.Recipe", pieces: int | None = None) -> None:
        from clearhead.tasks.language_modelling.examples import pieces_for

        try:
            config = self.stack.config(recipe.model, pieces or pieces_for(recipe))
        except ConfigError as error:
            raise RecipeError(f"model: {error}") from None
        if message := self.objective().refusal(config):
            raise RecipeError(message)

    def files(self, data: "clearhead.recipe.Data") -> Sequence[str]:
        from clearhead.tasks.documents import file_names

        return file_names(data)

    def examples(
        self, recipe: "clearhead.recipe.Recipe"
    ) -> (
        "clearhead.tasks.examples.Examples[clearhead.data.PreparedText, "
        "clearhead.tasks.language_modelling.examples.TextSet]"
    ):
        return self.objective().examples(recipe)

    def packed_length(
        self, training: "clearhead.recipe.Training", measured: "clearhead.tasks.measured.Measured"
    ) -> int | None:
        from clearhead.tasks.language_modelling.lengths import packed_length

        max_length = self.stack.config(measured.sizes.model, measured.vocabularies[0]).max_length
        return packed_length(training, measured.longest + self.objective().reads_end, max_length)

    def too_large(self, parameters: int, corpus: "clearhead.data.PreparedText") -> str | None:
        """Nobody is warned: it sees each text anew in each epoch, or a few times only, and stops by its patience."""
        return None

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        return min(longest + self.objective().reads_end, max_length)

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> Batch:
        return self.objective().full_batch(rows, length, max_length, packing)

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> Iterator[Batch]:
        max_length = self._max_length(recipe, tokenizers)
        return self.objective().batches(recipe.training, corpus, tokenizers[0], max_length, epoch, first)

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> Iterator[Batch]:
        max_length = self._max_length(recipe, tokenizers)
        return self.objective().batches_to_judge(recipe.training, corpus, tokenizers[0], max_length)

    def scores(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.language_modelling.examples.TextSet]"
    ) -> "clearhead.evaluation.Scores":
        return self.objective().scores(self, judged)

    def samples(
        self, judged: "clearhead.tasks.examples.Judged[clearhead.tasks.language_modelling.examples.TextSet]"
    ) -> "Sequence[clearhead.tasks.examples.Sample]":
        return self.objective().samples(judged)

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: Config,
        corpus: "clearhead.data.PreparedText",
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> "clearhead.tasks.task.Description":
        return self.objective().describe(recipe, config, corpus)

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        return self.objective().first_use(recipe, model)

    def _max_length(
        self, recipe: "clearhead.recipe.ResolvedRecipe", tokenizers: "clearhead.tasks.examples.Tokenizers"
    ) -> int:
        return self.stack.config(recipe.model, tokenizers[0].size).max_length
