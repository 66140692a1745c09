"""From text files to token files, once: the ids are kept in the cache under a name made from what they depend on."""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearhead.data.caching import from_cache, key_of
from clearhead.data.filters import FilterReport, Filters, Removals, Removed, Scripts, TextFilter
from clearhead.data.replaying import followed_by, replay_weights
from clearhead.data.sides import Column, Side, read_sides, side_identity, side_path, whole_side
from clearhead.data.token_file import TokenFile, TokenWriter
from clearhead.errors import DataError, RecipeError
from clearhead.files import cache_folder
from clearhead.text import Tokenizer, scripts_for

_VERSION: Final = 2
_FIRST_FILTERS: Final = 3
# Enough lines to keep all cores busy, few enough that their ids take some megabytes.
_CHUNK: Final = 10_000


@dataclass(frozen=True)
class ParallelFiles:
    """Two line-aligned files, or two columns of a table; their languages; how often a pair is seen in an epoch.

    tag: the control symbol that stands before each source; None for none.
    """

    source: Side
    target: Side
    from_language: str | None = None
    to_language: str | None = None
    weight: float = 1.0
    tag: str | None = None

    def __str__(self) -> str:
        source = whole_side(self.source)
        return str(source.table) if isinstance(source, Column) else f"{self.source} → {self.target}"

    @property
    def file_names(self) -> str:
        """What its files are called, without their folders."""
        return ", ".join(dict.fromkeys(side_path(side).name for side in (self.source, self.target)))

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The texts of both sides. Raises DataError where a file cannot be read, or lines or cells are missing."""
        return read_sides(self.source, self.target)


@dataclass(frozen=True)
class PreparedCorpus:
    """A corpus as ids.

    Attributes:
        source: for each example its corpus's tag (where it has one), that of the target language (where there are
            tags), the ids, then end.
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
            the source's tokenizer has no tag, or one with a tag of its own that the tokenizer has not.
    """
    if not directions:
        raise RecipeError("there are no files to train on; name at least one source and target in data.train")
    work = _Work(directions, source_tokenizer, target_tokenizer, filters, tags)
    prefixes = [work.prefix(direction) for direction in directions]
    for direction in directions:
        work.scripts(direction)
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
        """What stands before each source of a direction: its own tag, then its language's, where there are tags."""
        symbols = self.source_tokenizer.symbols
        if direction.tag is not None and direction.tag not in symbols:
            there = f"the tags {', '.join(symbols)}" if symbols else "no such tag"
            raise RecipeError(
                f"{direction} has tag: {direction.tag}, but the model's pieces, which were learned before, have "
                f"{there}; remove it, or train a new model"
            )
        own = [] if direction.tag is None else [self.source_tokenizer.symbol(direction.tag)]
        if not self.tags:
            return own
        if direction.to_language is None:
            raise RecipeError(f"{direction} has no target language, which tags need; add `to:`, such as to: fr")
        known = self.source_tokenizer.languages
        if direction.to_language not in known:
            raise RecipeError(
                f"{direction} has to: {direction.to_language}, but the model's languages are {', '.join(known)}, which "
                "the training files had when the run began; write one of these"
            )
        return [*own, self.source_tokenizer.tag(direction.to_language)]

    def scripts(self, direction: ParallelFiles) -> Scripts:
        """The scripts of a direction's languages, where a filter asks for them."""
        if not self.filters.scripts:
            return None
        languages = {"from": direction.from_language, "to": direction.to_language}
        for key, language in languages.items():
            if not scripts_for(language or ""):
                what = f"has no `{key}:`" if language is None else f"has {key}: {language}, whose script is not known"
                raise RecipeError(
                    f"{direction} {what}; data.filters.scripts needs ISO 639 codes, as in from: en, to: ko; name them, "
                    "or set data.filters.scripts=false"
                )
        return scripts_for(languages["from"] or ""), scripts_for(languages["to"] or "")

    def keys(self) -> list[str]:
        """A name made from the content, and what it was in each version before, newest first.

        Weights are no part: they say how often an example is seen, not what it is.
        """
        identities = [
            (side_identity(one.source), side_identity(one.target), one.from_language, one.to_language)
            + (() if one.tag is None else (one.tag,))
            for one in self.directions
        ]
        tokenizers = (self.source_tokenizer.to_json(), self.target_tokenizer.to_json())
        # A filter that is newer than these keys is part of one where it is used.
        filters = dataclasses.astuple(self.filters)
        filters = filters if any(filters[_FIRST_FILTERS:]) else filters[:_FIRST_FILTERS]
        parts = (identities, tokenizers, filters, self.tags)
        return [key_of((version, *parts)) for version in range(_VERSION, 0, -1)]


