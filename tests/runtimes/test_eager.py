"""A model served by its own code: tests/runtimes/test_runtime.py compares it with the others."""

import contextlib
import dataclasses
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from clearhead.decoding import Engine, Hypothesis, LengthLimit, Sampling, SearchOptions
from clearhead.decoding.requests import requests_for
from clearhead.errors import DecodingError
from clearhead.model import DecoderOnly, DecoderOnlyConfig, EncoderDecoder, TransformerConfig, masks_for, padding_mask
from clearhead.runtimes.eager import EagerRuntime, padded
from clearhead.runtimes.runtime import Bans, Choice, Sizes, best_of, bytes_for, log_softmax
from clearhead.text.stop_strings import StopStrings


def model() -> EncoderDecoder:
    config = TransformerConfig(
        source_vocabulary=11, target_vocabulary=11, width=8, heads=2, inner_width=12, encoder_layers=1,
        decoder_layers=1, max_length=9,
    )  # fmt: skip
    return EncoderDecoder(config, seed=2)


def test_what_fills_rows_up_is_masked_by_lengths() -> None:
    """As the model's own mask, where id 0 is padding and stands nowhere else."""
    rows, mask = padded([[5, 6, 7], [8]], torch.device("cpu"))
    assert rows.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert torch.equal(mask, padding_mask(rows, 0))
    _, mask = padded([[0, 6, 7], [0]], torch.device("cpu"))
    assert mask[:, 0, 0].tolist() == [[True, True, True], [True, False, False]]


def test_log_probabilities_are_the_models() -> None:
    one = model().eval()
    runtime = EagerRuntime(one)
    with runtime.session():
        state = runtime.begin([[5, 6, 2], [7, 2]], 4)
        state.advance(np.array([[1], [1]]), None)
        state.advance(np.array([[4], [3]]), None)
        found = state.log_probabilities()
        for number, (source, target) in enumerate((([5, 6, 2], [1, 4]), ([7, 2], [1, 3]))):
            ids, said = torch.tensor([source]), torch.tensor([target])
            expected = one(ids, said, masks_for(ids, said, 0))[0, -1].log_softmax(-1)
            assert found[number, 0] == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_session_leaves_every_module_as_it_was() -> None:
    one = model().train()
    one.encoder.eval()
    before = [module.training for module in one.modules()]
    with EagerRuntime(one).session():
        assert not any(module.training for module in one.modules())
        assert torch.is_inference_mode_enabled()
    assert [module.training for module in one.modules()] == before


def test_a_session_that_ends_early_lets_no_other_drop_numbers_out() -> None:
    """Two at a time, the first of which ends first: it let the other's batch train on."""
    one = model().train()
    begun, ended = threading.Event(), threading.Event()

    def other() -> None:
        with EagerRuntime(one).session():
            begun.set()
            assert ended.wait(timeout=60)
            assert not any(module.training for module in one.modules())

    with ThreadPoolExecutor(1) as pool:
        with EagerRuntime(one).session():
            asked = pool.submit(other)
            assert begun.wait(timeout=60)
        ended.set()
        asked.result(timeout=60)
    assert all(module.training for module in one.modules())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("within", [False, True])
def test_a_forked_process_ends_the_sessions_of_threads_that_it_has_not(within: bool) -> None:
    """Another thread's never ends there: the model would train no more. The forking thread's own goes on."""
    one, inside, forked = model().train(), threading.Event(), threading.Event()

    def hold() -> None:
        with EagerRuntime(one).session():
            inside.set()
            assert forked.wait(timeout=60)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert inside.wait(timeout=60)
    own = EagerRuntime(one).session() if within else contextlib.nullcontext()
    with own:
        number = os.fork()
        if not number:
            status = 1
            try:
                signal.alarm(60)
                status = 0 if one.training != within else 2
                own.__exit__(None, None, None)
                status = status or 3 * (not all(module.training for module in one.modules()))
            finally:
                os._exit(status)
    forked.set()
    assert os.waitpid(number, 0)[1] == 0
    thread.join(timeout=60)
    assert all(module.training for module in one.modules())


def test_weights_that_are_no_numbers_are_refused() -> None:
    """faults.md A5."""
    one = model()
    with torch.no_grad():
        one.output.matrix.weight[0, 0] = float("nan")
    with pytest.raises(DecodingError, match=r"holds NaN: the model's weights are damaged"), EagerRuntime(one).session():
        pass


