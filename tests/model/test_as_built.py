"""Whoever listens to a module hears each of its calls: whole or stepwise, with gradients or not (faults.md A1)."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from clearhead.model import EncoderDecoder, TransformerConfig, padding_mask

SOURCE, TARGET = torch.tensor([[3, 4, 5]]), torch.tensor([[1, 6, 7]])


def tiny(positions: str = "sinusoidal") -> EncoderDecoder:
    config = TransformerConfig(
        source_vocabulary=12, target_vocabulary=12, width=8, heads=2, inner_width=16, encoder_layers=1,
        decoder_layers=1, max_length=16, activation="swiglu", norm_placement="pre", dropout=0.0, positions=positions,
    )  # fmt: skip
    return EncoderDecoder(config, seed=1).eval()


def whole(model: EncoderDecoder) -> None:
    model(SOURCE, TARGET)


def stepwise(model: EncoderDecoder) -> None:
    mask = padding_mask(SOURCE, 0)
    cache = model.begin(model.encode(SOURCE, mask), mask, 2)
    for token in (1, 6, 7):
        model.step(torch.tensor([[token, token]]), cache)


def listened(model: EncoderDecoder) -> tuple[dict[str, nn.Module], Counter[str]]:
    """Every module that computes something of its own, and how often each of them is called."""
    lists = (nn.ModuleList, nn.Embedding)
    modules = {name: module for name, module in model.named_modules() if not isinstance(module, lists)}
    heard: Counter[str] = Counter()
    for name, module in modules.items():
        module.register_forward_hook(lambda module, given, result, name=name: heard.update([name]))
    return modules, heard


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("run", [whole, stepwise])
def test_every_module_is_called(run: Callable[[EncoderDecoder], None], grad: bool, positions: str) -> None:
    """Of attention, `query`, `key` and `value` too, which nobody listening are one product in training."""
    model = tiny(positions)
    modules, heard = listened(model)
    with torch.set_grad_enabled(grad):
        run(model)
    expected = set(modules)
    if run is stepwise:
        # What is attended to there was read before the first step: the memory's keys and values.
        assert heard["decoder.layers.0.self_attention"] == 3
        assert heard[""] == 3
    assert set(heard) == expected


@pytest.mark.parametrize("run", [whole, stepwise])
@pytest.mark.parametrize("name", ["self_attention", "cross_attention", "self_attention.query", "feed_forward"])
def test_what_a_hook_returns_goes_on(run: Callable[[EncoderDecoder], None], name: str) -> None:
    results: list[torch.Tensor] = []
    for edit in (False, True):
        model = tiny()
        model.register_forward_hook(lambda module, given, result: results.append(result))
        if edit:
            model.decoder.layers[0].get_submodule(name).register_forward_hook(
                lambda module, given, result: torch.zeros_like(result)
            )
        run(model)
    half = len(results) // 2
    assert not torch.equal(results[half - 1], results[-1])


def test_a_hook_on_every_module_of_the_program() -> None:
    model, heard = tiny(), Counter[str]()
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, given, result: heard.update([type(module).__name__])
    )
    try:
        whole(model)
    finally:
        handle.remove()
    assert heard["Attention"] == 3
    assert heard["Linear"] == 3 * 4 + 2 * 3


def test_listening_changes_no_number() -> None:
    for run in (whole, stepwise):
        results: list[Any] = []
        for _ in range(2):
            model = tiny()
            if results:
                listened(model)
            model.register_forward_hook(lambda module, given, result, into=results: into.append(result))
            with torch.inference_mode():
                run(model)
        half = len(results) // 2
        assert all(map(torch.equal, results[:half], results[half:]))
