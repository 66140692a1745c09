"""Which texts were seen before, by hashes of 8 bytes.

Of 370,000 corpora of 10 million texts one has two texts of one hash: n² / 2 / 2⁶⁴.
"""

from hashlib import blake2b
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

_MOST_RECENT: Final = 1 << 18


def hash_of(text: str) -> int:
    """64 bits, the same everywhere and always."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@final
class Seen:
    """A set of hashes that grows by 8 bytes each: sorted ones, and the most recent, which are not yet among them."""

    def __init__(self) -> None:
        self._sorted: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def add(self, key: int) -> bool:
        """Whether it was there before; it is from now on."""
        if key in self._recent or self._is_sorted(key):
            return True
        self._recent.add(key)
        if len(self._recent) >= _MOST_RECENT:
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            # Two sorted runs are merged in time that grows by their length alone.
            self._sorted = np.sort(np.concatenate([self._sorted, np.sort(recent)]), kind="stable")
            self._recent.clear()
        return False

    def _is_sorted(self, key: int) -> bool:
        place = int(self._sorted.searchsorted(np.uint64(key)))
        return place < len(self._sorted) and int(self._sorted[place]) == key