PADDING, BEGIN, END, VOCABULARY = 0, 1, 2, 17
PROMPTS = [[BEGIN], [5, 3, 4], [7], [3] * 9, [8, 8], [4, 5, 6, 7, 8, 3, 4], [6] * 16]
BEAM = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=3, top_beams=2)
GREEDY = dataclasses.replace(BEAM, beam_size=1, top_beams=1)
LETTERS = StopStrings(("dc", "k"), (None, None, None, *(bytes([one]) for one in b"abcdefghijklmn")))
GPTS: dict[str, dict[str, Any]] = {
    "gpt": {"positions": "learned", "norm_placement": "pre", "activation": "gelu-tanh"},
    "llama": {
        "positions": "rotary", "norm_placement": "pre", "norm": "rms", "activation": "swiglu", "bias": False,
        "kv_heads": 1, "share_embeddings": False,
    },
    "paper": {},
}  # fmt: skip


def gpt(**changes: Any) -> DecoderOnly:
    sizes = {"width": 16, "heads": 2, "inner_width": 24, "layers": 2, "max_length": 20}
    one = DecoderOnly(DecoderOnlyConfig(vocabulary=VOCABULARY, **{**sizes, **changes}), seed=5).eval()
    with torch.no_grad():
        for parameter in one.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.5)
    return one


class Plain:
    """A decoder-only model without a cache or a batch: each row is read by itself and as a whole, at each step."""

    batch_tokens, batch_bytes, concurrency = 4096, 1 << 30, 1

    def __init__(self, model: DecoderOnly) -> None:
        self.model, self.sizes = model, Sizes.of(model.config)

    def padded_length(self, length: int) -> int:
        return length

    def bytes_for(self, source: int, target: int, rows: int) -> int:
        return bytes_for(self.sizes, source, target, rows)

    def session(self) -> Any:
        return torch.no_grad()

    def begin(self, sources: Sequence[Sequence[int]], capacity: int, **settings: Any) -> "PlainRows":
        return PlainRows(self.model, [[list(source)] for source in sources])


class PlainRows:
    def __init__(self, model: DecoderOnly, rows: list[list[list[int]]]) -> None:
        self.model, self.rows = model, rows

    def advance(self, tokens: NDArray[np.int64], parents: NDArray[np.int64] | None) -> None:
        flat = [row for rows in self.rows for row in rows]
        own = np.arange(tokens.size).reshape(tokens.shape) if parents is None else parents
        self.rows = [
            [[*flat[parent], token] for parent, token in zip(*both, strict=True)]
            for both in zip(own.tolist(), tokens.tolist(), strict=True)
        ]

    def best(self, count: int, bans: Bans) -> Choice:
        return best_of(self.log_probabilities(), count, bans)

    def log_probabilities(self) -> NDArray[np.float32]:
        return log_softmax(self.logits())

    def logits(self) -> NDArray[np.float32]:
        return np.array([[self.model(torch.tensor([row]))[0, -1].numpy() for row in rows] for rows in self.rows])


def gone_on_with(runtime: Any, options: SearchOptions, prompts: Any = PROMPTS, **engine: Any) -> list[list[Hypothesis]]:
    requests = requests_for(
        runtime.sizes, [prompt[:-1] for prompt in prompts], options, begins=[prompt[-1] for prompt in prompts],
        length_limit=LengthLimit(0.0, 9),
    )  # fmt: skip
    return list(Engine(runtime, **engine).results(requests))


@pytest.mark.parametrize("name", GPTS)
@pytest.mark.parametrize(
    "options",
    [
        GREEDY, BEAM, dataclasses.replace(BEAM, sampling=Sampling(seed=4)), dataclasses.replace(GREEDY, stop=LETTERS),
        dataclasses.replace(BEAM, stop=LETTERS),
    ],
    ids=["greedy", "beam", "drawn", "stopped", "beam-stopped"],
)  # fmt: skip
def test_prompts_are_gone_on_with_as_the_whole_model_does(assert_same: Any, name: str, options: SearchOptions) -> None:
    """Of different lengths in one batch, one of them empty but for its first token, one that fills the positions."""
    one = gpt(**GPTS[name])
    expected = gone_on_with(Plain(one), options)
    for batch_tokens in (1, 40, 4096):
        assert_same(gone_on_with(EagerRuntime(one), options, batch_tokens=batch_tokens), expected, 1e-4)


def test_the_models_of_these_tests_write_different_texts() -> None:
    found = [one for name in GPTS for [one] in gone_on_with(EagerRuntime(gpt(**GPTS[name])), GREEDY)]
    assert len({one.tokens for one in found}) > 15
    assert {one.finished for one in found} == {True, False}
    stopped = [
        one
        for name in GPTS
        for [one] in gone_on_with(Plain(gpt(**GPTS[name])), dataclasses.replace(GREEDY, stop=LETTERS))
    ]
    assert any(one.finished and one.tokens[-1] != END for one in stopped)
