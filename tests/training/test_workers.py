"""Several processes that take each step together, against one that takes it alone."""

import dataclasses
import itertools
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from clearhead.data import Batch, LabelledBatch, TextBatch, TwoWayBatch
from clearhead.errors import TrainingError
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderDecoder, TransformerConfig
from clearhead.recipe import ResolvedTraining
from clearhead.training import workers
from clearhead.training.train_step import Steps, TrainStep
from clearhead.training.workers import Workers, can_fork, parts, shared_zeros

CONFIG = DecoderOnlyConfig(
    vocabulary=11, layers=2, width=32, heads=2, inner_width=64, max_length=8, dropout=0.0, positions="learned"
)
pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are doubled on Linux alone")


def text_batch(rows: int, seed: int) -> TextBatch:
    """Rows of 8 places, of which the last ones are padding in every second row."""
    drawn = torch.randint(1, 11, (rows, 9), generator=torch.Generator().manual_seed(seed))
    drawn[::2, 6:] = 0
    return TextBatch(drawn[:, :-1].contiguous(), drawn[:, 1:].contiguous(), int((drawn[:, 1:] != 0).sum()), 0)


def steps_of(rows: int, accumulate: int = 1) -> Steps:
    for number in itertools.count(1):
        yield number, [text_batch(rows, 100 * number + part) for part in range(accumulate)]


def trained(
    count: int, rows: int = 5, steps: int = 4, accumulate: int = 1, **changes: Any
) -> tuple[torch.Tensor, float]:
    """The weights and the summed loss after some steps by so many processes."""
    settings = ResolvedTraining(
        steps=20, batch_tokens=99, workers=count, compile=False, graph=False, device="cpu", precision="fp32",
        schedule={"warmup": 2}, optimizer={"epsilon": 1e-3},
    )  # fmt: skip
    made = TrainStep(DecoderOnly(dataclasses.replace(CONFIG, **changes), seed=1), settings)
    with made.together(lambda: steps_of(rows, accumulate)):
        for number, batches in itertools.islice(steps_of(rows, accumulate), steps):
            made.step(number, batches)
    return made.flat.values.clone(), float(made.loss)


@pytest.mark.parametrize(("count", "rows", "accumulate"), [(2, 5, 1), (3, 4, 2), (4, 3, 1)])
def test_together_they_learn_what_one_learns(count: int, rows: int, accumulate: int) -> None:
    """But for rounding; the last of four has none of three rows."""
    alone, loss = trained(1, rows, accumulate=accumulate)
    together, other = trained(count, rows, accumulate=accumulate)
    assert other == pytest.approx(loss, rel=1e-5)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_twice_is_the_same_to_the_last_bit() -> None:
    """Dropout too, whose numbers are each process's own."""
    torch.manual_seed(1)
    one, loss = trained(2, dropout=0.3)
    torch.manual_seed(2)
    other, same = trained(2, dropout=0.3)
    assert torch.equal(one, other)
    assert loss == same
    assert loss != trained(1, dropout=0.3)[1]


def test_who_helps_draws_other_numbers() -> None:
    """Of two equal rows one goes to each process; with the same numbers both would lose the same."""
    row = text_batch(1, seed=3)
    batch = TextBatch(row.ids.repeat(2, 1), row.target_output.repeat(2, 1), 2 * row.target_tokens, 0)
    settings = ResolvedTraining(
        steps=20, batch_tokens=99, workers=2, compile=False, graph=False, device="cpu", precision="fp32"
    )
    made = TrainStep(DecoderOnly(dataclasses.replace(CONFIG, dropout=0.5), seed=1), settings)
    with made.together(lambda: itertools.repeat((1, [batch]))):
        made.step(1, [batch])
    own = TrainStep(made.model, settings)
    torch.manual_seed(made.settings.seed * 1_000_003)
    assert float(made.loss) != pytest.approx(2 * float(own.backward(row)), rel=1e-3)


def test_the_rows_of_all_are_the_rows() -> None:
    batch = text_batch(5, seed=1)
    some = [one for rank in range(3) for one in parts([batch], rank, 3)]
    assert sorted(torch.cat([one.ids for one in some]).tolist()) == sorted(batch.ids.tolist())
    assert sum(one.target_tokens for one in some) == batch.target_tokens
    assert parts([text_batch(2, seed=1)], 2, 3) == []


