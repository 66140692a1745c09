"""A model served by its own code: tests/runtimes/test_runtime.py compares it with the others."""

import contextlib
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig, masks_for, padding_mask
from clearhead.runtimes.eager import EagerRuntime, padded


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
