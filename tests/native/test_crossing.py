"""What goes from Python into C: taken where it is what C believes, else refused in one line, and never a crash."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import clearhead
from clearhead.errors import DecodingError
from clearhead.native import compiler, crossing

ROOMS = [
    path for room in ("native", "decoding") for path in sorted((Path(clearhead.__file__).parent / room).glob("*.py"))
]


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(2, 3, dtype=torch.float64),
        torch.zeros(2, 3, dtype=torch.bfloat16),
        torch.zeros(2, 3, dtype=torch.int32),
        torch.zeros(3, 2),
        torch.zeros(2, 3, 1),
        torch.zeros(6),
        torch.zeros(3, 2).t(),
        torch.zeros(2, 6)[:, ::2],
        torch.zeros(2, 3, device="meta"),
        torch.zeros(2, 3).to_sparse(),
        torch.zeros(2, 3, dtype=torch.complex64),
        [[0.0] * 3] * 2,
        None,
    ],
    ids=str,
)
def test_another_tensor_than_c_believes_is_refused(tensor: Any) -> None:
    """faults.md A6"""
    with pytest.raises(DecodingError, match=r"logits: .*expected float32 of shape \(2, 3\), contiguous"):
        crossing.pointer("logits", tensor, torch.float32, 2, 3)


def test_the_tensor_that_c_believes_is_taken() -> None:
    tensor = torch.zeros(2, 3)
    assert crossing.pointer("logits", tensor, torch.float32, 2, 3) == tensor.data_ptr()


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**70, 1.0, float("nan"), "3", None])
def test_what_is_no_size_is_refused(number: Any) -> None:
    """faults.md A6"""
    with pytest.raises(DecodingError, match=r"beams=.* is not a whole number from 1 to 2147483647"):
        crossing.count("beams", number)


@pytest.mark.parametrize("values", [[2**40], ["a"], [[1], [2, 3]], [None], [float("nan")]], ids=str)
def test_what_are_no_ids_is_refused(values: Any) -> None:
    """faults.md A6"""
    with pytest.raises(DecodingError, match="cannot be read as int32"):
        crossing.numbers(values, torch.int32)


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
    """faults.md A6: where a tensor's address is taken, the tensor was made for C some lines before."""
    places = {
        (path.name, ast.unparse(node.func.value))
        for path in ROOMS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "data_ptr"
    }
    assert {name for name, _ in places} == {"contents.py", "crossing.py", "library.py", "packed.py"}
    # The digest of a model's weights takes as many bytes as each tensor says that it has.
    # Whatever came from elsewhere goes through `pointer`; these were made by `buffer`, or by the line before.
    assert {what for name, what in places if name == "packed.py"} == {"logits", "rows", "weights"}


ONE_STEP = """
import sys, torch
from clearhead.decoding.packed import packed
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
config = TransformerConfig(
    source_vocabulary=11, target_vocabulary=13, width=8, heads=2, inner_width=8, encoder_layers=1, decoder_layers=1,
    max_length=9, share_embeddings="target"
)
step = packed(EncoderDecoder(config, seed=1).eval(), "fp32").begin([[1, 2]], 1, 5)
rows, token = (int(one) for one in sys.argv[1:])
try:
    step(torch.full((rows, 1), token))
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
import random, sys, torch
from clearhead.decoding.packed import packed
from clearhead.decoding.shortlist import Lists
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig
sizes = dict(width=8, heads=2, inner_width=8, encoder_layers=1, decoder_layers=2, max_length=9)
draw, most = random.Random(int(sys.argv[1])), int(sys.argv[2])
models = []
for positions in ("sinusoidal", "rotary"):
    config = TransformerConfig(
        source_vocabulary=11, target_vocabulary=13, positions=positions, share_embeddings="target", **sizes
    )
    models.append(packed(EncoderDecoder(config, seed=1).eval(), "fp32"))
ODD = (-1, -2**31, -2**63, 13, 14, 2**31, 2**32, 2**32 + 1, 2**63 - 1, 10**6)

def size(most=4):
    return draw.choice((draw.randint(1, most),) * 9 + (0, -1, 7, 2**31, 1.5, float("nan"), None, "a"))

def ids(shape, limit, dtype=torch.int64):
    values = torch.randint(0, limit, shape, dtype=dtype)
    if draw.random() < 0.2 and values.numel():
        bounds = torch.iinfo(dtype)
        values.view(-1)[draw.randrange(values.numel())] = min(max(draw.choice(ODD), bounds.min), bounds.max)
    if draw.random() < 0.1:
        values = values.to(draw.choice((torch.int32, torch.float32, torch.uint8, torch.bool)))
    if draw.random() < 0.05:
        values = values.to(draw.choice(("meta", "cpu")))
    if draw.random() < 0.05:
        values = draw.choice((values.cpu().tolist(), values.numpy(), None)) if values.device.type == "cpu" else None
    return values

def shape(*right):
    right = [max(0, one + draw.choice((0,) * 12 + (1, -1, 40))) for one in right]
    return right if draw.random() < 0.95 else draw.choice((right[:-1], [*right, 1], []))

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
    torch.manual_seed(draw.randrange(10**6))
    model, count = draw.choice(models), draw.randint(1, 3)
    sources = [[draw.randrange(11) for _ in range(draw.randint(1, 9))] for _ in range(count)]
    if draw.random() < 0.2:
        draw.choice(sources).append(draw.choice((*ODD, 1.5, None, 3, 3, 3)))
    if draw.random() < 0.05:
        draw.choice(sources).clear()
    lists = None
    if draw.random() < 0.3:
        lists = Lists(ids(shape(count, 5), 13, torch.int32), ids(shape(count), 5, torch.int32) , 13)
        if isinstance(lists.counts, torch.Tensor) and draw.random() < 0.8:
            lists = lists._replace(counts=lists.counts + 1)
    rows = [count, size()]
    step = attempt(model.begin, sources, rows[1], size(9), size(3), lists)
    for _ in range(draw.randint(1, 12) if step else 0):
        attempt(step, ids(shape(*rows), 13))
        if draw.random() < 0.7:
            kept, width = draw.randint(1, 3), draw.randint(1, 4)
            before = refused
            attempt(step.select, ids(shape(kept), max(1, rows[0])), ids(shape(kept, width), max(1, rows[1])))
            if refused == before:
                rows = list(step._rows)
print("alive", done > most // 2, refused > most // 2)
"""


@pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
@pytest.mark.parametrize("seed", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_no_shape_id_or_size_makes_a_crash(seed: int) -> None:
    """faults.md A6: what a step function is asked is answered or refused in one line, thousands of times."""
    most = 20_000 if seed == 3 else 300
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(seed), str(most)], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive True True\n"), done.stderr
