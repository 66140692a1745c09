"""onnxruntime on what `clearhead export --to onnx` wrote: `embed_with_onnxruntime.py FOLDER TEXTS fp32|int8`.

int8 is its own dynamic quantization. Texts are sorted by length, 32 a batch, as sentence-transformers does.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from embedding_task import EmbeddingTask, measure
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

BATCH = 32


def main() -> None:
    task = EmbeddingTask()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(graph(task), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(task.folder / "original" / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)

    def embed(texts: list[str]) -> Any:
        ids = [one.ids for one in tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        found: list[Any] = [None] * len(ids)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for number, vector in zip(batch, vectors(session, [ids[one] for one in batch]), strict=True):
                found[number] = vector
        return np.stack(found)

    measure(task, embed)


def graph(task: EmbeddingTask) -> Path:
    """The exported graph, or what onnxruntime makes of it, once."""
    exported = task.folder / "onnx" / "onnx" / "model.onnx"
    if task.precision == "fp32":
        return exported
    made = task.folder / "onnx-int8.onnx"
    if not made.exists():
        quantize_dynamic(exported, made, weight_type=QuantType.QInt8)
    return made


def vectors(session: Any, ids: list[list[int]]) -> Any:
    """The means over the texts' own tokens, of length 1."""
    longest = max(map(len, ids))
    rows = np.array([[*one, *[0] * (longest - len(one))] for one in ids], np.int64)
    mask = np.array([[1] * len(one) + [0] * (longest - len(one)) for one in ids], np.int64)
    feeds = {"input_ids": rows, "attention_mask": mask, "token_type_ids": np.zeros_like(rows)}
    [states] = session.run(None, {one.name: feeds[one.name] for one in session.get_inputs()})
    means = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return means / np.linalg.norm(means, axis=-1, keepdims=True)


if __name__ == "__main__":
    main()
