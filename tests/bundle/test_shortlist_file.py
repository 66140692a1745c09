"""A shortlist's file: written, read, and refused where it is another one."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from clearhead.bundle import Bundle, learn_shortlist, load, load_shortlist, save_shortlist
from clearhead.errors import BundleError
from clearhead.text import BytePairTokenizer


class TestFile:
    def test_what_is_written_is_read(self, two_languages: Bundle, pairs: tuple[Path, Path], tmp_path: Path) -> None:
        learned = learn_shortlist(two_languages, *pairs, "fr")
        tokenizer = two_languages.source_tokenizer
        save_shortlist(learned, tmp_path / "list", tokenizer, tokenizer)
        read = load_shortlist(tmp_path / "list", tokenizer, tokenizer)
        for name in ("offsets", "targets", "always"):
            assert np.array_equal(getattr(read, name), getattr(learned, name))
        assert (read.language, read.target_vocabulary) == ("fr", tokenizer.size)

    def test_it_is_loaded_with_the_model(self, wordy: Bundle, listed: Path, tmp_path: Path) -> None:
        wordy.save(tmp_path / "model")
        loaded = load(tmp_path / "model", shortlist=listed)
        assert loaded.shortlist is not None
        assert loaded.shortlist.language is None
        assert loaded.translate("one two") == loaded.translate(["one two"])[0]

    def refused(self, listed: Path, message: str, tokenizer: BytePairTokenizer) -> None:
        with pytest.raises(BundleError, match=message) as caught:
            load_shortlist(listed, tokenizer, tokenizer)
        assert "\n" not in str(caught.value)

    def test_another_models(self, listed: Path, two_languages: Bundle) -> None:
        self.refused(listed, "was made for another model's pieces; make one", two_languages.source_tokenizer)

    @pytest.mark.parametrize("content", [b"", b"\xff" * 64, (2**60).to_bytes(8, "little") + b"{}", None])
    def test_what_is_no_such_file(self, wordy: Bundle, listed: Path, content: bytes | None) -> None:
        listed.unlink() if content is None else listed.write_bytes(content)
        self.refused(listed, "shortlist .* cannot be read .*make it again", wordy.source_tokenizer)

    def test_a_folder(self, wordy: Bundle, tmp_path: Path) -> None:
        self.refused(tmp_path, "cannot be read", wordy.source_tokenizer)

    def test_other_tensors(self, wordy: Bundle, listed: Path) -> None:
        save_file({"weight": np.zeros(3)}, listed)
        self.refused(
            listed,
            "is not a shortlist; expected a file that `clearhead shortlist` wrote",
            wordy.source_tokenizer,
        )

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"targets": np.zeros((1, 1), np.int32)}, "not rows of whole numbers"),
            ({"targets": np.zeros(1)}, "not rows of whole numbers"),
            ({"always": np.array([-1], np.int32)}, "target ids from -1"),
            ({"always": np.array([400_000], np.int32)}, "target ids from 400000"),
            ({"offsets": np.zeros(283, np.int64)}, "offsets do not rise"),
            ({"offsets": np.zeros(5, np.int64), "targets": np.zeros(0, np.int32)}, "it has 4 source pieces, not"),
            ({"always": None}, "it has no always"),
            # faults.md A16: other types, signs, orders and sizes.
            ({"targets": np.zeros(1, np.uint64)}, "its targets are U64 .1,., not rows of whole numbers"),
            ({"targets": np.zeros(1, np.float16)}, "its targets are F16"),
            ({"targets": np.zeros(1, bool)}, "its targets are BOOL"),
            ({"targets": np.full(9, -1, np.int32)}, "offsets do not rise|target ids from -1"),
            ({"offsets": np.array([0] + [2**63 - 1, -(2**63)] * 141)}, "offsets do not rise"),
            ({"offsets": np.arange(283)[::-1].copy(), "targets": np.zeros(282, np.int32)}, "offsets do not rise"),
            ({"offsets": np.zeros(0, np.int64)}, "it has -1 source pieces, not"),
        ],
    )
    def test_a_damaged_one(self, wordy: Bundle, listed: Path, changes: dict[str, Any], message: str) -> None:
        with safe_open(listed, framework="numpy") as file:
            metadata = file.metadata()
            arrays = {name: file.get_tensor(name) for name in file.keys()} | changes  # noqa: SIM118
        save_file({name: array for name, array in arrays.items() if array is not None}, listed, metadata)
        self.refused(listed, message, wordy.source_tokenizer)

    @pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32, torch.int16])
    def test_numbers_that_numpy_does_not_know(self, wordy: Bundle, listed: Path, kind: torch.dtype) -> None:
        """faults.md A16: a tensor in bfloat16 gave a traceback."""
        with safe_open(listed, framework="pt") as file:
            metadata, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        save_tensors(arrays | {"always": arrays["always"].to(kind)}, listed, metadata)
        self.refused(listed, "its always are .*, not rows of whole numbers", wordy.source_tokenizer)

    def test_a_language_that_is_none(self, wordy: Bundle, listed: Path) -> None:
        """faults.md A16: an error names it."""
        with safe_open(listed, framework="numpy") as file:
            metadata = file.metadata() | {"language": "a\nb"}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        save_file(arrays, listed, metadata)
        self.refused(listed, "its language is no name", wordy.source_tokenizer)

    def test_any_byte_changed(self, wordy: Bundle, listed: Path) -> None:
        """faults.md A16: refused in one line, or a shortlist of this model; most changes are made in the header."""
        random, content, refused = Random("shortlist"), listed.read_bytes(), 0
        header = 8 + int.from_bytes(content[:8], "little")
        for place in [*random.sample(range(header), 120), *random.sample(range(header, len(content)), 40)]:
            changed = bytes([content[place] ^ (1 << random.randrange(8))])
            listed.write_bytes(content[:place] + changed + content[place + 1 :])
            problem = ""
            try:
                read = load_shortlist(listed, wordy.source_tokenizer, wordy.target_tokenizer)
            except BundleError as error:
                problem = str(error)
            if problem:
                refused += 1
                assert "\n" not in problem
            else:
                read.lists([[5, 6]], [[]])
        assert refused >= 100
