"""Which pairs are worth training on, and what was removed, reason by reason."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, final

from clearhead.data.seen import Seen, hash_of
from clearhead.errors import RecipeError
from clearhead.text import is_blank, unread_scripts

Reason = Literal["empty", "duplicate", "copy", "script", "too_long", "ratio"]
# So many of the pairs that a reason removes are shown, the first ones, and so many characters of a side.
MOST_EXAMPLES: Final = 10
_MOST_CHARACTERS: Final = 200
# Of a source and of its target; None where any will do.
Scripts = tuple[frozenset[str], frozenset[str]] | None


@dataclass(frozen=True)
class Filters:
    """What to leave out of training. A pair with a side that is blank (`text.is_blank`) is always left out.

    Attributes:
        max_tokens: the most tokens of either side, control symbols not counted; None for no limit.
        max_ratio: how many times as long as the other a side may be, in tokens; None for no limit.
        deduplicate: keep only the first of equal pairs.
        no_copies: leave out a pair whose sides are the same, but for case and spaces.
        scripts: leave out a pair with a side that is mostly in another script than its language is written in.
    """

    max_tokens: int | None = None
    max_ratio: float | None = None
    deduplicate: bool = False
    no_copies: bool = False
    scripts: bool = False

    def __post_init__(self) -> None:
        if self.max_tokens is not None and self.max_tokens < 1:
            raise RecipeError(f"filters.max_tokens={self.max_tokens} would remove every pair; expected 1 or more")
        # Written so that a NaN is refused too.
        if self.max_ratio is not None and not self.max_ratio >= 1:
            raise RecipeError(
                f"filters.max_ratio={self.max_ratio} would remove every pair; expected 1 or more, such as 3.0"
            )

    def length_reason(self, source: Sequence[int], target: Sequence[int]) -> Reason | None:
        """Why the ids of a pair, control symbols left out, are too long or too unequal; None to keep it."""
        shorter, longer = sorted((len(source), len(target)))
        if self.max_tokens is not None and longer > self.max_tokens:
            return "too_long"
        if self.max_ratio is not None and longer > self.max_ratio * shorter:
            return "ratio"
        return None


@final
class TextFilter:
    """The part of the filters that looks at the text; it remembers the pairs that it has seen, 8 bytes for each."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._seen = Seen()

    def reason(self, source: str, target: str, direction: str = "", scripts: Scripts = None) -> Reason | None:
        """Why a pair is left out before it is tokenized; pairs of different directions are never equal."""
        if is_blank(source) or is_blank(target):
            return "empty"
        # No line holds "\n", so the parts cannot run into each other.
        if self._filters.deduplicate and self._seen.add(hash_of(f"{direction}\n{source}\n{target}")):
            return "duplicate"
        if self._filters.no_copies and folded(source) == folded(target):
            return "copy"
        if scripts is not None and any(map(unread_scripts, (source, target), scripts)):
            return "script"
        return None


def folded(text: str) -> str:
    """A text for comparing: in one case and one normal form, with single spaces and none at its ends."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


@dataclass(frozen=True)
class Removed:
    """A pair that was left out. corpus: which of them it stood in, from 0; number: which of its pairs, from 1."""

    reason: Reason
    corpus: int
    number: int
    source: str
    target: str


@final
class Removals:
    """How many pairs were left out for each reason, and the first of them."""

    def __init__(self) -> None:
        self.counts: Counter[Reason] = Counter()
        self.examples: list[Removed] = []

    def add(self, reason: Reason, corpus: int, number: int, source: str, target: str) -> None:
        self.counts[reason] += 1
        if self.counts[reason] <= MOST_EXAMPLES:
            self.examples.append(Removed(reason, corpus, number, _short(source), _short(target)))


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


@dataclass(frozen=True)
class FilterReport:
    """How many pairs the filters kept, how many they removed for each reason (the first that held), and the first ten.

    files: what each corpus that `Removed.corpus` counts is called.
    """

    kept: int
    empty: int = 0
    duplicate: int = 0
    copy: int = 0
    script: int = 0
    too_long: int = 0
    ratio: int = 0
    filters: Filters = field(default_factory=Filters)
    examples: tuple[Removed, ...] = ()
    files: tuple[str, ...] = ()

    @classmethod
    def from_counts(
        cls, kept: int, removed: Counter[Reason], filters: Filters, examples: Sequence[Removed] = ()
    ) -> "FilterReport":
        """A report of what was counted."""
        return cls(
            kept,
            removed["empty"],
            removed["duplicate"],
            removed["copy"],
            removed["script"],
            removed["too_long"],
            removed["ratio"],
            filters,
            tuple(examples),
        )

    @property
    def removed(self) -> int:
        """How many pairs were left out."""
        return self.empty + self.duplicate + self.copy + self.script + self.too_long + self.ratio

    @property
    def read(self) -> int:
        """How many pairs there were."""
        return self.kept + self.removed

    @property
    def _reasons(self) -> list[tuple[Reason, int, str]]:
        return [
            ("empty", self.empty, "with an empty side"),
            ("duplicate", self.duplicate, "seen before"),
            ("copy", self.copy, "the same on both sides"),
            ("script", self.script, "in another script than their language's"),
            ("too_long", self.too_long, f"longer than {self.filters.max_tokens} tokens"),
            ("ratio", self.ratio, f"with one side over {self.filters.max_ratio} times as long as the other"),
        ]

    def __str__(self) -> str:
        reasons = ", ".join(f"{count:,} {what}" for _, count, what in self._reasons if count) or "none"
        return f"{self.read:,} pairs read, {self.kept:,} kept; removed: {reasons}"

    def document(self) -> dict[str, Any]:
        """The report as JSON has it: for each reason how many pairs, and the first ten with their places."""
        return {
            "read": self.read,
            "kept": self.kept,
            "removed": {
                reason: {"pairs": count, "what": what, "examples": self._examples(reason)}
                for reason, count, what in self._reasons
                if count
            },
        }

    def _examples(self, reason: Reason) -> list[dict[str, Any]]:
        return [
            {"files": self.files[one.corpus], "number": one.number, "source": one.source, "target": one.target}
            for one in self.examples
            if one.reason == reason
        ]
