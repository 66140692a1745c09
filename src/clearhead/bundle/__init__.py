"""A trained model on disk, complete in itself: sizes, weights, tokenizers and the recipe that made it."""

from typing import TYPE_CHECKING

from clearhead.lazy import lazy_names

if TYPE_CHECKING:
    from clearhead.bundle.bundle import Bundle
    from clearhead.bundle.ensembling import ensemble
    from clearhead.bundle.loading import find_bundle, load, shipped
    from clearhead.bundle.shortlist import learn_shortlist
    from clearhead.bundle.shortlist_file import load_shortlist, save_shortlist
    from clearhead.bundle.storage import load_weights, read_tensors, save_weights
    from clearhead.bundle.tokenizers import load_tokenizers, tokenizer_files

__all__ = [
    "Bundle",
    "ensemble",
    "find_bundle",
    "learn_shortlist",
    "load",
    "load_shortlist",
    "load_tokenizers",
    "load_weights",
    "read_tensors",
    "save_shortlist",
    "save_weights",
    "shipped",
    "tokenizer_files",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bundle": ("Bundle",),
        "ensembling": ("ensemble",),
        "loading": ("find_bundle", "load", "shipped"),
        "shortlist": ("learn_shortlist",),
        "shortlist_file": ("load_shortlist", "save_shortlist"),
        "storage": ("load_weights", "read_tensors", "save_weights"),
        "tokenizers": ("load_tokenizers", "tokenizer_files"),
    },
)
