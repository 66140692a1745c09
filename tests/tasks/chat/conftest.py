"""A recipe of conversations, in a table made in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from clearhead.recipe import Recipe, build_recipe
from clearhead.text import LibraryTokenizer, Roles

ROWS = [
    ("안녕", "반가워요 👋🏽"),
    ("뭐 해", "쉬어요.", "나도", "좋네요!"),
    ("몇 시", "글쎄요…"),
    ("hi", "👩‍👩‍👧 hello"),
]


@pytest.fixture
def tokenizer() -> LibraryTokenizer:
    """Bytes, and the two special tokens of ChatML, whose end is padding, too."""
    tokens = ["<|im_start|>", "<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    library = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, []))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    library.add_special_tokens(tokens[:2])
    return LibraryTokenizer(library.to_str(), Roles(1, 1, 1, None, len(tokens)))


@pytest.fixture
def chat_recipe(tmp_path: Path) -> Callable[..., Recipe]:
    """A tiny recipe, judged by what it learns; `training` and other keys may be changed."""
    (tmp_path / "a.tsv").write_text("".join("\t".join(row) + "\n" for row in ROWS), encoding="utf-8")

    def make(training: dict[str, Any] | None = None, **changes: Any) -> Recipe:
        values = {
            "name": "tiny-chat",
            "task": "chat",
            "data": {"folder": str(tmp_path), "train": {"table": "a.tsv"}, "validate": {"table": "a.tsv"}},
            "text": {"size": 263},
            "model": {"width": 32, "heads": 2, "inner_width": 64, "layers": 1, "max_length": 96},
            "training": {
                "device": "cpu", "precision": "fp32", "steps": 8, "batch_tokens": 256, "validate_every": 4,
                "checkpoint_every": 100, "log_every": 2, "patience": None, "schedule": {"peak": 0.01, "warmup": 2},
                **(training or {}),
            },
        }  # fmt: skip
        return build_recipe(values | changes, "tiny")

    return make
