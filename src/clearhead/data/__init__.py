"""From files of text to batches of ids: corpora, filters, token files, plans, batches."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.data.batches import Batch, collate
    from clearhead.data.columns import columns_of, read_all_columns
    from clearhead.data.corpus import LOOKED_AT, check_file, read_lines, read_pairs
    from clearhead.data.documents import DocumentFile, Documents, TextFile, read_all, read_documents
    from clearhead.data.doubts import file_doubts
    from clearhead.data.filters import FilterReport, Filters
    from clearhead.data.labelled import LabelledBatch, LabelledTexts, collate_labelled, labelled_texts
    from clearhead.data.lexicon import Lexicon, learn_lexicon
    from clearhead.data.masked_batches import (
        MaskedBatch,
        TwoWayBatch,
        collate_masked,
        collate_masked_next,
        one_a_row,
    )
    from clearhead.data.masking import Masking
    from clearhead.data.merge_dropout import EpochCorpus, MergeDropout
    from clearhead.data.packing import PackedRows, collate_packed, pack
    from clearhead.data.planning import plan
    from clearhead.data.preparing import ParallelFiles, PreparedCorpus, prepare
    from clearhead.data.preparing_chat import prepare_chat, read_turns, turns_of
    from clearhead.data.preparing_text import PreparedText, TextSize, prepare_text, text_size
    from clearhead.data.sides import Column, Side, SideOfPart, check_side, read_side
    from clearhead.data.splitting import PartOfPairs
    from clearhead.data.tables import TableFile, has_names, is_table, read_table, read_tables
    from clearhead.data.text_batches import TextBatch, collate_packed_windows, collate_windows
    from clearhead.data.token_file import ParallelCorpus, TokenFile
    from clearhead.data.windows import Windows, cut, cut_to_judge

__all__ = [
    "LOOKED_AT",
    "Batch",
    "Column",
    "DocumentFile",
    "Documents",
    "EpochCorpus",
    "FilterReport",
    "Filters",
    "LabelledBatch",
    "LabelledTexts",
    "Lexicon",
    "MaskedBatch",
    "Masking",
    "MergeDropout",
    "PackedRows",
    "ParallelCorpus",
    "ParallelFiles",
    "PartOfPairs",
    "PreparedCorpus",
    "PreparedText",
    "Side",
    "SideOfPart",
    "TableFile",
    "TextBatch",
    "TextFile",
    "TextSize",
    "TokenFile",
    "TwoWayBatch",
    "Windows",
    "check_file",
    "check_side",
    "collate",
    "collate_labelled",
    "collate_masked",
    "collate_masked_next",
    "collate_packed",
    "collate_packed_windows",
    "collate_windows",
    "columns_of",
    "cut",
    "cut_to_judge",
    "file_doubts",
    "has_names",
    "is_table",
    "labelled_texts",
    "learn_lexicon",
    "one_a_row",
    "pack",
    "plan",
    "prepare",
    "prepare_chat",
    "prepare_text",
    "read_all",
    "read_all_columns",
    "read_documents",
    "read_lines",
    "read_pairs",
    "read_side",
    "read_table",
    "read_tables",
    "read_turns",
    "text_size",
    "turns_of",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "batches": (
            "Batch",
            "collate",
        ),
        "columns": (
            "columns_of",
            "read_all_columns",
        ),
        "corpus": (
            "LOOKED_AT",
            "check_file",
            "read_lines",
            "read_pairs",
        ),
        "documents": (
            "DocumentFile",
            "Documents",
            "TextFile",
            "read_all",
            "read_documents",
        ),
        "doubts": ("file_doubts",),
        "filters": (
            "FilterReport",
            "Filters",
        ),
        "labelled": (
            "LabelledBatch",
            "LabelledTexts",
            "collate_labelled",
            "labelled_texts",
        ),
        "lexicon": (
            "Lexicon",
            "learn_lexicon",
        ),
        "masked_batches": (
            "MaskedBatch",
            "TwoWayBatch",
            "collate_masked",
            "collate_masked_next",
            "one_a_row",
        ),
        "masking": ("Masking",),
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
        "preparing_chat": (
            "prepare_chat",
            "read_turns",
            "turns_of",
        ),
        "preparing_text": (
            "PreparedText",
            "TextSize",
            "prepare_text",
            "text_size",
        ),
        "sides": (
            "Column",
            "Side",
            "SideOfPart",
            "check_side",
            "read_side",
        ),
        "splitting": ("PartOfPairs",),
        "tables": (
            "TableFile",
            "has_names",
            "is_table",
            "read_table",
            "read_tables",
        ),
        "text_batches": (
            "TextBatch",
            "collate_packed_windows",
            "collate_windows",
        ),
        "token_file": (
            "ParallelCorpus",
            "TokenFile",
        ),
        "windows": (
            "Windows",
            "cut",
            "cut_to_judge",
        ),
    },
)
