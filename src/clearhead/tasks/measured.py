"""What is known of a run before its first step: the sizes that suit its text, and what its corpus measured."""

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import clearhead.recipe


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How many pieces a vocabulary has at most, the model's sizes, and the classes' names where it has any."""

    pieces: int
    model: "clearhead.recipe.ResolvedModel"
    labels: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Measured:
    """What is known once the corpus is in ids.

    vocabularies: how many ids the source's and the target's tokenizer have, which may be one.
    longest, longest_to_judge: the most ids of an example to learn from, and of one to validate with.
    """

    sizes: Sizes
    vocabularies: tuple[int, int]
    longest: int
    longest_to_judge: int
