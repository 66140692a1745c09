"""Matrix products of a training step, by whoever can multiply: what decisions 0003 and 0009 rest on.

    python benchmarks/products.py --threads 1,2

GFLOP/s of torch's own float32 products (MKL), oneDNN's, and bfloat16 ones, for a forward pass and for the gradient of
a weight, whose first factor is transposed. All ways of a shape take turns; the table gives the best of the rounds.
"""

import argparse
import datetime
import os
import platform
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from bench import processor
from torch import Tensor

# rows × inputs × outputs: an inner layer and a projection of street, the last layer of a chunk, a base model's layer.
SHAPES = [(4096, 128, 512), (1024, 128, 128), (256, 128, 5000), (1024, 512, 2048)]
Way = Callable[[], Tensor]


def one_dnn(rows: Tensor, weight: Tensor) -> Tensor:
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, None, "none", [], "")
    return result


def ways(rows: int, inputs: int, outputs: int) -> dict[str, dict[str, Way]]:
    """The products of one layer: what is multiplied, and by whom."""
    left, weight, upstream = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(rows, outputs)
    left16, weight16, upstream16 = (one.bfloat16() for one in (left, weight, upstream))
    return {
        "forward": {
            "torch": lambda: F.linear(left, weight),
            "oneDNN": lambda: one_dnn(left, weight),
            "bfloat16": lambda: F.linear(left16, weight16),
        },
        "gradient of the weight": {
            "torch": lambda: upstream.t() @ left,
            "oneDNN": lambda: one_dnn(upstream.t(), left.t()),
            "bfloat16": lambda: upstream16.t() @ left16,
        },
    }


def best_seconds(products: dict[str, Way], rounds: int) -> dict[str, float]:
    """The shortest time of each, after one unmeasured call."""
    for product in products.values():
        product()
    best = dict.fromkeys(products, float("inf"))
    for _ in range(rounds):
        for name, product in products.items():
            began = time.perf_counter()
            product()
            best[name] = min(best[name], time.perf_counter() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=200)
    chosen = parser.parse_args()
    threads = [int(number) for number in chosen.threads.split(",")]
    names = ["torch", "oneDNN", "bfloat16"]
    heads = [f"{name}, {count} thread{'s' if count > 1 else ''}" for count in threads for name in names]
    print(
        f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}, ",
        end="",
    )
    print(f"{datetime.date.today()}\n\n| GFLOP/s | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for rows, inputs, outputs in SHAPES:
        for what, products in ways(rows, inputs, outputs).items():
            cells = []
            for count in threads:
                torch.set_num_threads(count)
                seconds = best_seconds(products, chosen.rounds)
                cells += [f"{2e-9 * rows * inputs * outputs / seconds[name]:,.0f}" for name in names]
            print(f"| {rows:,} × {inputs:,} × {outputs:,}, {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
