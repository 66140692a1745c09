"""Each optimisation by itself: switched off, the plain way serves, and what comes out is the same."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from clearhead.data import Batch
from clearhead.errors import ConfigError
from clearhead.model import EncoderDecoder, TransformerConfig, dropout, kernels, linear
from clearhead.native.library import library as native
from clearhead.recipe import ResolvedTraining
from clearhead.switches import PLAIN, VARIABLE, is_on
from clearhead.training import train_step
from clearhead.training.train_step import TrainStep

# What the fast way of each calls, and the plain way does not.
CALLS = {
    "short-attention": (kernels._ShortAttention, "apply"),
    "chunked-loss": (train_step, "linear_cross_entropy"),
    "packed-dropout-rng": (dropout, "_kept"),
}


@pytest.fixture(autouse=True)
def decided_anew() -> Iterator[None]:
    """What a process decides once."""
    linear._one_dnn_is_better.cache_clear()
    yield
    linear._one_dnn_is_better.cache_clear()


def test_all_are_on() -> None:
    assert all(is_on(name) for name in PLAIN)


def test_some_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "native, short-attention")
    assert {name for name in PLAIN if not is_on(name)} == {"native", "short-attention"}


def test_names_of_version_0_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "joined-products short-rows,dropout-draws")
    assert {name for name in PLAIN if not is_on(name)} == {"fused-qkv", "short-attention", "packed-dropout-rng"}


def test_a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "native nativ")
    with pytest.raises(ConfigError, match="CLEARHEAD_OFF names 'nativ', which is no optimisation; it takes any of: ch"):
        is_on("native")


def batch() -> Batch:
    """Three pairs, two of them padded."""
    source = torch.tensor([[5, 6, 7, 8, 2], [9, 5, 2, 0, 0], [6, 2, 0, 0, 0]])
    target = torch.tensor([[7, 8, 9, 5, 6, 2], [5, 5, 9, 2, 0, 0], [8, 2, 0, 0, 0, 0]])
    begin = torch.full((3, 1), 1)
    return Batch(source, torch.cat([begin, target[:, :-1]], dim=1), target, 10, 12, padding=0)


def one_step(rate: float = 0.0) -> list[Tensor]:
    """The loss of a batch and its gradients."""
    config = TransformerConfig(
        source_vocabulary=10, target_vocabulary=10, width=16, heads=4, inner_width=24, encoder_layers=1,
        decoder_layers=1, dropout=rate, max_length=16,
    )  # fmt: skip
    made = TrainStep(
        EncoderDecoder(config, seed=3),
        ResolvedTraining(steps=9, batch_tokens=4096, compile=False, graph=False, device="cpu", precision="fp32"),
    )
    torch.manual_seed(1)
    loss = made.backward(batch())
    return [loss, *(gradient for one in made.model.parameters() if (gradient := one.grad) is not None)]


@pytest.mark.parametrize("name", sorted(PLAIN.keys() - {"native", "packed-dropout-rng"}))
def test_the_plain_way_computes_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = one_step()
    monkeypatch.setenv(VARIABLE, name)
    linear._one_dnn_is_better.cache_clear()
    for one, other in zip(fast, one_step(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CALLS)
def test_the_fast_way_is_left(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And taken otherwise."""
    calls: list[int] = []
    place, attribute = CALLS[name]
    whole = getattr(place, attribute)
    monkeypatch.setattr(place, attribute, lambda *given, **named: (calls.append(1), whole(*given, **named))[1])
    one_step(rate=0.1)
    assert calls
    calls.clear()
    monkeypatch.setenv(VARIABLE, name)
    one_step(rate=0.1)
    assert not calls


def test_joined_products_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Query, key and value of two self-attentions, key and value of one encoder-decoder attention: five fewer."""
    calls = []
    linear._one_dnn_is_better()  # It multiplies too, the first time.
    # By whichever function this processor's products are, each is one call.
    for place, name in ((linear, "_fast_linear"), (linear.F, "linear")):
        whole = getattr(place, name)
        monkeypatch.setattr(place, name, lambda *given, _whole=whole: (calls.append(1), _whole(*given))[1])
    one_step()
    joined = len(calls)
    monkeypatch.setenv(VARIABLE, "fused-qkv")
    one_step()
    assert len(calls) - joined == joined + 5


def test_without_one_dnn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "processor", lambda: {"vendor_id": "AuthenticAMD", "flags": "avx512f"})
    assert linear._one_dnn_is_better()
    monkeypatch.setenv(VARIABLE, "onednn")
    linear._one_dnn_is_better.cache_clear()
    assert not linear._one_dnn_is_better()


def test_without_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "native")
    assert native.__wrapped__() is None
