"""What callers hand to a model by mistake, said in one line: torch would say it from the depth, or not at all."""

import torch
from torch import Tensor

from clearhead.errors import ConfigError

_WHOLE = (torch.int64, torch.int32)


def require_ids(name: str, ids: object) -> None:
    """Raise ConfigError unless `ids` are whole numbers, "sentences length"; which ones is not looked at."""
    if not isinstance(ids, Tensor) or ids.ndim != 2 or ids.dtype not in _WHOLE:
        raise ConfigError(
            f"{name} is {_described(ids)}; give whole numbers with a row for each sentence, such as "
            "torch.tensor([[5, 6, 2]])"
        )


def require_pairs(source: object, target: object) -> None:
    """Raise ConfigError unless both are ids, and of as many sentences."""
    require_ids("source", source)
    require_ids("target", target)
    assert isinstance(source, Tensor)
    assert isinstance(target, Tensor)
    if len(source) != len(target):
        raise ConfigError(f"source has {len(source)} sentences and target {len(target)}; give a target for each source")


def require_lengths(lengths: object, prompts: Tensor) -> None:
    """Raise ConfigError unless `lengths` say of each prompt how many of its row's ids it has."""
    if not isinstance(lengths, Tensor) or lengths.dtype not in _WHOLE or lengths.shape != prompts.shape[:1]:
        raise ConfigError(f"lengths is {_described(lengths)}; give a whole number for each of {len(prompts)} prompts")
    least, greatest = (int(one) for one in lengths.aminmax()) if len(lengths) else (0, 0)
    if least < 0 or greatest > prompts.shape[1]:
        raise ConfigError(
            f"a prompt has length {least if least < 0 else greatest}, but its row has {prompts.shape[1]} ids; give "
            f"lengths from 0 to {prompts.shape[1]}"
        )


def require_kinds(kinds: object, ids: Tensor, segments: int) -> None:
    """Raise ConfigError unless `kinds` say of each id which of the model's segments it is of."""
    if not segments:
        raise ConfigError("kinds are given, but the model has segments=0; leave them out, or use a model with segments")
    require_ids("kinds", kinds)
    assert isinstance(kinds, Tensor)
    if kinds.shape != ids.shape:
        raise ConfigError(f"kinds is {_described(kinds)} but ids has shape {tuple(ids.shape)}; give a kind for each id")


def require_vocabulary(ids: Tensor, vocabulary: int) -> None:
    """Raise ConfigError where one of the ids is outside; that reads them, so it is asked once torch has refused."""
    if (wrong := _outside(ids, vocabulary)) is not None:
        raise ConfigError(
            f"id {wrong} is outside of the vocabulary, which has 0 to {vocabulary - 1}; use the tokenizer that the "
            "model was made for"
        )


def require_segments(kinds: Tensor, segments: int) -> None:
    """The same of the kinds of tokens, each of which has a segment embedding."""
    if (wrong := _outside(kinds, segments)) is not None:
        raise ConfigError(f"kind {wrong} is outside of the model's segments, 0 to {segments - 1}; give one of these")


def require_places(places: Tensor, count: int) -> None:
    """The same of places in a flattened batch."""
    if (wrong := _outside(places, count)) is not None:
        raise ConfigError(
            f"place {wrong} is outside of the batch, which has 0 to {count - 1}; place p of text t is t·length + p"
        )


def _outside(ids: Tensor, count: int) -> int | None:
    """An id that is not one of 0 to count - 1, if there is one."""
    if not ids.numel() or ids.is_meta:
        return None
    least, greatest = (int(one) for one in ids.aminmax())
    return least if least < 0 else greatest if greatest >= count else None


def require_mask(mask: object) -> None:
    """Raise ConfigError for a mask of numbers: what 1 means in them, and what 0.0, differs from library to library."""
    if mask is not None and not (isinstance(mask, Tensor) and mask.dtype == torch.bool):
        raise ConfigError(
            f"mask is {_described(mask)}; give booleans, True where a query may attend to a key, such as mask == 1"
        )


def require_fit(query: object, key: object, value: object, mask: object) -> None:
    """Raise ConfigError unless equation 1 can be computed of these."""
    given: dict[str, Tensor] = {}
    for name, one in (("query", query), ("key", key), ("value", value)):
        if not isinstance(one, Tensor) or one.ndim < 2 or not one.is_floating_point():
            raise ConfigError(
                f"{name} is {_described(one)}; give a tensor of floating-point numbers with a row for each position"
            )
        given[name] = one
    for what in ("dtype", "device"):
        if len({getattr(one, what) for one in given.values()}) > 1:
            found = ", ".join(f"{name} {getattr(one, what)}" for name, one in given.items())
            raise ConfigError(f"the {what}s differ ({found}); make them equal, as in key.to(query.{what})")
    require_mask(mask)
    _require_shapes(given["query"].shape, given["key"].shape, given["value"].shape, mask)


def _require_shapes(query: torch.Size, key: torch.Size, value: torch.Size, mask: object) -> None:
    if query[-1] != key[-1]:
        raise ConfigError(f"query has width {query[-1]} but key has width {key[-1]}; QKᵀ needs them equal (d_k)")
    if not query[-1]:
        raise ConfigError("query and key have width 0, so that √d_k is 0; give them at least one number each")
    if key[-2] != value[-2]:
        raise ConfigError(f"there are {key[-2]} keys but {value[-2]} values; each key needs its value")
    scores = (*_broadcast("query, key and value", query[:-2], key[:-2], value[:-2]), query[-2], key[-2])
    if isinstance(mask, Tensor) and _broadcast("scores and mask", scores, mask.shape) != scores:
        raise ConfigError(f"mask has shape {tuple(mask.shape)}, more than the scores, {scores}; leave dimensions out")


def _broadcast(what: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return tuple(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call]
    except RuntimeError:
        found = ", ".join(str(tuple(shape)) for shape in shapes)
        raise ConfigError(f"the shapes of {what} do not fit each other ({found}); make them equal, or 1") from None


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"
    return "None" if value is None else f"of type {type(value).__name__}"
