"""Which files a recipe's corpus is in. They are looked at, and nothing is learned from them."""

import dataclasses
from pathlib import Path

from clearhead import street
from clearhead.data import ParallelFiles, check_file
from clearhead.recipe import CorpusSettings, Data


@dataclasses.dataclass(frozen=True)
class CorpusFiles:
    """To learn from, and to judge by: pairs of files, one for each direction."""

    training: tuple[ParallelFiles, ...]
    validation: tuple[ParallelFiles, ...]

    @property
    def sources(self) -> list[Path]:
        """The sources of the training pairs, one a direction."""
        return [one.source for one in self.training]

    @property
    def targets(self) -> list[Path]:
        return [one.target for one in self.training]

    @property
    def texts(self) -> list[Path]:
        """All files to learn from, each once: one may be the source of a direction and the target of another."""
        return list(dict.fromkeys([*self.sources, *self.targets]))


def find_files(section: Data) -> CorpusFiles:
    """The files, each of which is there. An embedded corpus is written into the cache when it is first asked for.

    Raises DataError in one line that names the first that is missing.
    """
    folder = corpus_folder(section)
    training, validation = (
        tuple(_parallel_files(folder, one) for one in of) for of in (section.pairs, section.validation_pairs)
    )
    for direction in (*training, *validation):
        check_file(direction.source)
        check_file(direction.target)
    return CorpusFiles(training, validation)


def corpus_folder(section: Data) -> Path:
    """Where the files are."""
    embedded = section.embedded
    return Path(section.folder or ".") if embedded is None else street.cached(embedded.pairs, embedded.seed)


def _parallel_files(folder: Path, corpus: CorpusSettings) -> ParallelFiles:
    return ParallelFiles(
        folder / corpus.source, folder / corpus.target, corpus.from_language, corpus.to_language, corpus.weight
    )
