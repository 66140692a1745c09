"""clearhead: `embed_with_clearhead.py FOLDER TEXTS fp32|bf16|int8`, without torch."""

from typing import cast

from embedding_task import EmbeddingTask, measure

import clearhead
from clearhead.cli.machine import keep_freed_memory
from clearhead.decoding.options import Precision


def main() -> None:
    task = EmbeddingTask()
    keep_freed_memory()
    bundle = clearhead.load(task.folder / "bundle", precision=cast(Precision, task.precision))
    measure(task, bundle.embed)


if __name__ == "__main__":
    main()
