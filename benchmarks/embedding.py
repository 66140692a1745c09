"""Embedding texts side by side with transformers: the same weights, the same ids, on the same cores.

    python benchmarks/embedding.py
    python benchmarks/embedding.py --rounds 3 --save embedding

The sizes of BERT's base model with random weights read one text of 24 tokens, and 32 texts of 8 to 55 tokens, and give
the mean vector of each. transformers pads the 32 to the longest and computes in float32, on all cores. A round runs
all, one after the other; the table gives medians over the rounds, ratios being of figures of the same round. That both
say the same is looked at and printed. It needs transformers (`pip install clearhead[dev]`).
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import results_file
import torch

from clearhead.decoding import Engine, readings_for
from clearhead.model import EncoderOnly, bert_base
from clearhead.runtimes.preparing import compiled
from clearhead.tasks.embedding import embeddings

VOCABULARY, TEXTS = 30_522, 32
PEER = "transformers, fp32"
Way = Callable[[list[list[int]]], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    results_file.add_option(parser)
    chosen = parser.parse_args()
    model = EncoderOnly(bert_base(VOCABULARY), seed=1).eval()
    ways: dict[str, Way] = {f"clearhead, {one}": ours(model, one) for one in ("int8", "bf16", "fp32")}
    ways[PEER] = theirs(model)
    draw = np.random.default_rng(1)
    lengths = [24, *draw.integers(8, 56, TEXTS - 1).tolist()]
    texts = [draw.integers(5, VOCABULARY, length).tolist() for length in lengths]
    rows = []
    for count in (1, TEXTS):
        apart = np.abs(ways["clearhead, fp32"](texts[:count]) - ways[PEER](texts[:count])).max()
        print(f"{count} texts: no number differs by more than {apart:.1e} in float32", file=sys.stderr)
        rounds = [{name: seconds(way, texts[:count]) for name, way in ways.items()} for _ in range(chosen.rounds)]
        for name in ways:
            row: dict[str, results_file.Cell] = {"texts": f"{count}", "toolkit": name}
            row[SPEED] = 1000 * statistics.median(one[name] for one in rounds)
            row[RATIO] = "" if name == PEER else statistics.median(one[PEER] / one[name] for one in rounds)
            rows.append(row)
    method = f"Medians of {chosen.rounds} rounds, and of the rounds' ratios"
    results_file.report(chosen.save, rows, method, {SPEED: ".1f", RATIO: ".2f"})


SPEED, RATIO = "ms", f"times {PEER}"


def ours(model: EncoderOnly, precision: str) -> Way:
    runtime = compiled(model, precision)
    assert runtime is not None, "a C compiler is needed"
    engine = Engine(runtime)
    return lambda ids: np.stack(list(engine.results(readings_for(runtime.sizes, ids, embeddings))))


def theirs(model: EncoderOnly) -> Way:
    """BertModel with our weights: the mean over the real tokens, divided by its length."""
    from transformers import BertConfig, BertModel

    peer, weights = BertModel(BertConfig(vocab_size=VOCABULARY), add_pooling_layer=False).eval(), model.state_dict()
    names = {
        "embeddings.word_embeddings": "embedding.matrix", "embeddings.token_type_embeddings": "embedding.segments",
        "embeddings.LayerNorm": "embedding.normalization",
    }  # fmt: skip
    parts = {
        "attention.self.query": "self_attention.query", "attention.self.key": "self_attention.key",
        "attention.self.value": "self_attention.value", "attention.output.dense": "self_attention.output",
        "attention.output.LayerNorm": "self_attention_residual.normalization",
        "intermediate.dense": "feed_forward.inner",
        "output.dense": "feed_forward.outer", "output.LayerNorm": "feed_forward_residual.normalization",
    }  # fmt: skip
    for number in range(model.config.layers):
        names |= {f"encoder.layer.{number}.{its}": f"encoder.layers.{number}.{own}" for its, own in parts.items()}
    found = {"embeddings.position_embeddings.weight": weights["embedding.positions.table"]}
    for its, own in names.items():
        found |= {
            f"{its}.{kind}": weights[f"{own}.{kind}"] for kind in ("weight", "bias") if f"{own}.{kind}" in weights
        }
    missing, unexpected = peer.load_state_dict(found, strict=False)
    assert not unexpected
    assert {name for name in missing if "_ids" not in name} == set(), missing

    def embed(ids: list[list[int]]) -> np.ndarray:
        longest = max(map(len, ids))
        rows = torch.tensor([[*one, *[0] * (longest - len(one))] for one in ids])
        mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in ids])
        with torch.inference_mode():
            states = peer(rows, attention_mask=mask).last_hidden_state
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            return torch.nn.functional.normalize(mean).numpy()

    return embed


def seconds(way: Way, texts: list[list[int]]) -> float:
    way(texts)
    begun = time.perf_counter()
    way(texts)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
