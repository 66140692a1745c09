"""From text files to token files, once: the ids are kept in the cache under a name made from what they depend on."""

import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearhead.data.caching import from_cache, key_of
from clearhead.data.filters import FilterReport, Filters, Reason, TextFilter
from clearhead.data.replaying import followed_by, replay_weights
from clearhead.data.sides import Column, Side, read_sides, side_identity
from clearhead.data.token_file import TokenFile, TokenWriter
from clearhead.errors import DataError, RecipeError
from clearhead.files import cache_folder
from clearhead.text import Tokenizer

_VERSION: Final = 2
# Enough lines to keep all cores busy, few enough that their ids take some megabytes.
_CHUNK: Final = 10_000


@dataclass(frozen=True)
class ParallelFiles:
    """Two line-aligned files, or two columns of a table; their languages; how often a pair is seen in an epoch."""

    source: Side
    target: Side
    from_language: str | None = None
    to_language: str | None = None
    weight: float = 1.0

    def __str__(self) -> str:
        return str(self.source.table) if isinstance(self.source, Column) else f"{self.source} → {self.target}"

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The texts of both sides. Raises DataError where a file cannot be read, or lines or cells are missing."""
        return read_sides(self.source, self.target)


@dataclass(frozen=True)
class PreparedCorpus:
    """A corpus as ids.

    Attributes:
        source: for each example the tag of the target language (where there are tags), the ids, then end.
        target: for each example the ids, then end. Training puts begin before it.
        weights: how many times each example is seen in an epoch, on average.
        report: what the filters removed.
        key: a name made from all that the ids depend on.
        former_keys: the names that older versions gave the same, newest first.
    """

    source: TokenFile
    target: TokenFile
    weights: NDArray[np.float64]
    report: FilterReport
    key: str
    former_keys: tuple[str, ...] = ()

    def is_called(self, key: object) -> bool:
        """Whether this version or an older one gave it that name."""
        return key in (self.key, *self.former_keys)

    def with_old(self, old: "PreparedCorpus", share: float) -> "PreparedCorpus":
        """These examples and old ones, which are `share` of the tokens of an epoch. What filters removed is theirs."""
        source, target = followed_by(self.source, old.source), followed_by(self.target, old.target)
        weights = replay_weights(self.weights, old.weights, source.lengths + target.lengths, share)
        return PreparedCorpus(source, target, weights, self.report, f"{self.key}+{old.key}")

    def __len__(self) -> int:
        return len(self.target)

    @property
    def ids(self) -> NDArray[Any]:
        """What the model reads: the sources, one after the other."""
        return self.source.ids

    @property
    def longest(self) -> int:
        """How many ids the longest side of an example has, control symbols counted."""
        return int(max(self.source.lengths.max(), self.target.lengths.max()))

    @property
    def tokens(self) -> int:
        """How many ids both sides have in all, control symbols counted."""
        return self.source.tokens + self.target.tokens


def prepare(
    directions: Sequence[ParallelFiles],
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    filters: Filters,
    tags: bool,
    cache: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> PreparedCorpus:
    """The ids of all directions' pairs, one direction after the other, from the cache where it has them.

    The cache's key is the content: both files' bytes, the tokenizers, the filters, the tags and the languages. A
    damaged entry is made again. Memory is constant, but for eight bytes an example and what `deduplicate` remembers.

    Args:
        tags: put the tag of `to_language` before each source.
        cache: the folder for the ids; None for `clearhead.files.cache_folder()`.
        progress: is told now and then how many pairs are kept so far.

    Raises:
        DataError: a file cannot be read, files are unequal, every pair was removed, or the cache cannot be written.
        RecipeError: there is no direction, or one without `to_language` where `tags` needs it, or with one of which
            the source's tokenizer has no tag.
    """
    if not directions:
        raise RecipeError("there are no files to train on; name at least one source and target in data.train")
    work = _Work(directions, source_tokenizer, target_tokenizer, filters, tags)
    prefixes = [work.prefix(direction) for direction in directions]
    key, *former = work.keys()
    folder = (cache or cache_folder()) / "prepared" / key
    corpus = from_cache(
        folder, lambda found: _open(found, directions), lambda draft: _fill(draft, work, prefixes, progress)
    )
    return dataclasses.replace(corpus, former_keys=tuple(former))


@dataclass(frozen=True)
class _Work:
    """All that the ids of a corpus depend on."""

    directions: Sequence[ParallelFiles]
    source_tokenizer: Tokenizer
    target_tokenizer: Tokenizer
    filters: Filters
    tags: bool

    def prefix(self, direction: ParallelFiles) -> list[int]:
        """What stands before each source of a direction: its tag, where there are tags."""
        if not self.tags:
            return []
        if direction.to_language is None:
            raise RecipeError(f"{direction} has no target language, which tags need; add `to:`, such as to: fr")
        known = self.source_tokenizer.languages
        if direction.to_language not in known:
            raise RecipeError(
                f"{direction} has to: {direction.to_language}, but the model's languages are {', '.join(known)}, which "
                "the training files had when the run began; write one of these"
            )
        return [self.source_tokenizer.tag(direction.to_language)]

    def keys(self) -> list[str]:
        """A name made from the content, and what it was in each version before, newest first.

        Weights are no part: they say how often an example is seen, not what it is.
        """
        identities = [
            (side_identity(one.source), side_identity(one.target), one.from_language, one.to_language)
            for one in self.directions
        ]
        tokenizers = (self.source_tokenizer.to_json(), self.target_tokenizer.to_json())
        parts = (identities, tokenizers, dataclasses.astuple(self.filters), self.tags)
        return [key_of((version, *parts)) for version in range(_VERSION, 0, -1)]


def _open(folder: Path, directions: Sequence[ParallelFiles]) -> PreparedCorpus | None:
    """What the cache has, or None where it has nothing, or nothing whole."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        source, target = TokenFile.open(folder / "source.ids"), TokenFile.open(folder / "target.ids")
        report = FilterReport(**{**manifest["report"], "filters": Filters(**manifest["report"]["filters"])})
        weights = np.repeat([float(direction.weight) for direction in directions], manifest["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    whole = len(source) == len(target) == len(weights) == report.kept
    return PreparedCorpus(source, target, weights, report, folder.name) if whole else None


def _fill(folder: Path, work: _Work, prefixes: Sequence[list[int]], progress: Callable[[int], None] | None) -> None:
    """Write the ids of all examples, and a manifest of how many there are and why others are not."""
    removed: Counter[Reason] = Counter()
    kept = [0] * len(work.directions)
    text_filter = TextFilter(work.filters)
    before, after = work.source_tokenizer.frame
    with (
        TokenWriter.open(folder / "source.ids", work.source_tokenizer.size) as source_file,
        TokenWriter.open(folder / "target.ids", work.target_tokenizer.size) as target_file,
    ):
        for number, (direction, prefix) in enumerate(zip(work.directions, prefixes, strict=True)):
            for source, target in _encoded(direction, work, text_filter, removed):
                source_file.append([*prefix, *before, *source, *after])
                target_file.append([*work.target_tokenizer.opening, *target, work.target_tokenizer.end])
                kept[number] += 1
                if progress and sum(kept) % _CHUNK == 0:
                    progress(sum(kept))
    report = FilterReport.from_counts(sum(kept), removed, work.filters)
    if not report.kept:
        raise DataError(f"no pair is left to train on ({report}); loosen data.filters, or check the files")
    manifest = {"version": _VERSION, "kept": kept, "report": dataclasses.asdict(report)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _encoded(
    direction: ParallelFiles, work: _Work, text_filter: TextFilter, removed: Counter[Reason]
) -> Iterator[tuple[list[int], list[int]]]:
    """The ids of the pairs that the filters keep; the others are counted in `removed`."""
    for pairs in _chunks(direction, text_filter, removed):
        sources = work.source_tokenizer.encode_many([source for source, _ in pairs])
        targets = work.target_tokenizer.encode_many([target for _, target in pairs])
        for source, target in zip(sources, targets, strict=True):
            if reason := work.filters.length_reason(source, target):
                removed[reason] += 1
            else:
                yield source, target


def _chunks(
    direction: ParallelFiles, text_filter: TextFilter, removed: Counter[Reason]
) -> Iterator[list[tuple[str, str]]]:
    """The pairs that the text alone does not rule out, many at a time; the others are counted in `removed`."""
    languages = f"{direction.from_language}→{direction.to_language}"
    pairs = direction.pairs()
    while chunk := list(itertools.islice(pairs, _CHUNK)):
        reasons = [text_filter.reason(*pair, languages) for pair in chunk]
        removed.update(reason for reason in reasons if reason)
        yield [pair for pair, reason in zip(chunk, reasons, strict=True) if not reason]
