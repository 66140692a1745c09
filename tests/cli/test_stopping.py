"""Signals while a model is trained."""

import signal

import pytest

from clearhead.cli.stopping import Stop


def test_before_the_first_step_it_ends_at_once() -> None:
    """There is no step to wait for: files are being read."""
    with pytest.raises(KeyboardInterrupt), Stop():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(SystemExit) as caught, Stop():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.code == 143


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_during_a_step_it_asks(number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with Stop() as stop:
        assert not stop()
        signal.raise_signal(number)
        assert stop()
        assert stop.exit_code == code
    assert capsys.readouterr().err == "clearhead: stopping after this step, with a checkpoint (once more: at once)\n"


def test_the_second_time_it_ends_at_once() -> None:
    with Stop() as stop:
        stop()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_afterwards_signals_do_what_they_did() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Stop():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
