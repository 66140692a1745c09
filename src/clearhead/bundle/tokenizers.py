"""The files that a model's tokenizers are stored in, in a bundle and in a checkpoint."""

from collections.abc import Collection
from pathlib import Path

from clearhead.text import Tokenizer, load_tokenizer


def tokenizer_files(source: Tokenizer, target: Tokenizer) -> dict[str, Tokenizer]:
    """Under which names a model's tokenizers are stored: one file where both sides share one."""
    return {"tokenizer.json": source} if source is target else {"source.json": source, "target.json": target}


def load_tokenizers(folder: Path, names: Collection[str]) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer, of the files that the folder's own list names (`tokenizer_files`)."""
    if "tokenizer.json" in names:
        tokenizer = load_tokenizer(folder / "tokenizer.json")
        return tokenizer, tokenizer
    return load_tokenizer(folder / "source.json"), load_tokenizer(folder / "target.json")
