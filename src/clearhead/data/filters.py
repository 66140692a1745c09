"""Which pairs are worth training on, and what was removed, reason by reason."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from clearhead.errors import RecipeError
from clearhead.text import is_blank

Reason = Literal["empty", "duplicate", "too_long", "ratio"]


@dataclass(frozen=True)
class Filters:
    """What to leave out of training. A pair with a side that is blank (`text.is_blank`) is always left out.

    Attributes:
        max_tokens: the most tokens of either side, control symbols not counted; None for no limit.
        max_ratio: how many times as long as the other a side may be, in tokens; None for no limit.
        deduplicate: keep only the first of equal pairs.
    """

    max_tokens: int | None = None
    max_ratio: float | None = None
    deduplicate: bool = False

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


class TextFilter:
    """The part of the filters that looks at the text; it remembers the pairs that it has seen.

    It keeps 16 bytes of a hash for each distinct pair (about 100 bytes of memory), not the text.
    """

    def __init__(self, filters: Filters) -> None:
        self._deduplicate = filters.deduplicate
        self._seen: set[bytes] = set()

    def reason(self, source: str, target: str, direction: str = "") -> Reason | None:
        """Why a pair is left out before it is tokenized; pairs of different directions are never equal."""
        if is_blank(source) or is_blank(target):
            return "empty"
        return "duplicate" if self._deduplicate and self._is_repeated(source, target, direction) else None

    def _is_repeated(self, source: str, target: str, direction: str) -> bool:
        # No line holds "\n", so the parts cannot run into each other.
        key = blake2b(f"{direction}\n{source}\n{target}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        repeated = key in self._seen
        self._seen.add(key)
        return repeated


@dataclass(frozen=True)
class FilterReport:
    """How many pairs the filters kept, and how many they removed for each reason (the first that held)."""

    kept: int
    empty: int = 0
    duplicate: int = 0
    too_long: int = 0
    ratio: int = 0
    filters: Filters = field(default_factory=Filters)

    @classmethod
    def from_counts(cls, kept: int, removed: Counter[Reason], filters: Filters) -> "FilterReport":
        """A report of what was counted."""
        return cls(kept, removed["empty"], removed["duplicate"], removed["too_long"], removed["ratio"], filters)

    @property
    def read(self) -> int:
        """How many pairs there were."""
        return self.kept + self.empty + self.duplicate + self.too_long + self.ratio

    def __str__(self) -> str:
        removed = [
            (self.empty, "with an empty side"),
            (self.duplicate, "seen before"),
            (self.too_long, f"longer than {self.filters.max_tokens} tokens"),
            (self.ratio, f"with one side over {self.filters.max_ratio} times as long as the other"),
        ]
        reasons = ", ".join(f"{count:,} {reason}" for count, reason in removed if count) or "none"
        return f"{self.read:,} pairs read, {self.kept:,} kept; removed: {reasons}"