def _open(folder: Path, directions: Sequence[ParallelFiles]) -> PreparedCorpus | None:
    """What the cache has, or None where it has nothing, or nothing whole."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        source, target = TokenFile.open(folder / "source.ids"), TokenFile.open(folder / "target.ids")
        report = _read_report(manifest["report"], directions)
        weights = np.repeat([float(direction.weight) for direction in directions], manifest["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    whole = len(source) == len(target) == len(weights) == report.kept
    # Older versions kept no examples.
    whole = whole and bool(report.removed) == bool(report.examples)
    return PreparedCorpus(source, target, weights, report, folder.name) if whole else None


def _read_report(values: dict[str, Any], directions: Sequence[ParallelFiles]) -> FilterReport:
    examples = tuple(Removed(**one) for one in values["examples"]) if "examples" in values else ()
    files = tuple(one.file_names for one in directions)
    return FilterReport(**{**values, "filters": Filters(**values["filters"]), "examples": examples, "files": files})


def _fill(folder: Path, work: _Work, prefixes: Sequence[list[int]], progress: Callable[[int], None] | None) -> None:
    """Write the ids of all examples, and a manifest of how many there are and why others are not."""
    removed = Removals()
    kept = [0] * len(work.directions)
    text_filter = TextFilter(work.filters)
    before, after = work.source_tokenizer.frame
    with (
        TokenWriter.open(folder / "source.ids", work.source_tokenizer.size) as source_file,
        TokenWriter.open(folder / "target.ids", work.target_tokenizer.size) as target_file,
    ):
        for number, prefix in enumerate(prefixes):
            for source, target in _encoded(number, work, text_filter, removed):
                source_file.append([*prefix, *before, *source, *after])
                target_file.append([*work.target_tokenizer.opening, *target, work.target_tokenizer.end])
                kept[number] += 1
                if progress and sum(kept) % _CHUNK == 0:
                    progress(sum(kept))
    report = FilterReport.from_counts(sum(kept), removed.counts, work.filters, removed.examples)
    if not report.kept:
        raise DataError(f"no pair is left to train on ({report}); loosen data.filters, or check the files")
    manifest = {"version": _VERSION, "kept": kept, "report": dataclasses.asdict(report)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _encoded(
    place: int, work: _Work, text_filter: TextFilter, removed: Removals
) -> Iterator[tuple[list[int], list[int]]]:
    """The ids of the pairs of the direction at `place` that the filters keep; the others are told to `removed`."""
    for pairs in _chunks(place, work, text_filter, removed):
        sources = work.source_tokenizer.encode_many([source for _, source, _ in pairs])
        targets = work.target_tokenizer.encode_many([target for _, _, target in pairs])
        for pair, source, target in zip(pairs, sources, targets, strict=True):
            if reason := work.filters.length_reason(source, target):
                removed.add(reason, place, *pair)
            else:
                yield source, target


def _chunks(
    place: int, work: _Work, text_filter: TextFilter, removed: Removals
) -> Iterator[list[tuple[int, str, str]]]:
    """The pairs that the text alone does not rule out, with their numbers, many at a time."""
    direction = work.directions[place]
    languages, scripts = f"{direction.from_language}→{direction.to_language}", work.scripts(direction)
    pairs = enumerate(direction.pairs(), start=1)
    while chunk := list(itertools.islice(pairs, _CHUNK)):
        kept = []
        for number, (source, target) in chunk:
            if reason := text_filter.reason(source, target, languages, scripts):
                removed.add(reason, place, number, source, target)
            else:
                kept.append((number, source, target))
        yield kept
