"""From files of text to batches of ids: corpora, filters, token files, plans, batches."""

from typing import TYPE_CHECKING

from clearhead.data.corpus import check_file, read_lines, read_pairs
from clearhead.data.doubts import doubts
from clearhead.data.filters import FilterReport, Filters
from clearhead.data.lexicon import Lexicon, learn_lexicon
from clearhead.data.merge_dropout import EpochCorpus, MergeDropout
from clearhead.data.plan import plan
from clearhead.data.prepare import ParallelFiles, PreparedCorpus, prepare
from clearhead.data.token_file import ParallelCorpus, TokenFile
from clearhead.lazy import lazy

if TYPE_CHECKING:
    from clearhead.data.batches import Batch, collate
    from clearhead.data.packing import PackedRows, collate_packed, pack

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
    "doubts",
    "learn_lexicon",
    "pack",
    "plan",
    "prepare",
    "read_lines",
    "read_pairs",
]

# What makes tensors, for which torch is imported.
__getattr__, __dir__ = lazy(
    __name__, {"batches": ("Batch", "collate"), "packing": ("PackedRows", "collate_packed", "pack")}
)
