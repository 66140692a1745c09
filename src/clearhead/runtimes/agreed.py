"""Whether the C that is compiled was compared with the model's PyTorch code as both stand on this disk.

Whoever edits either is served by comparing them once more, which needs torch, at each start; until

    python -m clearhead.runtimes.agreed

has compared them on every kind of model and noted that they agree.
"""

import functools
import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from clearhead.runtimes.prepacking import unknown_to_c

if TYPE_CHECKING:
    import clearhead.model

_ROOT = Path(__file__).parents[1]
_NOTE = Path(__file__).with_name("agreed.sha256")


def sources() -> list[Path]:
    """The files that say what is computed, in an order of their own."""
    ours = [_ROOT / "runtimes" / name for name in ("compiled.py", "prepacking.py")]
    found = [*(_ROOT / "model").glob("*.py"), *(_ROOT / "native").glob("*.[ch]"), *ours]
    return sorted(found, key=lambda path: path.relative_to(_ROOT).as_posix())


def digest() -> str:
    """Of the files' names and contents."""
    hashed = hashlib.sha256()
    for path in sources():
        content = path.read_bytes().replace(b"\r\n", b"\n")
        hashed.update(f"{path.relative_to(_ROOT).as_posix()} {len(content)}\n".encode() + content)
    return hashed.hexdigest()


@functools.cache
def is_agreed() -> bool:
    """Whether these files are those that were compared."""
    try:
        return _NOTE.read_text(encoding="ascii").strip() == digest()
    except OSError:
        return False


def compare() -> None:
    """Compare C with PyTorch on models of every kind that it knows, and note it. SystemExit where they differ."""
    unknown = set()
    for config in configs():
        if (part := unknown_to_c(config.block)) is not None:
            unknown.add(part)
        elif (problem := contradiction(config)) is not None:
            raise SystemExit(f"{problem}; nothing is noted: {config}")
    _NOTE.write_text(digest() + "\n", encoding="ascii")
    for part in sorted(unknown):
        print(f"{part} is not compared: C does not know it, and PyTorch serves such a model")


def configs() -> "Iterator[clearhead.model.FamilyConfig]":
    """Small models of each family: each kind of positions with each activation and normalisation, the rest in turn."""
    from clearhead.model import DecoderOnlyConfig, EncoderOnlyConfig, TransformerConfig
    from clearhead.model.config import Activation, NormKind, NormPlacement, PositionKind, Sharing

    sizes: dict[str, Any] = {"width": 32, "heads": 4, "inner_width": 48}
    pair = functools.partial(
        TransformerConfig, source_vocabulary=50, target_vocabulary=50, encoder_layers=2, decoder_layers=2,
        max_length=48, **sizes,
    )  # fmt: skip
    alone = functools.partial(DecoderOnlyConfig, vocabulary=50, layers=2, max_length=64, **sizes)
    reader = functools.partial(EncoderOnlyConfig, vocabulary=50, layers=2, max_length=64, **sizes)
    # Of three kinds where there are four ways to share, so that each meets each.
    biased: Any = [{}, {"output_bias": True}, {}]
    families: Any = ((pair, get_args(Sharing), biased), (alone, (True, False), [{}]), (reader, (True, False), _HEADS))
    names = ("positions", "norm_placement", "norm", "activation")
    kinds = [*itertools.product(*map(get_args, (PositionKind, NormPlacement, NormKind, Activation)))]
    others = {
        "kv_heads": 2, "head_width": 10, "eps": 1e-3, "bias": False, "query_key_value_bias": True, "scale": 0.5,
        "attention_output_bias": True, "scale_embeddings": False, "rotary_base": 300.0, "rotary_scaling": "llama3",
        "rotary_factor": 4.0, "rotary_trained_length": 20, "embedding_norm": True, "query_key_norm": True,
        "relative_buckets": 8, "relative_distance": 20,
    }  # fmt: skip
    for family, sharings, heads in families:
        for number, values in enumerate(kinds):
            changes = {**(others if number // 3 % 2 else {}), **heads[number % len(heads)]}
            sharing = sharings[number % len(sharings)]
            yield family(share_embeddings=sharing, **changes, **dict(zip(names, values, strict=True)))


# Of an encoder-only model: as many kinds of them as have no divisor in common with what is taken in turn beside them.
_HEADS: tuple[dict[str, Any], ...] = (
    {"segments": 2, "classes": 3, "pooler": True},
    {"masked_head": "plain", "classes": 3, "pooling": "mean"},
    {"segments": 3, "pooler": True, "pooler_activation": "gelu", "pooling": "mean", "classes": 2},
    {},
    {"masked_head": "plain", "segments": 1, "classes": 2},
)


def contradiction(config: "clearhead.model.FamilyConfig") -> str | None:
    """How C, or the model's own code, differs from what a model of this kind computes; None where neither does."""
    import torch

    from clearhead.model.families import built
    from clearhead.runtimes.agreement import disagreement, inconsistency
    from clearhead.runtimes.preparing import compiled

    model: Any = built(config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        # Untrained, a bias is 0 and a weight of a normalisation 1: whoever left them out would compute the same.
        for parameter in model.parameters():
            drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float32, device="cpu")
            parameter.add_(drawn, alpha=0.1)
    runtime = compiled(model, "fp32")
    if runtime is None:
        return "C is not there, or does not know a part of the model"
    if (share := disagreement(model, runtime)) is not None:
        return f"C differs from PyTorch by {share:.2g} of the greatest logit"
    return inconsistency(model)


if __name__ == "__main__":
    compare()
