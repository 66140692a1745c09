"""Does the fast step compute what the plain one does? `agreement.py`, with a small model and eight steps of each way.

Each way is held against the same batches, worked through operation by operation. The figures are the greatest
difference of a weight, as a share of the furthest that one has moved in those steps: recording changes no number, and
compiling only how some are rounded. On a CPU each way is the plain one. The last line of output is JSON.
"""

import itertools
import json

import torch

from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.training import RunInputs, TrainState
from clearhead.training.dataloader import batches_from
from clearhead.training.train_step import TrainStep
from training import corpus, recipe_for, tokenizers

PIECES, STEPS = 1_000, 8
# Each with the model's dropout (which compiled code draws otherwise) and the most that it may differ.
WAYS = [
    ("recorded, fp32, dropout", {"graph": True, "compile": False, "precision": "fp32"}, 0.1, 0.01),
    ("compiled, fp32", {"graph": False, "compile": True, "precision": "fp32"}, 0.0, 0.01),
    ("compiled and recorded, bf16", {"graph": True, "compile": True, "precision": "bf16"}, 0.0, 0.06),
]


def main() -> None:
    found = {}
    for name, changes, dropout, most in WAYS:
        plain = {**changes, "graph": False, "compile": False}
        fast = changes if torch.cuda.is_available() else plain
        start, expected = weights(plain, dropout, 0), weights(plain, dropout, STEPS)
        difference = (weights(fast, dropout, STEPS) - expected).abs().max() / (expected - start).abs().max()
        found[name] = float(difference)
        if not difference <= most:
            raise SystemExit(f"{name}: weights differ by {difference:.3f} of what they moved, more than {most}")
    print(json.dumps(found))


def weights(changes: dict[str, object], dropout: float, steps: int) -> torch.Tensor:
    """All weights after so many steps."""
    settings = {
        "batch_tokens": 1024, "schedule": {"name": "constant", "peak": 1.0, "warmup": 0},
        # So large that Adam does not make a weight's whole step of a gradient that is nothing but rounding.
        "optimizer": {"weight_decay": 0.0, "clip": 1.0, "epsilon": 1.0}, **changes,
    }  # fmt: skip
    recipe = recipe_for("street", PIECES, {key: json.dumps(value) for key, value in settings.items()})
    config = TransformerConfig(
        source_vocabulary=PIECES, target_vocabulary=PIECES, width=64, heads=4, inner_width=128, encoder_layers=2,
        decoder_layers=2, dropout=dropout,
    )  # fmt: skip
    train_step = TrainStep(EncoderDecoder(config, seed=1), recipe.training)
    inputs = RunInputs(recipe, *tokenizers(PIECES), corpus(2_000, PIECES), ())
    for number, batch in enumerate(itertools.islice(batches_from(TrainState(), inputs), steps), start=1):
        train_step.step(number, [batch])
    return train_step.flat.values.double()


if __name__ == "__main__":
    main()
