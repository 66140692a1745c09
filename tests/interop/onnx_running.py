"""What a folder of ONNX computes, by onnxruntime, as programs that read such folders run it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[Any]


class Running:
    """The sessions of a folder. With `fed` a causal graph or a decoder is given what it gave back."""

    def __init__(self, folder: Path) -> None:
        library = pytest.importorskip("onnxruntime")
        options = library.SessionOptions()
        options.intra_op_num_threads = 1
        self.sessions = {
            path.stem: library.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            for path in (folder / "onnx").glob("*.onnx")
        }
        self.fed: dict[str, Array] = {}

    @property
    def is_pair(self) -> bool:
        return "encoder_model" in self.sessions

    def run(self, name: str, feeds: Mapping[str, Array]) -> dict[str, Array]:
        session = self.sessions[name]
        wanted = {one.name: feeds[one.name] for one in session.get_inputs()}
        return dict(zip((one.name for one in session.get_outputs()), session.run(None, wanted), strict=True))

    def read(self, ids: Array, mask: Array) -> Array:
        """A text that is read whole: a memory, or an encoder's only output."""
        name = "encoder_model" if self.is_pair else "model"
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [found] = self.run(name, feeds).values()
        return found

    def advance(self, ids: Array, **more: Array) -> Array:
        """The logits of some tokens after all those before. The first call has an empty cache."""
        name = "decoder_model_merged" if self.is_pair else "model"
        is_later = np.array([bool(self.fed)])
        pasts = self.fed or self._empty(name, len(ids))
        found = self.run(name, {"input_ids": ids, "use_cache_branch": is_later, **more, **pasts})
        logits = found.pop("logits")
        given = {one.replace("present", "past_key_values"): value for one, value in found.items()}
        # What is made of the memory is given back by the first step alone.
        self.fed = {**given, **{name: value for name, value in self.fed.items() if ".encoder." in name}}
        return logits

    def _empty(self, name: str, rows: int) -> dict[str, Array]:
        shapes = {one.name: one.shape for one in self.sessions[name].get_inputs() if one.name.startswith("past")}
        return {name: np.zeros((rows, shape[1], 0, shape[3]), np.float32) for name, shape in shapes.items()}


def padded(rows: Sequence[Sequence[int]], is_left: bool = False) -> tuple[Array, Array]:
    """Ids filled up by 3, which is a token like others, and the mask that says which are real."""
    longest = max(map(len, rows))
    ids, mask = np.full((len(rows), longest), 3), np.zeros((len(rows), longest), np.int64)
    for number, row in enumerate(rows):
        part = slice(longest - len(row), None) if is_left else slice(len(row))
        ids[number, part], mask[number, part] = row, 1
    return ids, mask


def settings(folder: Path, name: str = "config") -> dict[str, Any]:
    return dict(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))


def greedy(running: Running, folder: Path, sources: Sequence[Sequence[int]], longest: int) -> list[list[int]]:
    """The most probable tokens of an encoder-decoder, but for what its generation_config.json bans."""
    values = settings(folder, "generation_config")
    banned = [one for [one] in values["bad_words_ids"]]
    ids, mask = padded(sources)
    memory = running.read(ids, mask)
    running.fed = {}
    written = np.full((len(ids), 1), values["decoder_start_token_id"])
    is_done = np.zeros(len(ids), bool)
    while not is_done.all() and written.shape[1] <= longest:
        logits = running.advance(written[:, -1:], encoder_hidden_states=memory, encoder_attention_mask=mask)[:, -1]
        logits[:, banned] = -np.inf
        tokens = np.where(is_done, values["pad_token_id"], logits.argmax(-1))
        is_done |= tokens == values["eos_token_id"]
        written = np.concatenate((written, tokens[:, None]), axis=1)
    return [row.tolist() for row in written[:, 1:]]
