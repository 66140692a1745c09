"""Whether C computes what a model's own PyTorch code does: it was written after that code, which anyone may edit.

One pair of 40 source and 20 target tokens is compared, or a prompt of 40 and the next 20, or a text of 60 that is read
whole, or as many as it takes.
What that cannot see is an edit that changes nothing there: one that acts on longer sentences alone, on certain ids, on
padding, on several sentences at once, in training, or by less than rounding may.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from clearhead.model import (
    DecoderOnly,
    DecoderOnlyConfig,
    EncoderDecoder,
    EncoderOnly,
    FamilyConfig,
    Observed,
    TransformerConfig,
    masks_for,
)
from clearhead.model.masks import full_mask, padding_mask
from clearhead.model.observed import unseen
from clearhead.runtimes.compiled import CompiledRuntime
from clearhead.runtimes.eager import EagerRuntime

Model = EncoderDecoder | DecoderOnly | EncoderOnly
# What a model computes of its tokens, and what C does.
Look = Callable[[Any], Float[Tensor, "places numbers"]]
_SOURCE, _TARGET = 40, 20
_UNIT = 2.0**-24  # float32's rounding
# By chance one program may be so much nearer to the truth than the other. Of a model whose float32 is good, this times
# its error is less than the bound below.
_AS_ROUGH = 64


def disagreement(model: Model, compiled: CompiledRuntime) -> float | None:
    """By what share of the greatest logit `compiled`, in fp32, differs from `model` on these tokens; None if it may.

    It may by rounding: a sum of n products is off by n·2⁻²⁴ of its magnitude in either program, and a logit is the last
    of a row of such sums. Where weights are so large that PyTorch's float32 is off by more than that from its float64,
    C may be off by an amount of that order. A model whose logits are no finite numbers is compared with nothing.
    """
    with EagerRuntime(model).session():
        shares = (_share(model, own, theirs(compiled)) for own, theirs in _compared(model))
        return next((share for share in shares if share is not None), None)


def inconsistency(model: Model) -> str | None:
    """Where a model's own code contradicts itself, in one line that says what to change; None where it does not.

    There are three ways through it: all positions at once, as it trains; token by token with a cache, as it writes; and
    watched, as a trace shows it, with the equation written out.
    """
    with EagerRuntime(model).session():
        if not isinstance(model, EncoderOnly) and (share := _share(model, _at_once, _own_steps(model))) is not None:
            return (
                f"token by token, as it translates, PyTorch computes logits that differ by {share:.2g} of the greatest "
                "from those of all positions at once, as it trains; a mask or a position must count those in the cache"
            )
        watched = _watched(model)
        for own, _ in _compared(model):
            if (share := _share(model, own, own(watched))) is not None:
                return (
                    f"a trace shows logits that differ by {share:.2g} of the greatest from those that train and "
                    "translate; change explicit_attention and fused_attention in model/kernels.py alike"
                )
    return None


def _compared(model: Model) -> Iterator[tuple[Look, Look]]:
    """What there is to compare: token by token, and of a model that reads whole texts its vectors and its heads."""
    if not isinstance(model, EncoderOnly):
        yield _at_once, _compiled_steps
    if not isinstance(model, EncoderDecoder):
        yield _vectors, _compiled_vectors
    if isinstance(model, EncoderOnly) and model.output is not None:
        yield _tokens_told, _compiled_tokens_told
    if isinstance(model, EncoderOnly) and model.classifier is not None:
        yield _classes_told, _compiled_classes_told


def _share(model: Model, look: Look, found: Float[Tensor, "places numbers"]) -> float | None:
    """By what share of the greatest number these differ from the model's, by more than rounding may."""
    expected = look(model)
    greatest = float(expected.abs().max())
    error = float((found - expected).abs().max())
    if error <= _bound(model.config) * greatest or not expected.isfinite().all():
        return None
    exact = look(copy.deepcopy(model).double())
    if float((found - exact).abs().max()) <= _AS_ROUGH * float((expected - exact).abs().max()):
        return None
    return error / greatest if greatest else error


def _own_steps(model: EncoderDecoder | DecoderOnly) -> Float[Tensor, "target vocabulary"]:
    cache, target = _begun(model)
    steps = [model.step(torch.tensor([[token]], device="cpu"), cache)[0, 0] for token in target]
    return torch.stack(steps).double()


