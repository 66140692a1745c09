"""The matmuls of decoding in C, in each precision: GFLOP/s of one thread by the number of rows.

    python benchmarks/matmul.py --save matmul

One layer of the paper's base model, inputs × outputs. All precisions of a size take turns; the table has the best of
the rounds, in processor time.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import results_file

from clearhead.native import library as native

PRECISIONS = {"fp32": native.FP32, "bf16": native.BF16, "int8": native.INT8}
SIZES = [(512, 512), (512, 2048)]
ROWS = (1, 8, 16, 32, 128)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    results_file.add_option(parser)
    chosen = parser.parse_args()
    library = native.library()
    if library is None:
        raise SystemExit("the compiled functions cannot be had here; install a C compiler")
    rows: list[dict[str, results_file.Cell]] = []
    for inputs, outputs in SIZES:
        for count in ROWS:
            speeds = measured(library, count, inputs, outputs, chosen.rounds)
            rows.append({"inputs × outputs": f"{inputs:,} × {outputs:,}", "rows": count, **speeds})
    method = f"GFLOP/s (for int8 GOP/s) of one thread, the best of {chosen.rounds} rounds in turn"
    results_file.report(chosen.save, rows, method, dict.fromkeys(PRECISIONS, ","))


def measured(library: native.Library, rows: int, inputs: int, outputs: int, rounds: int) -> dict[str, int]:
    """Of each precision."""
    random = np.random.default_rng(1)
    shapes = ((rows, inputs), (outputs, inputs), (outputs,))
    given, weight, bias = (random.standard_normal(shape).astype(np.float32) for shape in shapes)
    found = np.empty((rows, outputs), np.float32)
    calls: dict[str, Callable[[], None]] = {}
    for name, precision in PRECISIONS.items():
        matrix = native.Matrix()
        library.prepack(matrix, precision, outputs, inputs, weight.ctypes.data, bias.ctypes.data)
        work = np.empty(library.workspace_bytes(matrix, rows), np.uint8)

        def call(matrix: native.Matrix = matrix, work: "np.ndarray[tuple[int], np.dtype[np.uint8]]" = work) -> None:
            library.matmul(matrix, given.ctypes.data, rows, found.ctypes.data, work.ctypes.data, 1)

        calls[name] = call
    operations, best = 2 * rows * inputs * outputs, dict.fromkeys(PRECISIONS, float("inf"))
    repeats = max(1, int(4e7 / operations))
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.thread_time()
            for _ in range(repeats):
                call()
            best[name] = min(best[name], (time.thread_time() - began) / repeats)
    return {name: round(operations / seconds / 1e9) for name, seconds in best.items()}


if __name__ == "__main__":
    main()
