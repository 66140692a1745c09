"""The files that a model's tokenizers are stored in, in a bundle and in a checkpoint."""

from collections.abc import Collection
from pathlib import Path

from clearhead.text import Tokenizer


def tokenizer_files(source: Tokenizer, target: Tokenizer) -> dict[str, Tokenizer]:
    """Under which names a model's tokenizers are stored: one file where both sides share one."""
    return {"tokenizer.json": source} if source is target else {"source.json": source, "target.json": target}


def load_tokenizers(folder: Path, names: Collection[str]) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer, of the files that the folder's own list names (`tokenizer_files`)."""
    if "tokenizer.json" in names:
        tokenizer = Tokenizer.load(folder / "tokenizer.json")
        return tokenizer, tokenizer
    return Tokenizer.load(folder / "source.json"), Tokenizer.load(folder / "target.json")