def _begun(model: EncoderDecoder | DecoderOnly) -> tuple[Any, list[int]]:
    """A cache that has read the source, and the tokens that follow."""
    ids, target = _tokens(model.config)
    source = torch.tensor([ids], dtype=torch.long, device="cpu")
    if isinstance(model, DecoderOnly):
        return model.begin(source, torch.tensor([len(ids)], device="cpu")), target
    mask = padding_mask(source, padding=-1)
    return model.begin(model.encode(source, mask), mask), target


def _watched(model: Model) -> Model:
    twin = copy.deepcopy(model)
    for module in twin.modules():
        if isinstance(module, Observed):
            module.observer = unseen
    return twin


def _compiled_steps(compiled: CompiledRuntime) -> Float[Tensor, "target vocabulary"]:
    source, target = _tokens(compiled.config)
    state, found = compiled.begin([source], len(target)), []
    for token in target:
        state.advance(np.array([[token]], np.int64), None)
        found.append(state.logits()[0, 0].copy())
    return torch.tensor(np.array(found), dtype=torch.float64, device="cpu")


def _at_once(model: EncoderDecoder | DecoderOnly) -> Float[Tensor, "target vocabulary"]:
    ids, then = _tokens(model.config)
    if isinstance(model, DecoderOnly):
        text: Tensor = model(torch.tensor([[*ids, *then]], device="cpu"))
        return text[0, len(ids) :].double()
    source, target = (torch.tensor([one], device="cpu") for one in (ids, then))
    # Where there is no other id than that of padding, it is a token as well.
    logits: Tensor = model(source, target, masks_for(source, target, padding=-1))
    return logits[0].double()


def _vectors(model: DecoderOnly | EncoderOnly) -> Float[Tensor, "length width"]:
    ids = torch.tensor([_text(model.config)], device="cpu")
    return model.hidden_states(ids, full_mask(ids))[0].double()


def _compiled_vectors(compiled: CompiledRuntime) -> Float[Tensor, "length width"]:
    return _double(compiled.read([_text(compiled.config)])[0])


def _tokens_told(model: EncoderOnly) -> Float[Tensor, "length vocabulary"]:
    return model(torch.tensor([_text(model.config)], device="cpu")).logits[0].double().log_softmax(-1)


def _compiled_tokens_told(compiled: CompiledRuntime) -> Float[Tensor, "length vocabulary"]:
    return _double(compiled.token_log_probabilities(compiled.read([_text(compiled.config)])[0]))


def _classes_told(model: EncoderOnly) -> Float[Tensor, "texts classes"]:
    return model(torch.tensor([_text(model.config)], device="cpu")).classes.double().log_softmax(-1)


def _compiled_classes_told(compiled: CompiledRuntime) -> Float[Tensor, "texts classes"]:
    return _double(compiled.class_log_probabilities(compiled.read([_text(compiled.config)])))


def _double(array: Any) -> Tensor:
    return torch.tensor(array, dtype=torch.float64, device="cpu")


def _text(config: FamilyConfig) -> list[int]:
    """Ids that are read whole, as many as the model takes."""
    assert not isinstance(config, TransformerConfig)
    return _spread(min(_SOURCE + _TARGET, config.max_length), config.vocabulary)


def _tokens(config: FamilyConfig) -> tuple[list[int], list[int]]:
    """Ids within the model's length, far from each other, none of them padding where there is another."""
    if not isinstance(config, TransformerConfig):
        text = _text(config)
        target = min(_TARGET, -(-len(text) // 2))
        return text[: len(text) - target], text[len(text) - target :]
    return (
        _spread(min(_SOURCE, config.max_length), config.source_vocabulary),
        _spread(min(_TARGET, config.max_length), config.target_vocabulary),
    )


def _spread(length: int, vocabulary: int) -> list[int]:
    return [1 + 7919 * place % (vocabulary - 1) if vocabulary > 1 else 0 for place in range(length)]


def _bound(config: FamilyConfig) -> float:
    """How far two programs may differ, as a share of the greatest number: all that is summed on the way to it."""
    attention = 2 * config.width + config.block.head_width + _SOURCE
    feed_forward = config.width + config.inner_width
    if isinstance(config, TransformerConfig):
        encoder = config.encoder_layers * (attention + feed_forward)
        summed = encoder + config.decoder_layers * (2 * attention + feed_forward)
    else:
        # Two layers more where heads have some of their own.
        heads = 0 if isinstance(config, DecoderOnlyConfig) else 2 * config.width
        summed = config.layers * (attention + _TARGET + feed_forward) + heads
    return 2 * _UNIT * (summed + config.width)
