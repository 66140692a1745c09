"""sentence-transformers on the weights as they came: `embed_with_sentence_transformers.py FOLDER TEXTS fp32|bf16`.

Its batches of 32 are of texts of about one length, which it sorts itself.
"""

import torch
from embedding_task import EmbeddingTask, measure
from sentence_transformers import SentenceTransformer


def main() -> None:
    task = EmbeddingTask()
    torch.set_num_threads(2)
    model = SentenceTransformer(str(task.folder / "original"), device="cpu")
    model = model.to({"fp32": torch.float32, "bf16": torch.bfloat16}[task.precision])
    measure(task, lambda texts: model.encode(texts, convert_to_tensor=True, normalize_embeddings=True).float().numpy())


if __name__ == "__main__":
    main()
