"""What a program may do around a translation: set other defaults, and fork. Each in a process of its own."""

import os
import subprocess
import sys

import pytest

from clearhead.native import compiler

BEGINNING = """
import clearhead, faulthandler, os, torch
faulthandler.dump_traceback_later(240, exit=True)
count = 2 if os.environ.get("CLEARHEAD_OFF") else 6
lines = [f"The small dog sees the big cat near house number {n}." for n in range(count)]
def translated(bundle, beam):
    found = bundle.search(lines, "fr", beam_size=beam, exact=False)
    # PyTorch's products depend on the number of threads in their last digits, those in C on nothing.
    digits = 3 if os.environ.get("CLEARHEAD_OFF") else 30
    numbers = [round(one[0].log_probability, digits) for one in found]
    return numbers, [one[0].text for one in found], bundle.translate(lines[0], "fr", beam_size=beam)
"""

DEFAULTS = """
bundle = clearhead.load("street", precision=PRECISION)
expected = [translated(bundle, beam) for beam in (1, 3)]
assert expected[1][2].startswith("Le petit chien voit")
for kind, device in (
    (torch.float64, "cpu"), (torch.bfloat16, "cpu"), (torch.float16, "cpu"), (torch.float32, "meta"),
    (torch.float64, "meta"),
):
    torch.set_default_dtype(kind)
    torch.set_default_device(device)
    try:
        if MAKE_AGAIN:
            bundle = clearhead.load("street", precision=PRECISION)
        assert [translated(bundle, beam) for beam in (1, 3)] == expected, (kind, device)
        if MAKE_AGAIN:
            assert all(one.agrees for one in bundle.trace("The dog sees.", "fr").check()), (kind, device)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device("cpu")
print("the same")
"""

FORKS = """
import multiprocessing
torch.set_num_threads(2)

def inherited(beam):
    return translated(bundle, beam)

def in_a_child(bundle, beam):
    "What a forked process translates; it may be asked for more threads than it has."
    end, begin = multiprocessing.Pipe(duplex=False)
    number = os.fork()
    if not number:
        try:
            begin.send(translated(bundle, beam))
        finally:
            os._exit(0)
    begin.close()
    result = end.recv()
    os.waitpid(number, 0)
    return result

for precision in ("fp32", "int8"):
    bundle = clearhead.load("street", precision=precision)
    cold = [in_a_child(bundle, beam) for beam in (1, 5)]
    expected = [translated(bundle, beam) for beam in (1, 5)]
    assert expected[1][2].startswith("Le petit chien voit")
    warm = [in_a_child(bundle, beam) for beam in (1, 5)]
    assert cold == warm == expected, precision
context = multiprocessing.get_context("fork")
with context.Pool(2) as pool:
    assert pool.map(inherited, (1, 5)) == expected
print("the same")
"""


def said(code: str, **environment: str) -> tuple[str, str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "MKL_"))}
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + code], env={**variables, **environment}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.mark.parametrize("way", ["int8", "fp32, loaded then", "int8, loaded then", "plain, loaded then"])
def test_the_same_translation_whatever_the_defaults_are(way: str) -> None:
    """faults.md A2: PyTorch makes its tensors of the default kind and on the default device."""
    precision, _, then = way.replace("plain", "fp32").partition(", ")
    code = DEFAULTS.replace("PRECISION", repr(precision)).replace("MAKE_AGAIN", str(bool(then)))
    output, error = said(code, CLEARHEAD_OFF="native" * way.startswith("plain"))
    assert output == "the same\n", error


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("off", ["", "native"], ids=["compiled", "plain"])
def test_a_forked_process_translates(off: str) -> None:
    """faults.md A3: before and after the parent has translated, in C and by PyTorch, and from a pool's processes."""
    code = FORKS if not off else FORKS.replace('("fp32", "int8")', '("fp32",)')
    output, error = said(code, CLEARHEAD_OFF=off)
    assert output == "the same\n", error


@pytest.mark.skipif(not hasattr(os, "fork") or compiler.find_compiler() is None, reason="nothing to compile with")
def test_a_process_forked_while_a_compiler_runs_is_not_stuck(tmp_path: object) -> None:
    """faults.md A3: the lock that a thread of the parent holds is not the child's, nor is the parent's compiler."""
    code = """
from clearhead.native import compiler
with compiler._LOCK:
    number = os.fork()
    if not number:
        os._exit(0 if compiler.compiled() is not None else 1)
    assert os.waitpid(number, 0)[1] == 0
print("the same")
"""
    assert said(code, CLEARHEAD_CACHE=str(tmp_path)) == ("the same\n", "")
