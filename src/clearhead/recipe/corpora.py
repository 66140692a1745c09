"""What a recipe says of its corpus: pairs of files, or texts, and which of them are kept to validate with."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from clearhead.errors import TokenizerError
from clearhead.model.config import MOST_SIZES
from clearhead.recipe.values import Count, Real, Section, Seed, Weight, Whole, as_list
from clearhead.text.vocabulary import named_symbols

# What is validated with of a replay is called so, where it has no name.
OLD = "old"


def _is_name(text: str) -> str:
    if text == OLD:
        raise ValueError(f"{OLD} is what the sets of data.replay are called; choose another name, or leave it out")
    if re.fullmatch(r"\w[\w-]*", text):
        return text
    raise ValueError(f"{text[:40]!r} is not allowed: expected letters, digits, - and _, such as news or news-2024")


# What a validation set is called, in files and in names of figures.
SetName = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_is_name)]


def _is_tag(text: str) -> str:
    try:
        named_symbols([text])
    except TokenizerError:
        raise ValueError(
            f"{text[:40]!r} is not allowed: expected letters of a to z, 20 at most, such as synthetic, but not "
            "padding, begin or end"
        ) from None
    return text


# The control symbol that stands before the sources of a corpus, such as those that a model wrote.
TagName = Annotated[str, AfterValidator(_is_tag)]


class CorpusSettings(Section):
    """Two line-aligned files. `weight` 2 shows each pair twice an epoch; 0.5 shows half of them, drawn anew.

    tag: what stands before each source as a control symbol, in training alone, as before sources that a model
    translated back (Caswell et al. 2019).
    name: of what is validated with, which set it belongs to; None for the set without a name.
    """

    source: str
    target: str
    from_language: str | None = Field(None, alias="from")
    to_language: str | None = Field(None, alias="to")
    weight: Weight = 1.0
    tag: TagName | None = None
    name: SetName | None = None


class BuiltInCorpus(Section):
    """A corpus that clearhead writes itself, into its cache, instead of `folder`.

    several: the share of training lines that hold two to four sentences, which teach that a line may be long.
    grammar: which version of its grammar wrote it; training fills this in, so that a model tells what it was made from.
    """

    corpus: Literal["street"]
    pairs: Annotated[Whole, Field(gt=0, le=10**7)]
    seed: Seed = 1
    several: Annotated[Real, Field(ge=0.0, le=0.9)] = 0.0
    grammar: str | None = None


class FilterSettings(Section):
    """Which training pairs are left out: too long, too unequal in length, seen before, copies, or in a wrong script."""

    max_tokens: Count | None = None
    max_ratio: Annotated[Real, Field(ge=1.0, le=1e6)] | None = None
    deduplicate: bool = False
    no_copies: bool = False
    scripts: bool = False


class TextSettings(Section):
    """A text file to learn a language from. `documents`: what of it is one: the file, each paragraph or each line.

    name: as that of pairs.
    """

    text: str
    documents: Literal["file", "paragraph", "line"] = "file"
    name: SetName | None = None


def _columns(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Column = Annotated[Whole, Field(ge=1, le=10_000)] | Annotated[str, Field(min_length=1, max_length=200)]


class TableSettings(Section):
    """A table to learn from: a row is an example. Its cells stand between tabs, in a .csv file between commas.

    In a .jsonl file a row is an object, and its fields have names.

    columns: which of them an example is made of, in this order: numbers from 1, or names, which the first line then
    has. Without them, those that are usual for the task.
    header: the first line names the columns, though they are chosen by their numbers.
    from, to, weight, tag: of a table of pairs, as those of two files. name: as that of pairs.
    """

    table: str
    columns: Annotated[tuple[Column, ...], BeforeValidator(_columns), Field(min_length=1, max_length=100)] | None = None
    header: bool = False
    from_language: str | None = Field(None, alias="from")
    to_language: str | None = Field(None, alias="to")
    weight: Weight = 1.0
    tag: TagName | None = None
    name: SetName | None = None

    @property
    def is_of_pairs(self) -> bool:
        """Whether it has a key that pairs alone have."""
        return (self.from_language, self.to_language, self.weight, self.tag) != (None, None, 1.0, None)


class ShareSettings(Section):
    """A part of the training data that is kept back to validate with: of texts and tables the last one.

    Of translations and summaries it is whole groups of one source, drawn by it alone, so that no copy is learned from.
    name: as that of pairs.
    """

    share: Annotated[Real, Field(gt=0.0, lt=1.0)]
    name: SetName | None = None


# What an item of a corpus list has.
KINDS_HAVE = "source and target for pairs, text for a text, table for a table, or share for a part of the training data"
# Which section an item of a corpus list is told by, and its key there.
CORPUS_KINDS: dict[str, type[Section]] = {
    "of-pairs": CorpusSettings,
    "of-text": TextSettings,
    "of-table": TableSettings,
    "of-share": ShareSettings,
}
TOLD_BY = {
    "source": "of-pairs", "target": "of-pairs", "text": "of-text", "documents": "of-text", "table": "of-table",
    "columns": "of-table", "header": "of-table", "share": "of-share",
}  # fmt: skip


def _corpus_kind(value: object) -> str:
    if isinstance(value, dict):
        return next((kind for key, kind in TOLD_BY.items() if key in value), "of-pairs")
    return next((kind for kind, section in CORPUS_KINDS.items() if isinstance(value, section)), "of-pairs")


AnyCorpus = Annotated[
    Annotated[CorpusSettings, Tag("of-pairs")]
    | Annotated[TextSettings, Tag("of-text")]
    | Annotated[TableSettings, Tag("of-table")]
    | Annotated[ShareSettings, Tag("of-share")],
    Discriminator(_corpus_kind),
]
Corpora = Annotated[tuple[AnyCorpus, ...], BeforeValidator(as_list), Field(min_length=1)]


def _label(value: object) -> object:
    """A number is the name of a class, too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Label = Annotated[str, BeforeValidator(_label), Field(min_length=1, max_length=200)]