def test_the_pairs_of_all_are_the_pairs() -> None:
    source = torch.tensor([[5, 6, 2], [7, 2, 0], [8, 2, 0]])
    target = torch.tensor([[5, 2], [6, 2], [2, 0]])
    batch = Batch(source, target.roll(1), target, 7, 5, padding=0)
    first, second = (batch.part(rank, 2) for rank in range(2))
    assert first is not None
    assert second is not None
    assert first.source.tolist() == [[5, 6, 2], [8, 2, 0]]
    assert second.target_output.tolist() == [[6, 2]]
    assert (first.source_tokens, first.target_tokens) == (5, 3)
    assert (second.source_tokens, second.target_tokens) == (2, 2)
    model = EncoderDecoder(TransformerConfig(source_vocabulary=9, target_vocabulary=9, width=8, heads=2, inner_width=8))
    settings = ResolvedTraining(steps=9, batch_tokens=9, compile=False, graph=False, device="cpu", precision="fp32")
    made = TrainStep(model.eval(), settings)
    made.model.eval()
    whole = float(made.backward(batch))
    assert float(made.backward(first)) + float(made.backward(second)) == pytest.approx(whole, rel=1e-5)


def test_the_texts_of_all_are_the_texts_with_their_classes() -> None:
    batch = LabelledBatch(torch.tensor([[5, 0], [6, 7], [8, 9]]), torch.tensor([[1], [0], [2]]), 3, text_padding=0)
    some = parts([batch], 0, 2) + parts([batch], 1, 2)
    assert [one.ids.tolist() for one in some] == [[[5, 0], [8, 9]], [[6, 7]]]
    assert [one.target_output.tolist() for one in some] == [[[1], [2]], [[0]]]
    assert [one.target_tokens for one in some] == [2, 1]
    assert parts([batch], 3, 4) == []


def test_a_part_is_seen_as_the_whole_is() -> None:
    both = TwoWayBatch(text_batch(3, seed=2), torch.tensor(True), is_masked=True)
    [one] = parts([both], 1, 2)
    assert one.is_masked
    assert one.sees_all
    assert torch.equal(one.ids, both.ids[1:2])
    assert parts([both], 3, 4) == []


def test_what_one_writes_the_others_see() -> None:
    numbers = shared_zeros(3, dtype=torch.float32)

    def work(rank: int) -> Iterator[Any]:
        def add() -> float:
            numbers[rank] += 1
            return float(numbers[0])

        return itertools.repeat(add)

    with Workers(3, work) as made:
        numbers[0] = 5
        made.begin()
        assert made.finish() == 10.0
        numbers[0] = 7
        made.begin()
        assert made.finish() == 14.0
    assert numbers.tolist() == [7.0, 2.0, 2.0]


def test_none_is_left_behind() -> None:
    with Workers(3, lambda rank: itertools.repeat(lambda: 0.0)) as made:
        processes = list(made._processes)
        assert len(processes) == 2
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_one_that_fails_says_why() -> None:
    def work(rank: int) -> Iterator[Any]:
        yield lambda: 0.0
        raise ValueError("row 7 is none")

    with Workers(2, work) as made:
        made.begin()
        assert made.finish() == 0.0
        made.begin()
        wanted = "has stopped: ValueError: row 7 is none; set training.workers=1"
        with pytest.raises(TrainingError, match=wanted):
            made.finish()


def test_one_that_was_ended_is_missed() -> None:
    with Workers(2, lambda rank: itertools.repeat(lambda: os._exit(9))) as made:
        made.begin()
        with pytest.raises(TrainingError, match="has stopped: it was ended, perhaps for lack of memory"):
            made.finish()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_all_leaves_them_their_step(name: str) -> None:
    """A closed terminal ended those beside the first, whose last step and checkpoint were lost."""
    with Workers(2, lambda rank: itertools.repeat(lambda: 1.0)) as made:
        made.begin()
        assert made.finish() == 1.0
        os.kill(made._processes[0], getattr(signal, name))
        made.begin()
        assert made.finish() == 1.0


def test_elsewhere_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.sys, "platform", "darwin")
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a process was doubled"))
    assert torch.equal(trained(2)[0], trained(1)[0])
