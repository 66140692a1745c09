"""From files of text to batches of ids: corpora, filters, token files, plans, batches."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.data.batches import Batch, collate
    from clearhead.data.corpus import check_file, read_lines, read_pairs
    from clearhead.data.doubts import file_doubts
    from clearhead.data.filters import FilterReport, Filters
    from clearhead.data.lexicon import Lexicon, learn_lexicon
    from clearhead.data.merge_dropout import EpochCorpus, MergeDropout
    from clearhead.data.packing import PackedRows, collate_packed, pack
    from clearhead.data.planning import plan
    from clearhead.data.preparing import ParallelFiles, PreparedCorpus, prepare
    from clearhead.data.token_file import ParallelCorpus, TokenFile

__all__ = [
    "Batch",
    "EpochCorpus",
    "FilterReport",
    "Filters",
    "Lexicon",
    "MergeDropout",
    "PackedRows",
    "ParallelCorpus",
    "ParallelFiles",
    "PreparedCorpus",
    "TokenFile",
    "check_file",
    "collate",
    "collate_packed",
    "file_doubts",
    "learn_lexicon",
    "pack",
    "plan",
    "prepare",
    "read_lines",
    "read_pairs",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "batches": (
            "Batch",
            "collate",
        ),
        "corpus": (
            "check_file",
            "read_lines",
            "read_pairs",
        ),
        "doubts": ("file_doubts",),
        "filters": (
            "FilterReport",
            "Filters",
        ),
        "lexicon": (
            "Lexicon",
            "learn_lexicon",
        ),
        "merge_dropout": (
            "EpochCorpus",
            "MergeDropout",
        ),
        "packing": (
            "PackedRows",
            "collate_packed",
            "pack",
        ),
        "planning": ("plan",),
        "preparing": (
            "ParallelFiles",
            "PreparedCorpus",
            "prepare",
        ),
        "token_file": (
            "ParallelCorpus",
            "TokenFile",
        ),
    },
)
