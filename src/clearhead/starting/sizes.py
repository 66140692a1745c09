"""What a recipe says of pieces, model and training, by how much text there is: tables, and where each row is from.

Each kind of text has a few proposals, the one that suits it first, then smaller models for machines on which that would
take too few steps. docs/starting.md tells what the rows rest on.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from clearhead.starting.found import Found
from clearhead.tasks.translation.sizes import BYTES_A_TOKEN, TIERS, tier_for

# Up to so many bytes a text is learned in characters, as Shakespeare's 1.1 MB are.
MOST_CHARACTERS: Final = 2_000_000
# Up to so many labelled rows the sizes are those of recipes/sst2.yaml (6,919 rows), then of recipes/intent-ko.yaml.
FEW_ROWS: Final = 10_000
# From this share of long examples on they are no sentences, and more tokens of each are read.
MANY_LONG: Final = 0.05
_SENTENCE, _DOCUMENT = 128, 512


@dataclasses.dataclass(frozen=True)
class Proposal:
    """The sections of a recipe but its data, with what is said of each choice, by its key.

    training: without steps, validations and warmup, which time decides. warmup: of how many steps at most.
    epochs: how often the examples are seen at most. least_steps: fewer are too few, however small the corpus is.
    enough_steps: with fewer, a smaller model is better.
    """

    text: Mapping[str, Any]
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    reasons: Mapping[str, str]
    warmup: int
    epochs: int
    least_steps: int
    enough_steps: int


def proposals(found: Found) -> tuple[Proposal, ...]:
    """What suits a corpus, and after it what takes less time a step."""
    if found.task == "translation":
        return _of_pairs(found)
    return _of_text(found) if found.task == "language-modelling" else (_of_labels(found),)


def filters_for(found: Found) -> dict[str, Any]:
    """Which pairs are left out: copies, and what is too long or too unequal, as in recipes/multi30k-en-de.yaml."""
    return {"deduplicate": True, "max_tokens": 400 if _is_long(found) else 120, "max_ratio": 3.0}


def share_for(found: Found) -> float:
    """How much is kept back to validate with: a tenth, of much text less, as some thousand examples are enough."""
    whole, enough = (found.size, 1e6) if found.task == "language-modelling" else (found.examples, 1000.0)
    return float(f"{min(0.1, enough / whole):.2g}")


def _is_long(found: Found) -> bool:
    return found.long > MANY_LONG * found.examples


def _of_pairs(found: Found) -> tuple[Proposal, ...]:
    """The pieces of the tier for so much text, and its model or a smaller one."""
    tokens = found.size // BYTES_A_TOKEN
    tier = tier_for(tokens)
    models = [dict(one.model) for one in reversed(TIERS[: TIERS.index(tier) + 1])]
    # The smallest tiers have one model.
    models = [one for place, one in enumerate(models) if one not in models[:place]]
    is_small = tier in TIERS[:2] and not _is_long(found)
    most = "more" if tier.most_tokens is None else f"up to {tier.most_tokens:,}"
    batches = "as in recipes/multi30k-en-de.yaml: larger ones take fewer steps" if is_small else "for more text"
    return tuple(
        Proposal(
            text={"size": tier.pieces},
            model=_with_dropout(model, is_little=tier is TIERS[0]),
            training={
                "batch_tokens": 2048 if is_small else 4096,
                "optimizer": {"weight_decay": 0.01, "clip": 1.0},
                "schedule": {"name": "linear", "peak": _peak(model)},
                "average": {"name": "ema", "decay": 0.998},
            },
            reasons={
                "text": f"Pieces for about {tokens:,} tokens of text ({most}: the table of docs/reference/recipe.md).",
                "model": _why_model(model, place, tier is TIERS[0]),
                "training.batch_tokens": f"Batches {batches}.",
                "training.schedule": "The highest rate is Multi30k's 0.0025 at width 128, less by the root of a width.",
            },
            warmup=500 if _width(model) < 512 else 4000,
            epochs=120,
            least_steps=100,
            enough_steps=2000,
        )
        for place, model in enumerate(models)
    )


def _with_dropout(model: Mapping[str, Any], is_little: bool) -> dict[str, Any]:
    """With that of recipes/multi30k-en-de.yaml in the place of the preset's, unless there is less text than there."""
    dropout: dict[str, Any] = (
        {} if "dropout" in model or model["preset"] != "multi30k_tiny" else {"dropout": 0.3 if is_little else 0.2}
    )
    return {**model, **dropout}


def _width(model: Mapping[str, Any]) -> int:
    return int(model.get("width", 512 if model["preset"] == "paper_base" else 128))


def _peak(model: Mapping[str, Any]) -> float:
    return float(f"{2.5e-3 * (128 / _width(model)) ** 0.5:.3g}")