Labels = Annotated[tuple[Label, ...], Field(max_length=MOST_SIZES["classes"])]


class ReplaySettings(Section):
    """What the model of `model.from` learned before, mixed into each epoch so that it is not forgotten.

    train: as that of `data`. validate: what the old task is judged by beside the new one, at each validation; a set
    that is called old where it has no name.
    share: how many of an epoch's tokens are of these.
    """

    train: Corpora
    validation: Corpora = Field(alias="validate")
    share: Annotated[Real, Field(gt=0.0, le=0.95)] = 0.2


class Data(Section):
    """Which files to learn from: those in `folder` (relative to the recipe's own folder), or an `embedded` corpus's.

    labels: the names of a classifier's classes, in their order; those of the training tables, sorted by name, where
    none are given. Training fills them in.
    replay: old data beside the new, of a run that begins with a trained model.
    """

    folder: str | None = None
    embedded: BuiltInCorpus | None = None
    train: Corpora
    validation: Corpora = Field(alias="validate")
    filters: FilterSettings = FilterSettings()
    labels: Labels | None = None
    replay: ReplaySettings | None = None

    @property
    def replayed(self) -> "Data | None":
        """The old data as data of its own; None where there is none."""
        if self.replay is None:
            return None
        old = {"train": self.replay.train, "validation": self.replay.validation, "replay": None}
        return self.model_copy(update={**old, "embedded": None})

    def validation_sets(self, unnamed: str = "") -> "dict[str, Data]":
        """The same data with each validation set alone, by the sets' names; the first chooses the best model.

        That is what has no name, which is called `unnamed`; where all has one, the name that comes first.
        """
        in_order = sorted(self.validation, key=lambda one: one.name is not None)
        sets: dict[str, list[Section]] = {}
        for one in in_order:
            sets.setdefault(one.name or unnamed, []).append(one)
        return {name: self.model_copy(update={"validation": tuple(each)}) for name, each in sets.items()}

    @property
    def pairs(self) -> tuple[CorpusSettings, ...]:
        """Those of `train` that are pairs."""
        return tuple(one for one in self.train if isinstance(one, CorpusSettings))

    @property
    def validation_pairs(self) -> tuple[CorpusSettings, ...]:
        """Those of `validate` that are pairs."""
        return tuple(one for one in self.validation if isinstance(one, CorpusSettings))

    @property
    def texts(self) -> tuple[TextSettings, ...]:
        """Those of `train` that are texts."""
        return tuple(one for one in self.train if isinstance(one, TextSettings))

    @property
    def tables(self) -> tuple[TableSettings, ...]:
        """Those of `train` that are tables."""
        return tuple(one for one in self.train if isinstance(one, TableSettings))

    @property
    def directions(self) -> tuple[CorpusSettings | TableSettings, ...]:
        """Those of `train` that are pairs, in two files or in a table."""
        return (*self.pairs, *self.tables)

    @model_validator(mode="after")
    def _one_place(self) -> "Data":
        if self.folder is not None and self.embedded is not None:
            raise ValueError("folder and embedded both say where the files are; remove one of them")
        return self

    @model_validator(mode="after")
    def _asked_without_tags(self) -> "Data":
        """A tag is for some of what is learned from: no text that a model is asked, or judged by, has one."""
        old = self.replayed
        for one in (*self.validation, *(() if old is None else old.validation)):
            if isinstance(one, CorpusSettings | TableSettings) and one.tag is not None:
                raise ValueError(
                    f"validate.tag={one.tag} is for data.train; remove it, as no text that a model is asked has a tag"
                )
        learned = (*self.directions, *(() if old is None else old.directions))
        if learned and all(one.tag is not None for one in learned):
            raise ValueError(
                "train has a tag on each of its entries, but no text that a model is asked has one; remove it from the "
                "pairs that people wrote"
            )
        return self
