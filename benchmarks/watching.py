"""What watching costs, and that not watching costs nothing: time and memory of a forward pass.

    python benchmarks/watching.py [--runs N]

One sentence of 64 tokens through the paper's base model, three ways: as it is, with every `see` replaced by what could
not cost less (a function that gives its tensor back, without asking for an observer), and watched. The first two take
turns, so that whatever else the machine does meets both; their difference is what the seam costs while nobody watches.
Memory is what a pass leaves allocated, as Python and PyTorch count it: the bytes of every tensor that is alive.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable

import results_file
import torch

from clearhead.model import EncoderDecoder, Observed, paper_base
from clearhead.model.observed import unseen
from clearhead.tracing import record

TOKENS = 64


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def tensor_bytes() -> int:
    """Of all tensors alive; those that share their numbers count once."""
    gc.collect()
    storages = {
        one.untyped_storage().data_ptr(): one.untyped_storage().nbytes()
        for one in gc.get_objects()
        if issubclass(type(one), torch.Tensor)
    }
    return sum(storages.values())


def without_seam(model: EncoderDecoder) -> None:
    """Every module shows its tensors to nobody, without looking whether somebody is there."""
    for module in model.modules():
        if isinstance(module, Observed):
            module.see = unseen  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the seam costs while nobody watches.")
    parser.add_argument("--runs", type=int, default=100, help="passes of each kind")
    results_file.add_option(parser)
    chosen = parser.parse_args()
    runs = chosen.runs
    torch.set_num_threads(1)
    config = paper_base(1000, 1000)
    plain, bare = EncoderDecoder(config, seed=1).eval(), EncoderDecoder(config, seed=1).eval()
    without_seam(bare)
    source, target = tuple(range(3, 3 + TOKENS)), tuple(range(103, 103 + TOKENS))
    ids = torch.tensor([source]), torch.tensor([target])
    times: dict[str, list[float]] = {"as it is": [], "without the seam": []}
    with torch.inference_mode():
        for model in (plain, bare):
            model(*ids)
        for _ in range(runs):
            for name, model in (("as it is", plain), ("without the seam", bare)):
                times[name].append(seconds(lambda: model(*ids)))  # noqa: B023
        before = tensor_bytes()
        plain(*ids)
        left = tensor_bytes() - before
    watched = [seconds(lambda: record(plain, source, target)) for _ in range(max(3, runs // 10))]
    tensors = record(plain, source, target)
    left_watched = sum(one.nbytes for one in tensors.values())
    rows = [
        {"": name, "milliseconds": 1000 * statistics.median(taken), "bytes left": bytes_left}
        for name, taken, bytes_left in (
            *((name, taken, left) for name, taken in times.items()),
            ("watched", watched, left_watched),
        )
    ]
    pairs = [one / other - 1 for one, other in zip(times["as it is"], times["without the seam"], strict=True)]
    method = f"One pass of 64 tokens through the paper's base model, one thread; the seam's median of {runs} pairs is "
    formats = {"milliseconds": ".0f", "bytes left": ","}
    results_file.report(chosen.save, rows, f"{method}{100 * statistics.median(pairs):+.1f} %", formats)


if __name__ == "__main__":
    main()
