"""Which files a recipe's corpus is in. They are looked at, and nothing is learned from them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from clearhead import street
from clearhead.data import (
    Column,
    ParallelFiles,
    PartOfPairs,
    Side,
    SideOfPart,
    TableFile,
    check_side,
    has_names,
)
from clearhead.recipe import CorpusSettings, Data, TableSettings, share_to_validate, tables_to_validate

# Of a table where a recipe names none: the source's and the target's.
PAIR_COLUMNS = (1, 2)


@dataclasses.dataclass(frozen=True)
class CorpusFiles:
    """To learn from, and to judge by: pairs of files, or tables, one for each direction."""

    training: tuple[ParallelFiles, ...]
    validation: tuple[ParallelFiles, ...]

    @property
    def sources(self) -> list[Side]:
        """The sources of the training pairs, one a direction."""
        return [one.source for one in self.training]

    @property
    def targets(self) -> list[Side]:
        return [one.target for one in self.training]

    @property
    def texts(self) -> list[Side]:
        """All sides to learn from, each once: one may be the source of a direction and the target of another."""
        return list(dict.fromkeys([*self.sources, *self.targets]))


def find_files(section: Data) -> CorpusFiles:
    """The files, each of which is there. An embedded corpus is written into the cache when it is first asked for.

    Raises DataError in one line that names the first that is missing.
    """
    folder, share = corpus_folder(section), share_to_validate(section)
    training = [_parallel_files(folder, one) for one in section.pairs]
    training += [_columns(folder, one) for one in section.tables]
    validation = [_parallel_files(folder, one) for one in section.validation_pairs]
    validation += [_columns(folder, one) for one in tables_to_validate(section)]
    for direction in (*training, *validation):
        check_side(direction.source)
        check_side(direction.target)
    if share:
        held = [one for one in _parts(training, share, is_held=True) if one.tag is None]
        training, validation = _parts(training, share, is_held=False), [*held, *validation]
    return CorpusFiles(tuple(training), tuple(validation))


def corpus_folder(section: Data) -> Path:
    """Where the files are."""
    embedded = section.embedded
    if embedded is None:
        return Path(section.folder or ".")
    return street.cached(embedded.pairs, embedded.seed, embedded.several)


def _parallel_files(folder: Path, corpus: CorpusSettings) -> ParallelFiles:
    return ParallelFiles(folder / corpus.source, folder / corpus.target, *_said(corpus))


def _columns(folder: Path, corpus: TableSettings) -> ParallelFiles:
    table = TableFile(folder / corpus.table, corpus.columns or _usual_columns(corpus), header=corpus.header)
    return ParallelFiles(Column(table, 0), Column(table, 1), *_said(corpus))


def _said(corpus: CorpusSettings | TableSettings) -> tuple[str | None, str | None, float, str | None]:
    """What a recipe says of a corpus beside its files, in the order of `ParallelFiles`."""
    return corpus.from_language, corpus.to_language, corpus.weight, corpus.tag


def _parts(corpora: Sequence[ParallelFiles], share: float, is_held: bool) -> list[ParallelFiles]:
    """What is left of each corpus to learn from, or what is kept back of it to validate with."""
    sides = tuple((one.source, one.target) for one in corpora)
    parts = [PartOfPairs(one.source, one.target, share, is_held, sides) for one in corpora]
    return [
        dataclasses.replace(one, source=SideOfPart(part, 0), target=SideOfPart(part, 1))
        for one, part in zip(corpora, parts, strict=True)
    ]


def _usual_columns(corpus: TableSettings) -> tuple[int | str, ...]:
    """Where cells have names, those of the languages; else the first two."""
    named = corpus.from_language, corpus.to_language
    return tuple(map(str, named)) if all(named) and has_names(Path(corpus.table)) else PAIR_COLUMNS
