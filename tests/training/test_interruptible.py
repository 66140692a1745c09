"""Work outside of Python that a signal interrupts."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from clearhead.training.interruptible import interruptible, is_left_behind

# The key derivation is C that lets go of Python's lock for minutes, as learning a vocabulary does.
STUBBORN = """
import hashlib, os, signal
from clearhead.training.interruptible import interruptible, is_left_behind

def work():
    os.kill(os.getpid(), signal.SIGINT)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

try:
    interruptible(work)
except KeyboardInterrupt:
    print("stopped", is_left_behind(), flush=True)
    os._exit(3)
"""


def test_what_it_gives() -> None:
    seen: list[str] = []
    assert interruptible(lambda: seen.append(threading.current_thread().name) or 5) == 5  # type: ignore[func-returns-value]
    assert seen != [threading.current_thread().name]


def test_what_it_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)
    assert not is_left_behind()


def test_a_signal_ends_it_and_it_tidies_up() -> None:
    """faults.md A12."""
    tidied = threading.Event()

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                pass
        finally:
            tidied.set()

    with pytest.raises(KeyboardInterrupt):
        interruptible(work)
    assert tidied.wait(60)


@pytest.mark.skipif(os.name == "nt", reason="another kind of signal")
def test_what_cannot_be_ended_is_left_behind() -> None:
    """faults.md A12: C goes on in its thread; the process need not wait for it."""
    done = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "stopped True\n", "")
