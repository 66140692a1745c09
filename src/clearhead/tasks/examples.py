"""What training knows of a corpus and of its batches, whatever their fields are."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    import clearhead.recipe
    import clearhead.tasks.measured
    import clearhead.text

# Who is told what is being done, in a few words; from any thread.
Doing = Callable[[str], None]
# Gives a translation of each text into a language; what it was asked before it gives again.
Translate = Callable[[tuple[str, ...], str | None], Sequence[str]]
Tokenizers = tuple["clearhead.text.Tokenizer", "clearhead.text.Tokenizer"]


def to_nobody(what: str) -> None:
    """Is told, and does nothing."""


@runtime_checkable
class TrainingBatch(Protocol):
    """What one forward pass reads, and what it is to predict.

    target_output: the ids to predict, (rows, places), `padding` where nothing is. target_tokens: how many of its places
    are not padding, which a summed loss is divided by.
    """

    @property
    def target_output(self) -> "Tensor": ...
    @property
    def target_tokens(self) -> int: ...
    @property
    def padding(self) -> int: ...

    def tensors(self) -> "tuple[Tensor, ...]":
        """Its tensors, in an order that is always the same."""
        ...

    def twice(self) -> "TrainingBatch":
        """A batch that has all rows of this one, and then all of them again."""
        ...

    def to(self, device: "torch.device | str", copy: bool = False) -> "TrainingBatch":
        """The same batch on another device; with `copy` in other tensors even where it is there already."""
        ...


@runtime_checkable
class Corpus(Protocol):
    """Examples as ids. `len` says how many, and `report` what was left out."""

    @property
    def key(self) -> str:
        """A name made from all that the ids depend on."""
        ...

    @property
    def former_keys(self) -> tuple[str, ...]:
        """The names that older versions gave the same, newest first."""
        ...

    @property
    def ids(self) -> "NDArray[Any]":
        """What the model reads, one example after the other."""
        ...

    @property
    def report(self) -> object: ...
    @property
    def longest(self) -> int: ...
    @property
    def tokens(self) -> int: ...

    def is_called(self, key: object) -> bool:
        """Whether this version or an older one gave it that name."""
        ...

    def with_old(self, old: Any, share: float) -> Any:
        """These examples and those of a corpus of the same kind, which are `share` of the tokens of an epoch."""
        ...

    def __len__(self) -> int: ...


CorpusKind = TypeVar("CorpusKind", covariant=True)
SetKind = TypeVar("SetKind", covariant=True)
JudgedKind = TypeVar("JudgedKind")


@runtime_checkable
class Examples(Protocol[CorpusKind, SetKind]):
    """What a recipe names to learn from and to be judged by: files, each of which is there."""

    @property
    def sizes_are_chosen(self) -> bool:
        """Whether `sizes` looks at the text, which takes a while."""
        ...

    def sizes(self) -> "clearhead.tasks.measured.Sizes":
        """What the recipe names, or what suits so much text."""
        ...

    def tokenizers(self, pieces: int, doing: Doing) -> Tokenizers:
        """Those that are learned from the text, of so many pieces at most."""
        ...

    def training(self, tokenizers: Tokenizers, doing: Doing) -> CorpusKind:
        """The examples to learn from."""
        ...

    def validation(self, tokenizers: Tokenizers) -> tuple[SetKind, ...]:
        """The examples to be judged by, set by set."""
        ...

    def doubts(self) -> Iterator[str]:
        """What is probably a mistake in the files, a line each."""
        ...


@runtime_checkable
class ValidationSet(Protocol):
    """What a model is judged by: its ids for the loss."""

    @property
    def corpus(self) -> Corpus: ...


@runtime_checkable
class Written(Protocol):
    """A text that a model wrote."""

    @property
    def text(self) -> str: ...


@runtime_checkable
class Writer(Protocol):
    """A model as its bundle has it, which writes what those who use it will see."""

    def generations(self, prompts: Sequence[str], *, beam_size: int, max_tokens: int) -> Sequence[Sequence[Written]]:
        """What it writes after each prompt, the best first."""
        ...

    def answers(self, conversations: Any, *, beam_size: int, max_tokens: int) -> Sequence[Sequence[Written]]:
        """What it answers to each conversation, a sequence of messages, the best first."""
        ...


@dataclasses.dataclass(frozen=True)
class Sample:
    """A text of a validation set, what is right after it, and what the model wrote."""

    source: str
    reference: str
    hypothesis: str


@dataclasses.dataclass(frozen=True)
class Judged(Generic[JudgedKind]):
    """A model in `eval` mode whose loss is a number, and all that it is judged by.

    loss: nats a target token of all sets together.
    batches: those in which a corpus is predicted once, on the model's device. translate: greedily. Both end where
    somebody asks the validation to stop. writer: the model, to be asked for texts of another kind.
    """

    model: Any
    config: Any
    recipe: "clearhead.recipe.ResolvedRecipe"
    tokenizers: Tokenizers
    loss: float
    sets: Sequence[JudgedKind]
    batches: Callable[[Corpus], Iterator[Any]]
    translate: Translate
    writer: Writer
