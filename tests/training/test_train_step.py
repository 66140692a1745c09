"""A step's gradients: of ragged batches, and of packed rows, the same as of all pairs together."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from clearhead.data import Batch, FilterReport, PreparedCorpus, TokenFile, collate, collate_packed, pack, plan
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.recipe import ResolvedTraining
from clearhead.switches import VARIABLE
from clearhead.training.train_step import TrainStep, attention_for
from clearhead.training.workers import can_fork

POSITIONS = ["sinusoidal", "sinusoidal-concatenated", "sinusoidal-halves", "learned", "rotary"]
BEGIN, END, PADDING, VOCABULARY = 1, 2, 0, 30
MATRIX = "source_embedding.matrix.weight"  # Of all three places.


def file(generator: np.random.Generator, lengths: np.ndarray) -> TokenFile:
    """Random ids, each sequence with an end."""
    ids = generator.integers(3, VOCABULARY, lengths.sum())
    ids[np.cumsum(lengths) - 1] = END
    return TokenFile(ids.astype(np.uint16), lengths.astype(np.int32))


@pytest.fixture(scope="module")
def corpus() -> PreparedCorpus:
    """Forty pairs of 2 to 20 tokens."""
    generator = np.random.default_rng(1)
    source, target = (file(generator, generator.integers(2, 21, 40)) for _ in range(2))
    return PreparedCorpus(source, target, np.ones(40), FilterReport(kept=40), "forty")


def padded_batches(corpus: PreparedCorpus, batch_tokens: int, padding: int = PADDING) -> list[Batch]:
    planned = plan(corpus.source.lengths, corpus.target.lengths, batch_tokens=batch_tokens, seed=1, epoch=0)
    return [collate(corpus, indices, BEGIN, padding) for indices in planned]


def packed_batches(corpus: PreparedCorpus, rows: int, length: int, padding: int = PADDING) -> list[Batch]:
    planned = list(pack(corpus.source.lengths, corpus.target.lengths, rows=rows, length=length, seed=1, epoch=0))
    return [collate_packed(corpus, one, length, BEGIN, padding) for one in planned]


def training(**changes: object) -> ResolvedTraining:
    plain = {"batch_tokens": 4096, "compile": False, "graph": False, "device": "cpu", "precision": "fp32"}
    plain["packed_length"] = 64 if changes.get("packing") else None
    return ResolvedTraining.model_validate({"steps": 9, **plain, **changes})


def train_step(settings: ResolvedTraining, is_static: bool | None = None, **changes: object) -> TrainStep:
    sizes = {"width": 16, "heads": 4, "inner_width": 24, "encoder_layers": 2, "decoder_layers": 2, "max_length": 24}
    values = {"source_vocabulary": VOCABULARY, "target_vocabulary": VOCABULARY, "dropout": 0.0, **sizes, **changes}
    return TrainStep(EncoderDecoder(TransformerConfig(**values), seed=3), settings, is_static=is_static)


def in_float64(**changes: object) -> TrainStep:
    """Where the order of a sum shows only in the last digits."""
    made = train_step(training(), **changes)
    return TrainStep(made.model.double(), made.settings)


def loss_and_gradients(one: TrainStep, batches: list[Batch]) -> tuple[float, list[torch.Tensor]]:
    loss = sum(float(one.backward(batch)) for batch in batches)
    return loss, [parameter.grad for parameter in one.model.parameters()]


def test_gradients_of_ragged_batches_add_up(corpus: PreparedCorpus) -> None:
    together, apart = (loss_and_gradients(in_float64(), padded_batches(corpus, budget)) for budget in (900, 120))
    assert apart[0] == pytest.approx(together[0], rel=1e-12)
    for one, other in zip(together[1], apart[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("length", [24, 70], ids=["short rows", "long rows"])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm_placement", ["post", "pre"])
def test_packed_rows_have_the_loss_and_the_gradients_of_padded_ones(
    corpus: PreparedCorpus, norm_placement: str, positions: str, length: int
) -> None:
    """Rows longer than the model's max_length among them: positions begin anew in each pair."""
    changes = {"norm_placement": norm_placement, "positions": positions}
    padded = loss_and_gradients(in_float64(**changes), padded_batches(corpus, 200))
    batches = packed_batches(corpus, rows=3, length=length)
    assert len(batches) > 1
    packed = loss_and_gradients(in_float64(**changes), batches)
    assert packed[0] == pytest.approx(padded[0], rel=1e-12)
    for one, other in zip(padded[1], packed[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def relabelled(corpus: PreparedCorpus, places: np.ndarray) -> PreparedCorpus:
    """The same sentences with other ids."""
    source, target = (
        TokenFile(places[one.ids].astype(np.uint16), one.lengths) for one in (corpus.source, corpus.target)
    )
    return dataclasses.replace(corpus, source=source, target=target)


@pytest.mark.parametrize("r_drop", [0.0, 5.0])
@pytest.mark.parametrize("is_packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("switched_off", ["", "chunked-loss"])
def test_padding_is_whichever_id_the_batches_say(
    corpus: PreparedCorpus, monkeypatch: pytest.MonkeyPatch, is_packed: bool, switched_off: str, r_drop: float
) -> None:
    """Ids 0 and 17 change places, in the sentences and in the matrix: loss, gradients and a step are the same."""
    monkeypatch.setenv(VARIABLE, switched_off)
    places = np.arange(VOCABULARY)
    places[[PADDING, 17]] = places[[17, PADDING]]
    # Neither clipping nor a division by the gradients' own size hides by how many tokens they were divided.
    step = {"optimizer": {"epsilon": 1e-2, "clip": None}, "schedule": {"name": "constant", "peak": 0.1, "warmup": 0}}
    settings = training(packing=is_packed, loss={"r_drop": r_drop}, **step)
    results = []
    for padding, sentences, order in ((PADDING, corpus, slice(None)), (17, relabelled(corpus, places), places)):
        batches = packed_batches(sentences, 3, 40, padding) if is_packed else padded_batches(sentences, 200, padding)
        exact, stepping = train_step(settings).model.double(), train_step(settings)
        with torch.no_grad():
            for model in (exact, stepping.model):
                model.output.matrix.weight.copy_(model.output.matrix.weight[order])
        loss, _ = loss_and_gradients(TrainStep(exact, settings), batches)
        # Divided by the real tokens, which are counted once more.
        stepping.step(1, batches)
        gradients = {name: one.grad for name, one in exact.named_parameters()}
        weights = {name: one.detach() for name, one in stepping.model.named_parameters()}
        for one in (gradients, weights):
            one[MATRIX] = one[MATRIX][order]
        results.append((loss, gradients, weights))
    assert results[1][0] == pytest.approx(results[0][0], rel=1e-12)
    torch.testing.assert_close(results[1][1], results[0][1], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(results[1][2], results[0][2], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("is_packed", [False, True], ids=["padded", "packed"])
def test_of_two_equal_passes_nothing_is_left_of_r_drop(corpus: PreparedCorpus, is_packed: bool) -> None:
    """Without dropout both passes are the same, so loss and gradients are those of one."""
    batches = packed_batches(corpus, rows=3, length=40) if is_packed else padded_batches(corpus, 300)
    results = []
    for r_drop in (0.0, 5.0):
        settings = training(packing=is_packed, loss={"r_drop": r_drop})
        model = train_step(settings).model.double()
        results.append(loss_and_gradients(TrainStep(model, settings), batches))
    assert results[1][0] == pytest.approx(results[0][0], rel=1e-12)
    for one, other in zip(results[0][1], results[1][1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_with_dropout_r_drop_costs_something(corpus: PreparedCorpus) -> None:
    """The two passes draw numbers of their own. α is a factor: the loss grows with it in a straight line."""
    batches, losses = padded_batches(corpus, 900), []
    for r_drop in (1e-9, 1.0, 3.0):
        one = train_step(training(loss={"r_drop": r_drop}), dropout=0.3)
        torch.manual_seed(1)
        losses.append(loss_and_gradients(one, batches)[0])
    assert losses[1] > losses[0]
    assert losses[2] - losses[0] == pytest.approx(3 * (losses[1] - losses[0]), rel=1e-3)


def test_several_batches_make_one_step(corpus: PreparedCorpus) -> None:
    """Three steps of the whole corpus: as one batch each, and as some."""
    settings = training(optimizer={"epsilon": 1e-4})
    one, other = train_step(settings), train_step(settings)
    whole, parts = padded_batches(corpus, 900), packed_batches(corpus, rows=3, length=40)
    assert (len(whole), len(parts) > 2) == (1, True)
    for number in (1, 2, 3):
        one.step(number, whole)
        other.step(number, parts)
    assert float(one.loss) == pytest.approx(float(other.loss), rel=1e-6)
    for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
    for a, b in zip(one.average.model.parameters(), other.average.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_static_step_is_the_plain_one_bit_by_bit(
    corpus: PreparedCorpus, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five steps of two batches with dropout, clipping and the average: copied to one place, and where they are."""
    settings = training(precision=precision, packing=True)
    batches = packed_batches(corpus, rows=2, length=40)
    results = []
    for is_static in (True, False):
        one = train_step(settings, is_static=True, dropout=0.1)
        if not is_static:
            monkeypatch.setattr(one, "_static", None)
        for number in range(1, 6):
            one.step(number, [batches[number % len(batches)], batches[(number + 1) % len(batches)]])
        results.append([one.loss, one.flat.values, one.average.flat.values])
    assert all(map(torch.equal, *results))
    assert float(results[0][0]) > 0


@pytest.mark.skipif(not can_fork(), reason="processes are doubled on Linux alone")
def test_two_processes_learn_from_packed_rows_what_one_learns(corpus: PreparedCorpus) -> None:
    """But for rounding."""
    steps = [(number, [batch]) for number, batch in enumerate(packed_batches(corpus, rows=3, length=40), start=1)]
    results = []
    for workers in (1, 2):
        made = train_step(training(packing=True, workers=workers, optimizer={"epsilon": 1e-4}))
        with made.together(lambda: iter(steps)):
            for number, batches in steps:
                made.step(number, batches)
        results.append((float(made.loss), made.flat.values.clone(), made.processes))
    (alone, weights, _), (together, other, processes) = results
    assert processes == 2
    assert together == pytest.approx(alone, rel=1e-5)
    torch.testing.assert_close(other, weights, rtol=0, atol=1e-5)


class Unread(TorchDispatchMode):
    """Refuses whatever makes a host wait for a device: a number that Python sees, a shape that depends on numbers."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = str(operation)
        assert not any(part in name for part in ("local_scalar", "item", "nonzero", "unique", "masked_select")), name
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize("r_drop", [0.0, 5.0])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_host_reads_nothing_in_a_packed_step(corpus: PreparedCorpus, precision: str, r_drop: float) -> None:
    settings = training(precision=precision, packing=True, loss={"r_drop": r_drop})
    one, batches = train_step(settings, is_static=True, dropout=0.1), packed_batches(corpus, rows=2, length=40)
    one.step(1, batches[:2])  # Machines are asked once what they are.
    with Unread():
        one.step(2, batches[2:4])
    with Unread(), pytest.raises(AssertionError, match="local_scalar"):
        float(one.loss)


def test_the_numbers_that_are_drawn_are_the_steps_own(corpus: PreparedCorpus) -> None:
    """With dropout: step 2 alone is the same whatever was drawn before it, and another than step 1."""
    settings = training()
    batches = padded_batches(corpus, 900)
    losses = []
    for number, drawn in ((2, 0), (2, 5), (1, 0)):
        one = train_step(settings, dropout=0.3)
        torch.rand(drawn)
        one.step(number, batches)
        losses.append(float(one.loss))
    assert losses[0] == losses[1] != losses[2]


def test_whoever_counts_changes_sees_them(corpus: PreparedCorpus) -> None:
    one = train_step(training())
    watched = list(itertools.chain(one.model.parameters(), one.average.model.parameters()))
    before = [parameter._version for parameter in watched]
    one.step(1, padded_batches(corpus, 900))
    assert all(parameter._version > old for parameter, old in zip(watched, before, strict=True))


def test_each_rank_drops_out_other_numbers(corpus: PreparedCorpus) -> None:
    """The same rank the same ones, whatever was drawn before."""
    weights = []
    for rank, before in ((0, 1), (1, 1), (1, 2)):
        torch.manual_seed(before)
        made = train_step(training(), dropout=0.3)
        one = TrainStep(made.model, made.settings, rank)
        one.step(1, padded_batches(corpus, 900))
        weights.append(one.flat.values)
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights[1], weights[2])


@pytest.mark.parametrize(
    ("device", "packing", "may"), [("cuda", False, False), ("cuda", True, True), ("cpu", False, True)]
)
def test_batches_of_ever_new_shapes_are_no_matter_for_cudnn(device: str, packing: bool, may: bool) -> None:
    """It makes a plan for each shape; packed rows have one."""
    settings = training(device=device, packing=packing)
    with attention_for(settings):
        assert torch.backends.cuda.cudnn_sdp_enabled() is may
        assert torch.backends.cuda.flash_sdp_enabled()
    assert torch.backends.cuda.cudnn_sdp_enabled()
