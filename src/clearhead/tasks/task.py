"""What the rooms above know of a task: they train a model for it, store it and load it, whatever it is for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor, nn

    import clearhead.evaluation
    import clearhead.recipe
    import clearhead.tasks.examples
    import clearhead.tasks.measured

Config = TypeVar("Config")
Model = TypeVar("Model")
Batch = TypeVar("Batch")
CorpusKind = TypeVar("CorpusKind")
SetKind = TypeVar("SetKind")


class Description(NamedTuple):
    """How a model card tells of a model: its sizes, its use in a shell and in Python, and what it learned from."""

    sizes: str
    shell: str
    python: str
    data: str


@runtime_checkable
class Task(Protocol[Config, Model, Batch, CorpusKind, SetKind]):
    """What a family of models is trained for. It imports torch where a model or a batch is at hand, and not before.

    name: the task's in recipes and bundles. family: that of its models. config_class: what these are made from.
    examples_are: what its examples are called, such as pairs.
    """

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def config_class(self) -> type[Config]: ...
    @property
    def examples_are(self) -> str: ...

    def config(self, sizes: Mapping[str, Any]) -> Config:
        """A config from plain values. Raises TypeError or ConfigError for what are none of this family's."""
        ...

    def new_model(self, config: Config, seed: int = 1) -> Model:
        """A model before its first step."""
        ...

    def hidden_states(self, model: Model, batch: Batch) -> "Tensor":
        """What goes into the last linear layer for each place of the batch's targets, (rows, places, width)."""
        ...

    def output_weight(self, model: Model) -> "Tensor":
        """The matrix of the last linear layer, (vocabulary, width)."""
        ...

    def layers(self, model: Model) -> "Sequence[nn.Module]":
        """The blocks of all stacks: what a compiler takes one at a time."""
        ...

    def model_config(self, recipe: "clearhead.recipe.Recipe", vocabularies: tuple[int, int]) -> Config:
        """A recipe's sizes for these vocabularies. Raises ConfigError where they contradict each other."""
        ...

    def check(self, recipe: "clearhead.recipe.Recipe", pieces: int | None = None) -> None:
        """Raise RecipeError for choices that cannot work, before a large corpus is read; `pieces` where it is known."""
        ...

    def files(self, data: "clearhead.recipe.Data") -> Sequence[str]:
        """The files that a recipe names, in its folder."""
        ...

    def examples(self, recipe: "clearhead.recipe.Recipe") -> "clearhead.tasks.examples.Examples[CorpusKind, SetKind]":
        """What a recipe names to learn from. Raises DataError where a file is missing."""
        ...

    def packed_length(
        self, training: "clearhead.recipe.Training", measured: "clearhead.tasks.measured.Measured"
    ) -> int | None:
        """The places of a packed row; None where rows hold one example each.

        Raises RecipeError where an example is longer than the recipe's settings admit.
        """
        ...

    def too_large(self, parameters: int, corpus: CorpusKind) -> str | None:
        """A line about a model that has far more parameters than a corpus can teach; None where it fits."""
        ...

    def longest(self, recipe: "clearhead.recipe.Recipe", longest: int, max_length: int) -> int:
        """The most ids that an example has in any epoch, where the longest of the corpus has so many."""
        ...

    def full_batch(self, rows: int, length: int, max_length: int, packing: bool) -> Batch:
        """A batch that no batch of a run exceeds: rows of `length` places without padding."""
        ...

    def batches(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: CorpusKind,
        tokenizers: "clearhead.tasks.examples.Tokenizers",
        epoch: int,
        first: int = 0,
    ) -> Iterator[Batch]:
        """The batches of an epoch from number `first` on: a pure function of the seed, the epoch and the place."""
        ...

    def batches_to_judge(
        self,
        recipe: "clearhead.recipe.ResolvedRecipe",
        corpus: CorpusKind,
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> Iterator[Batch]:
        """Batches in which each token of a corpus is predicted once."""
        ...

    def scores(self, judged: "clearhead.tasks.examples.Judged[SetKind]") -> "clearhead.evaluation.Scores | None":
        """What it measures of a model beside its loss; None where that is nothing."""
        ...

    def samples(
        self, judged: "clearhead.tasks.examples.Judged[SetKind]"
    ) -> "Sequence[clearhead.tasks.examples.Sample]":
        """What the model writes for the first texts of each set, `training.validate_samples` of them."""
        ...

    def describe(
        self,
        recipe: "clearhead.recipe.Recipe",
        config: Config,
        corpus: CorpusKind,
        tokenizers: "clearhead.tasks.examples.Tokenizers",
    ) -> Description:
        """What a model card says."""
        ...

    def first_use(self, recipe: "clearhead.recipe.Recipe", model: str) -> str:
        """The arguments of a command that tries a new model, which lies at `model`."""
        ...


# A task of which nobody knows which: it takes what it has made itself.
AnyTask = Task[Any, Any, Any, Any, Any]