def _why_model(model: Mapping[str, Any], place: int, is_little: bool) -> str:
    sizes = {
        128: "Width 128, 4 + 4 layers: what is best published for Multi30k's 29,000 pairs.",
        256: "Width 256, 4 + 4 layers: between Multi30k's model and the paper's base.",
        512: "The paper's base, for millions of pairs.",
    }[_width(model)]
    smaller = " The next larger one would take too few steps in this time." if place else ""
    dropout = " The less text, the more is dropped out." if is_little else ""
    return sizes + smaller + dropout


def _of_text(found: Found) -> tuple[Proposal, ...]:
    """recipes/shakespeare.yaml, with pieces in the place of characters where there is more text, and a narrower one."""
    is_little = found.size <= MOST_CHARACTERS
    tokens = found.size // BYTES_A_TOKEN
    pieces: dict[str, Any] = (
        {"kind": "characters"} if is_little else {"size": 5000 if tokens <= (TIERS[1].most_tokens or 0) else 8000}
    )
    why = (
        f"Characters: up to {MOST_CHARACTERS:,} bytes words come too seldom to be learned as pieces."
        if is_little
        else f"Pieces of words, as there are about {tokens:,} tokens of text."
    )
    widths = (256, 128) if found.size > 300_000 else (128,)
    return tuple(
        Proposal(
            text={**pieces, "normalize": "nfc"},
            model={
                "preset": "gpt_tiny", "layers": 4, "width": width, "inner_width": 4 * width, "max_length": 256,
                "dropout": 0.1 if width > 128 or found.size > 300_000 else 0.2, "positions": "rotary-halves",
                "query_key_norm": True, "activation": "relu2",
            },
            training={
                "batch_tokens": 4096,
                "optimizer": {
                    "name": "muon", "matrix_peak": 0.02, "betas": [0.9, 0.99], "epsilon": 1e-08, "weight_decay": 0.1,
                    "clip": 1.0,
                },
                "schedule": {"name": "linear", "peak": 3e-3},
                "average": {"name": "none"},
            },
            reasons={
                "text": why,
                "model": "The model of recipes/shakespeare.yaml (1.1 MB)"
                + (", as it is." if width > 128 else ", half as wide: there is little text, or little time."),
                "training.optimizer": "With Muon Shakespeare was learned better in the same time.",
            },
            warmup=100,
            epochs=20,
            least_steps=100,
            enough_steps=500,
        )
        for width in widths
    )  # fmt: skip


def _of_labels(found: Found) -> Proposal:
    """recipes/sst2.yaml for few rows, recipes/intent-ko.yaml for more."""
    is_few = found.examples <= FEW_ROWS
    common: dict[str, Any] = {
        "preset": "bert_tiny", "norm_placement": "pre", "positions": "rotary", "segments": 0, "pooler": False,
        "pooling": "mean", "max_length": _DOCUMENT if _is_long(found) else _SENTENCE, "attention_dropout": 0.0,
    }  # fmt: skip
    few: dict[str, Any] = {"layers": 1, "width": 64, "heads": 2, "inner_width": 128, "dropout": 0.5}
    more: dict[str, Any] = {
        "layers": 2, "width": 128, "heads": 4, "inner_width": 256, "activation": "geglu", "bias": False, "dropout": 0.4,
    }  # fmt: skip
    unequal = max(found.labels.values()) >= 5 * min(found.labels.values())
    training: dict[str, Any] = {
        "batch_tokens": 4096,
        **({"class_weights": "root"} if unequal else {}),
        "loss": {"label_smoothing": 0.1} if is_few else {"r_drop": 1.0},
        "optimizer": {"weight_decay": 0.1 if is_few else 0.05},
        "schedule": {"peak": 3e-3 if is_few else 4e-3},
        "average": {"decay": 0.95 if is_few else 0.98},
        "select_by": "f1" if unequal else "accuracy",
    }
    recipe = "recipes/sst2.yaml (6,919 rows)" if is_few else "recipes/intent-ko.yaml (27,767 rows)"
    return Proposal(
        text={"size": 8000, "merge_dropout": 0.2} if is_few else {"size": 4000, "merge_dropout": 0.15},
        model={**common, **(few if is_few else more)},
        training=training,
        reasons={
            "text": "Words stand in other pieces each time (merge_dropout), as there is little text to learn from.",
            "model": f"The model of {recipe}: small, and much is dropped out.",
            "training.class_weights": "Labels are unequal in number: texts of the rare ones come oftener.",
            "training.select_by": "Which state of the model is kept: the best on the texts that are kept back.",
        },
        warmup=50,
        epochs=8,
        least_steps=200,
        enough_steps=0,
    )
