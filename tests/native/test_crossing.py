"""What goes from Python into C: taken where it is what C believes, else refused in one line, and never a crash."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import clearhead
from clearhead.errors import DecodingError
from clearhead.native import compiler, crossing

ROOMS = [
    path
    for room in ("native", "runtimes", "decoding")
    for path in sorted((Path(clearhead.__file__).parent / room).glob("*.py"))
]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), np.float64),
        np.zeros((2, 3), np.float16),
        np.zeros((2, 3), np.int32),
        np.zeros((2, 3), ">f4"),
        np.zeros((3, 2), np.float32),
        np.zeros((2, 3, 1), np.float32),
        np.zeros(6, np.float32),
        np.zeros((3, 2), np.float32).T,
        np.zeros((2, 6), np.float32)[:, ::2],
        np.zeros(25, np.uint8)[1:].view(np.float32).reshape(2, 3),
        np.zeros((2, 3), np.complex64),
        np.zeros((2, 3), object),
        np.float32(1),
        torch.zeros(2, 3),
        torch.zeros(2, 3, device="meta"),
        [[0.0] * 3] * 2,
        None,
    ],
    ids=str,
)
def test_another_array_than_c_believes_is_refused(array: Any) -> None:
    """faults.md A6"""
    with pytest.raises(DecodingError, match=r"logits: .*expected float32 of shape \(2, 3\), contiguous") as raised:
        crossing.pointer("logits", array, crossing.FLOAT32, 2, 3)
    assert "\n" not in str(raised.value)


def test_the_array_that_c_believes_is_taken() -> None:
    array = np.zeros((2, 3), np.float32)
    assert crossing.pointer("logits", array, crossing.FLOAT32, 2, 3) == array.ctypes.data


@pytest.mark.parametrize("array", [np.zeros(6), np.zeros((2, 3, 1)), np.float32(1), torch.zeros(2, 3), [[0]], None])
def test_what_has_other_dimensions_is_refused(array: Any) -> None:
    """faults.md A6: before its shape is read."""
    with pytest.raises(DecodingError, match="tokens: expected an array of 2 dimensions, not ") as raised:
        crossing.ordered("tokens", array, 2)
    assert "\n" not in str(raised.value)


def test_numbers_in_another_order_are_put_one_after_the_other() -> None:
    array = np.arange(6).reshape(2, 3)
    assert crossing.ordered("tokens", array, 2) is array
    for other in (array.T, array[:, ::-1], array[:, ::2]):
        found = crossing.ordered("tokens", other, 2)
        assert found.flags.c_contiguous
        assert (found == other).all()


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**70, 1.0, float("nan"), "3", None])
def test_what_is_no_size_is_refused(number: Any) -> None:
    """faults.md A6"""
    with pytest.raises(DecodingError, match=r"beams=.* is not a whole number from 1 to 2147483647"):
        crossing.count("beams", number)


@pytest.mark.parametrize(
    "values", [[2**40], [2**70], ["a"], [[1], [2, 3]], [None], [float("nan")], [1.0], [True]], ids=str
)
def test_what_are_no_ids_is_refused(values: Any) -> None:
    """faults.md A6"""
    with pytest.raises(DecodingError, match="cannot be read as int32"):
        crossing.numbers(values, crossing.INT32)


MAKERS = {"empty", "zeros", "ones", "full", "tensor", "arange", "rand", "randn", "randint", "eye", "linspace"}


def test_every_tensor_says_where_it_is_and_of_what_kind() -> None:
    """faults.md A2: else the process' defaults decide. Whole numbers' kind does not depend on them."""
    for path in ROOMS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"torch.{name}" for name in MAKERS}:
                named = {keyword.arg for keyword in node.keywords}
                wanted = (
                    {"device"} if ast.unparse(node.func) in ("torch.arange", "torch.tensor") else {"device", "dtype"}
                )
                assert wanted <= named, f"{path.name}, line {node.lineno}: {ast.unparse(node)}"


def test_every_pointer_is_to_a_buffer_or_checked() -> None:
    """faults.md A6: where an address is taken unchecked, what stands there was made for C some lines before."""
    taken: set[tuple[str, str]] = set()
    for path in ROOMS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("data_ptr", "ctypes", "__array_interface__"):
                taken.add((path.name, ast.unparse(node)))
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("address"):
                taken.add((path.name, ast.unparse(node)))
    # Whatever came from elsewhere goes through `pointer`, which alone looks before it takes an address.
    assert taken == {
        ("crossing.py", "array.ctypes"), ("crossing.py", "address(array)"),
        # The digest of a model's weights takes as many bytes as each tensor says that it has.
        ("contents.py", "one.data_ptr"),
        # Results, and what the library tests itself with.
        ("library.py", "address(values)"), ("library.py", "address(tokens)"), ("library.py", "address(room)"),
        ("library.py", "address(weight)"), ("library.py", "address(bias)"), ("library.py", "address(rows)"),
        ("library.py", "address(result)"), ("library.py", "address(work)"),
        ("compiled.py", "address(logits)"), ("compiled.py", "address(rows)"), ("compiled.py", "address(vectors)"),
        ("compiled.py", "address(self._runtime.unfolded())"),
        # Tells shared arrays apart from others; nothing is read there.
        ("prepacking.py", "crossing.address(array)"),
    }  # fmt: skip


ONE_STEP = """
import sys
import numpy as np
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes.preparing import compiled
config = TransformerConfig(
    source_vocabulary=11, target_vocabulary=13, width=8, heads=2, inner_width=8, encoder_layers=1, decoder_layers=1,
    max_length=9, share_embeddings="target"
)
state = compiled(EncoderDecoder(config, seed=1).eval(), "fp32").begin([[1, 2]], 5)
rows, token = (int(one) for one in sys.argv[1:])
try:
    state.advance(np.full((rows, 1), token), None)
    print("answered")
