"""Ctrl-C at any moment, and it and TERM signals while a model is trained."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clearhead.cli.stopping import Stop, answered, is_being_imported

IMPORT_TORCH = "from clearhead.cli.stopping import answered\nwith answered(): import torch"


class TestAnswering:
    def test_an_exception_as_ever(self) -> None:
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), answered():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is before

    def test_an_import_that_would_lose_the_exception_is_the_end(self, tmp_path: Path) -> None:
        """A torch that does what the real one's C++ does at times."""
        (tmp_path / "torch.py").write_text(
            "import signal\ntry:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    pass\n"
            "print('it went on')\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
        done = subprocess.run(
            [sys.executable, "-c", IMPORT_TORCH], capture_output=True, text=True, env=environment, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "clearhead: stopped\n")

    @pytest.mark.parametrize("how", ["import lost", "importlib.import_module('lost')", "from lost import name"])
    def test_so_is_an_import_of_anything(self, tmp_path: Path, how: str) -> None:
        """Where pydantic builds a model, the exception came out as its SchemaError, with exit code 1."""
        (tmp_path / "lost.py").write_text("import inner\nname = 1\n")
        (tmp_path / "inner.py").write_text(
            "import signal\ndef build():\n    try:\n        signal.raise_signal(signal.SIGINT)\n"
            "    except KeyboardInterrupt as error:\n        raise ValueError('as pydantic') from error\nbuild()\n"
        )
        code = f"import importlib\nfrom clearhead.cli.stopping import answered\nwith answered(): {how}"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "clearhead: stopped\n")

    def test_a_process_that_ignores_it_goes_on_to(self) -> None:
        """As nohup has it."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with answered():
                signal.raise_signal(signal.SIGINT)
        finally:
            signal.signal(signal.SIGINT, before)

    def test_what_is_being_imported(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "half_there.py").write_text(
            "from clearhead.cli.stopping import is_being_imported\nnow = is_being_imported(__name__)\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        assert not is_being_imported("half_there")
        import half_there  # type: ignore[import-not-found]

        assert half_there.now
        assert not is_being_imported("half_there")


def test_before_the_first_step_it_ends_at_once() -> None:
    """There is no step to wait for: files are being read."""
    with pytest.raises(KeyboardInterrupt), Stop():
        signal.raise_signal(signal.SIGINT)
    for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        with pytest.raises(SystemExit) as caught, Stop():
            signal.raise_signal(number)
        assert caught.value.code == code


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
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


def test_nohup_means_it() -> None:
    """faults.md A11: a SIGHUP that is ignored stays ignored, from the first moment on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            signal.raise_signal(signal.SIGHUP)
            stop()
            signal.raise_signal(signal.SIGHUP)
            assert not stop.asked
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_afterwards_signals_do_what_they_did() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Stop():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
