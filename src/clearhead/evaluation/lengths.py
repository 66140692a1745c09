"""How good translations of short and of long sentences are."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from clearhead.evaluation.metrics import composed, measure, metrics

# The longest of each group, in words; the last group has all longer ones.
LONGEST: Final = (5, 10, 15, 20, 30, 40)


@dataclasses.dataclass(frozen=True)
class LengthGroup:
    """Lines whose references have from `shortest` to `longest` words; None where any number is in.

    bleu, chrf: of each system, over these lines alone.
    """

    shortest: int
    longest: int | None
    lines: int
    bleu: tuple[float, ...]
    chrf: tuple[float, ...]

    @property
    def name(self) -> str:
        return f"{self.shortest}–{self.longest}" if self.longest is not None else f"{self.shortest}+"


def by_length(
    systems: Sequence[Sequence[str]], references: Sequence[str], tokenize: str = "13a"
) -> tuple[LengthGroup, ...]:
    """The groups that have lines, the shortest first. A word is what BLEU counts as one: `tokenize` says how."""
    split = metrics(tokenize)["bleu"].tokenizer
    groups: dict[int, list[int]] = {}
    for number, line in enumerate(composed(references)):
        words = len(split(line).split())
        groups.setdefault(sum(words > longest for longest in LONGEST), []).append(number)
    return tuple(_group(place, groups[place], systems, references, tokenize) for place in sorted(groups))


def _group(
    place: int, numbers: Sequence[int], systems: Sequence[Sequence[str]], references: Sequence[str], tokenize: str
) -> LengthGroup:
    right = [references[number] for number in numbers]
    found = [measure([lines[number] for number in numbers], right, tokenize) for lines in systems]
    shortest = LONGEST[place - 1] + 1 if place else 0
    longest = LONGEST[place] if place < len(LONGEST) else None
    bleu, chrf = tuple(one.bleu for one in found), tuple(one.chrf for one in found)
    return LengthGroup(shortest, longest, len(numbers), bleu, chrf)