except DecodingError:
    print("refused")
"""


@pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
@pytest.mark.parametrize(
    ("rows", "token", "said"), [(1, 12, "answered"), (100_000, 1, "refused"), (1, 2**30, "refused")]
)
def test_a_step_of_other_rows_or_ids(rows: int, token: int, said: str) -> None:
    """faults.md A6: the one read beyond a state of one row and was answered, the other was a SIGSEGV."""
    done = subprocess.run(
        [sys.executable, "-c", ONE_STEP, str(rows), str(token)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{said}\n"), done.stderr


FUZZ = """
import random, sys
import numpy as np, torch
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
from clearhead.runtimes.preparing import compiled
from clearhead.runtimes.runtime import Bans, Lists
from clearhead.text.utf8 import Standing
sizes = dict(width=8, heads=2, inner_width=8, encoder_layers=1, decoder_layers=2, max_length=9)
draw, most = random.Random(int(sys.argv[1])), int(sys.argv[2])
models = []
for positions in ("sinusoidal", "rotary"):
    config = TransformerConfig(
        source_vocabulary=11, target_vocabulary=13, positions=positions, share_embeddings="target", **sizes
    )
    models.append(compiled(EncoderDecoder(config, seed=1).eval(), "fp32"))
ODD = (-1, -2**31, -2**63, 13, 14, 2**31, 2**32, 2**32 + 1, 2**63 - 1, 10**6)

def size(most=4):
    return draw.choice((draw.randint(1, most),) * 9 + (0, -1, 7, 2**31, 1.5, float("nan"), None, "a"))

def ids(shape, limit, dtype=np.int64):
    values = np.random.randint(0, limit, shape).astype(dtype)
    if draw.random() < 0.2 and values.size:
        bounds = np.iinfo(dtype)
        values.reshape(-1)[draw.randrange(values.size)] = min(max(draw.choice(ODD), bounds.min), bounds.max)
    if draw.random() < 0.1:
        values = values.astype(draw.choice((np.int32, np.float32, np.uint8, bool, ">i8", object)))
    if draw.random() < 0.05:
        values = draw.choice((values.T, np.asfortranarray(values), np.flip(values)))
    if draw.random() < 0.05:
        values = draw.choice((values.tolist(), torch.zeros(values.shape), None))
    return values

def shape(*right):
    right = [max(0, one + draw.choice((0,) * 12 + (1, -1, 40))) for one in right]
    return right if draw.random() < 0.95 else draw.choice((right[:-1], [*right, 1], []))

def bans(rows):
    forced = ids(shape(rows[0]), 13) if draw.random() < 0.2 else None
    if isinstance(forced, np.ndarray) and forced.dtype == np.int64:
        forced = np.where(np.random.rand(*forced.shape) < 0.5, -1, forced)
    standing = None
    if draw.random() < 0.3:
        room = ids(shape(rows[0]), 8, np.uint8) if draw.random() < 0.5 else None
        table = np.random.randint(0, 256, draw.choice(((8, 13),) * 9 + ((8, 5), (7, 13)))).astype(np.uint8)
        standing = Standing(table, ids(shape(*rows), 8), room)
    return Bans(draw.choice(((), (0,), (1, 12), (99, -5))), standing, forced)

done = refused = 0
def attempt(call, *given, **named):
    global done, refused
    try:
        result = call(*given, **named)
        done += 1
        return result
    except DecodingError as error:
        assert chr(10) not in str(error) and len(str(error)) < 600, error
        refused += 1
    except MemoryError:
        refused += 1

for _ in range(most):
    np.random.seed(draw.randrange(10**6))
    model, count = draw.choice(models), draw.randint(1, 3)
    sources = [[draw.randrange(11) for _ in range(draw.randint(1, 9))] for _ in range(count)]
    if draw.random() < 0.2:
        draw.choice(sources).append(draw.choice((*ODD, 1.5, None, 3, 3, 3)))
    if draw.random() < 0.05:
        draw.choice(sources).clear()
    lists = None
    if draw.random() < 0.3:
        lists = Lists(ids(shape(count, 5), 13, np.int32), ids(shape(count), 5, np.int32), 13)
        if isinstance(lists.counts, np.ndarray) and lists.counts.dtype == np.int32 and draw.random() < 0.8:
            lists = lists._replace(counts=lists.counts + np.int32(1))
    state = attempt(model.begin, sources, size(9), lists=lists, threads=size(3))
    rows = [count, 1]
    for _ in range(draw.randint(1, 12) if state else 0):
        if draw.random() < 0.6:
            attempt(state.advance, ids(shape(*rows), 13), None)
        else:
            kept, width = draw.randint(1, 3), draw.randint(1, 4)
            parents = ids(shape(kept, width), rows[0] * rows[1])
            if draw.random() < 0.8:
                parents = np.random.randint(0, rows[0], (kept, 1)) * rows[1]
                parents = parents + np.random.randint(0, rows[1], (kept, width))
            attempt(state.advance, ids(shape(kept, width), 13), parents)
        rows = list(state._shape)
        if state._logits.size:
            attempt(state.best, draw.choice((1, 2, 8, 99)), bans(rows))
            attempt(state.log_probabilities)
print("alive", done > most // 2, refused > most // 2)
"""


@pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
@pytest.mark.parametrize("seed", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_no_shape_id_or_size_makes_a_crash(seed: int) -> None:
    """faults.md A6: what a state is asked is answered or refused in one line, thousands of times."""
    most = 20_000 if seed == 3 else 300
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(seed), str(most)], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive True True\n"), done.stderr
