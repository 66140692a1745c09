"""The compiled functions against PyTorch's, and against themselves in other company."""

import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from clearhead.native import compiler
from clearhead.native.library import BF16, FP32, INT8, Library, Matrix, library

pytestmark = pytest.mark.skipif(compiler.find_compiler() is None, reason="this machine has no C compiler")
TILES_IN_C = "-DCLEARHEAD_TILES_IN_C"
SIZES = st.tuples(st.integers(1, 30), st.integers(1, 70), st.integers(1, 100))


def functions() -> Library:
    found = library()
    assert found is not None
    return found


def most_probable(
    by: Library, logits: Tensor, suppressed: tuple[int, ...], count: int, lists: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """Of "rows tokens" or "sentences beams tokens": the log-probabilities and the tokens, of the same dimensions."""
    given = logits if logits.dim() == 3 else logits[None]
    arrays = None if lists is None else (lists[0].numpy(), lists[1].numpy())
    found = by.most_probable(given.numpy(), suppressed, count, arrays)
    values, tokens = (torch.from_numpy(one).view(*logits.shape[:-1], count) for one in found)
    return values, tokens


def product(
    kind: int, rows: Tensor, weight: Tensor, bias: Tensor, threads: int = 1, by: Library | None = None
) -> Tensor:
    by, matrix = by or functions(), Matrix()
    assert by.prepack(matrix, kind, *weight.shape, weight.data_ptr(), bias.data_ptr()) == 0
    result = torch.empty(len(rows), len(weight))
    work = torch.empty(by.workspace_bytes(matrix, len(rows)), dtype=torch.uint8)
    by.matmul(matrix, rows.data_ptr(), len(rows), result.data_ptr(), work.data_ptr(), threads)
    by.prepacked_free(matrix)
    return result


def drawn(rows: int, inputs: int, outputs: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows + 100 * inputs + 10_000 * outputs)
    shapes = ((rows, inputs), (outputs, inputs), (outputs,))
    first, weight, bias = (torch.randn(shape, generator=generator) for shape in shapes)
    return first, weight, bias


@given(SIZES)
def test_fp32_products(sizes: tuple[int, int, int]) -> None:
    rows, weight, bias = drawn(*sizes)
    exact = F.linear(rows.double(), weight.double(), bias.double())
    torch.testing.assert_close(product(FP32, rows, weight, bias).double(), exact, atol=1e-5, rtol=1e-5)


@given(SIZES)
def test_bf16_products(sizes: tuple[int, int, int]) -> None:
    """Factors rounded to bfloat16, to the nearest; the sums in float32."""
    rows, weight, bias = drawn(*sizes)
    exact = F.linear(rows.bfloat16().double(), weight.bfloat16().double(), bias.double())
    torch.testing.assert_close(product(BF16, rows, weight, bias).double(), exact, atol=1e-5, rtol=1e-5)


def whole_numbers(matrix: Tensor) -> Tensor:
    """Each row as the multiples of a 127th of its greatest magnitude that are nearest, in float64."""
    scale = matrix.abs().amax(dim=1, keepdim=True).double() / 127
    return (matrix / scale).round() * scale


@given(SIZES)
def test_int8_products(sizes: tuple[int, int, int]) -> None:
    """Whole numbers times a scale for each row of either factor. A tie may round either way: one unit of slack."""
    rows, weight, bias = drawn(*sizes)
    exact = F.linear(whole_numbers(rows), whole_numbers(weight), bias.double())
    unit = rows.abs().amax() * weight.abs().amax() / 127
    torch.testing.assert_close(product(INT8, rows, weight, bias).double(), exact, atol=1.01 * float(unit), rtol=0)


@pytest.mark.parametrize("kind", [FP32, BF16, INT8])
def test_rows_and_weights_of_zeros(kind: int) -> None:
    rows, weight, bias = torch.zeros(3, 8), torch.zeros(5, 8), torch.arange(5.0)
    assert torch.equal(product(kind, rows, weight, bias), bias.expand(3, 5))


@pytest.mark.parametrize("kind", [FP32, BF16, INT8])
@given(SIZES)
def test_a_row_depends_on_no_other(kind: int, sizes: tuple[int, int, int]) -> None:
    rows, weight, bias = drawn(*sizes)
    together = product(kind, rows, weight, bias)
    for number in range(len(rows)):
        assert torch.equal(product(kind, rows[number : number + 1], weight, bias)[0], together[number])


@pytest.mark.parametrize("kind", [FP32, BF16, INT8])
def test_threads_change_nothing(kind: int) -> None:
    rows, weight, bias = drawn(40, 128, 300)
    assert torch.equal(product(kind, rows, weight, bias, threads=3), product(kind, rows, weight, bias))


@pytest.mark.parametrize("besides", ["", "-mno-avx512f"])
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="AMX is of x86")
def test_tiles_compute_the_same(besides: str, compile_variant: Callable[[str], Path]) -> None:
    """AMX's instructions in plain C, by Intel's manual: this processor may have none. Int8 is summed exactly, so its
    results are equal to the last bit; a row in bfloat16 is summed as 16 are, beside whatever it stands."""
    tiled = Library(str(compile_variant(f"{TILES_IN_C} {besides}")))
    for sizes in ((1, 1, 1), (15, 64, 32), (16, 64, 33), (17, 130, 70), (33, 31, 31), (40, 70, 97), (64, 96, 64)):
        rows, weight, bias = drawn(*sizes)
        found, plain = product(INT8, rows, weight, bias, by=tiled), product(INT8, rows, weight, bias)
        torch.testing.assert_close(found, plain, atol=1e-5, rtol=1e-6)
        assert torch.equal(found[:3], product(INT8, rows[:3], weight, bias, by=tiled))  # In tiles and without.
        assert torch.equal(found, product(INT8, rows, weight, bias, threads=2, by=tiled))
        exact = F.linear(rows.bfloat16().double(), weight.bfloat16().double(), bias.double())
        found = product(BF16, rows, weight, bias, by=tiled)
        torch.testing.assert_close(found.double(), exact, atol=2e-5, rtol=1e-5)
        for number in range(len(rows)):
            assert torch.equal(product(BF16, rows[number : number + 1], weight, bias, by=tiled)[0], found[number])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names are those of x86's instructions")
@pytest.mark.parametrize("without", ["-mno-avx512f", "-mno-avx512f -mno-avx2"])
def test_processors_with_fewer_instructions_compute_the_same(
    without: str, compile_variant: Callable[[str], Path]
) -> None:
    """Registers of 256 and of 128 bits, whole numbers with an instruction of their own and without: what this
    processor itself would never take, but can run. Whole numbers are summed exactly, so only the last bits differ."""
    other = Library(str(compile_variant(without)))
    for sizes in ((1, 1, 1), (13, 42, 70), (30, 70, 31), (6, 64, 16)):
        rows, weight, bias = drawn(*sizes)
        for kind in (FP32, BF16, INT8):
            found = product(kind, rows, weight, bias, by=other)
            torch.testing.assert_close(found, product(kind, rows, weight, bias), atol=2e-5, rtol=1e-5)
            assert torch.equal(product(kind, rows[:1], weight, bias, by=other), found[:1])
    logits = torch.randn(3, 70, generator=torch.Generator().manual_seed(1)) * 5
    values, tokens = most_probable(other, logits, (), 4)
    expected = logits.double().log_softmax(-1).topk(4)
    torch.testing.assert_close(values.double(), expected.values, atol=2e-6, rtol=0)
    assert torch.equal(tokens, expected.indices)


@given(st.integers(1, 9), st.integers(1, 70), st.integers(1, 12))
def test_most_probable(rows: int, vocabulary: int, count: int) -> None:
    count = min(count, vocabulary)
    logits = torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(vocabulary)) * 5
    values, tokens = most_probable(functions(), logits, (), count)
    expected = logits.double().log_softmax(-1).topk(count)
    torch.testing.assert_close(values.double(), expected.values, atol=2e-6, rtol=0)
    assert torch.equal(tokens, expected.indices)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 90), st.integers(1, 6), st.integers(0, 99))
def test_most_probable_of_lists(sentences: int, beams: int, longest: int, count: int, seed: int) -> None:
    """Each sentence's first numbers are those of its list, and the others are not read."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(sentences, beams, longest, generator=generator) * 5
    sizes = torch.randint(1, longest + 1, (sentences,), generator=generator, dtype=torch.int32)
    lists = torch.stack([torch.randperm(999, generator=generator)[:longest] for _ in range(sentences)]).int()
    for number, size in enumerate(sizes.tolist()):
        logits[number, :, size:] = math.nan
    values, tokens = most_probable(functions(), logits, (), count, (lists, sizes))
    for number, size in enumerate(sizes.tolist()):
        kept = min(count, size)
        expected = logits[number, :, :size].double().log_softmax(-1).topk(kept)
        torch.testing.assert_close(values[number, :, :kept].double(), expected.values, atol=2e-6, rtol=0)
        assert torch.equal(tokens[number, :, :kept], lists[number][expected.indices].long())
        assert (values[number, :, kept:] == -math.inf).all()


def test_suppressed_tokens_of_lists_are_named_by_their_ids() -> None:
    lists = torch.tensor([[4, 7, 9]], dtype=torch.int32), torch.tensor([3], dtype=torch.int32)
    tokens = most_probable(functions(), torch.tensor([[[1.0, 3.0, 2.0]]]), (7, 1), 2, lists)[1]
    assert tokens.tolist() == [[[9, 4]]]


def test_suppressed_tokens_are_not_chosen_and_keep_their_share() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    values, tokens = most_probable(functions(), logits, (3, 1), 3)
    assert tokens[0, :2].tolist() == [2, 0]
    normalizer = math.log(sum(math.exp(x) for x in (1, 2, 3, 4)))
    assert values[0, :2].tolist() == pytest.approx([3 - normalizer, 1 - normalizer], abs=1e-6)
    assert values[0, 2] == -math.inf
    assert logits.tolist() == [[1.0, 2.0, 3.0, 4.0]]


def test_of_equal_tokens_the_first_comes_first() -> None:
    assert most_probable(functions(), torch.zeros(2, 40), (0,), 3)[1].tolist() == [[1, 2, 3]] * 2


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 99))
def test_as_many_as_a_wide_beam_asks_for(vocabulary: int, count: int, seed: int) -> None:
    """faults.md A17. Against a stable sort, with few different numbers, so that many are equal."""
    logits = torch.randint(-3, 3, (2, vocabulary), generator=torch.Generator().manual_seed(seed)).float()
    tokens = most_probable(functions(), logits, (), min(count, vocabulary))[1]
    expected = logits.sort(dim=-1, descending=True, stable=True).indices
    assert torch.equal(tokens, expected[:, : tokens.shape[1]])


@pytest.mark.parametrize("place", [0, 39])
def test_what_is_not_a_number_is_not_hidden(place: int) -> None:
    logits = torch.zeros(1, 40)
    logits[0, place] = math.nan
    assert most_probable(functions(), logits, (), 2)[0].isnan().all()


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), st.integers(1, 3), st.integers(0, 99))
def test_continuations(sentences: int, rows: int, choices: int, beams: int, seed: int) -> None:
    """Against sorting all sums in Python; token 0 ends. Parents are counted over all sentences."""
    generator = torch.Generator().manual_seed(seed)
    totals = torch.randn(sentences, rows, generator=generator, dtype=torch.float64)
    values = torch.randn(sentences, rows, choices, generator=generator).sort(descending=True).values
    tokens = torch.randint(0, 4, values.shape, generator=generator)
    found, live, _ = functions().continuations(totals.numpy(), values.numpy(), tokens.numpy(), 2 * beams, beams, 0)
    for number in range(sentences):
        everything = sorted(
            (
                (
                    totals[number, row].item() + values[number, row, choice].item(),
                    number * rows + row,
                    tokens[number, row, choice].item(),
                )
                for row in range(rows)
                for choice in range(choices)
            ),
            reverse=True,
        )[: 2 * beams]
        given_back = zip(found[2][number].tolist(), found[0][number].tolist(), found[1][number].tolist(), strict=True)
        assert list(given_back) == everything
        going_on = [one for one in everything if one[2] != 0][:beams]
        alive = list(zip(live[2][number].tolist(), live[0][number].tolist(), live[1][number].tolist(), strict=True))
        assert alive[: len(going_on)] == going_on
        assert all(total == -math.inf for total, _, _ in alive[len(going_on) :])


def test_continuations_do_not_hide_what_is_not_a_number() -> None:
    values = np.array([[[-1.0, -2.0], [math.nan, math.nan]]], np.float32)
    found, live, _ = functions().continuations(np.zeros((1, 2)), values, np.ones((1, 2, 2), np.int64), 4, 2, 0)
    assert np.isnan(found[2]).all()
    assert np.isnan(live[2]).all()


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARHEAD_OFF", "native")
    assert library.__wrapped__() is None


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="AMX is of x86")
@pytest.mark.parametrize("precision", ["int8", "bf16"])
def test_a_whole_model_in_tiles(precision: str, compile_variant: Callable[[str], Path]) -> None:
    """Through every layer: rows of sources, of a batch's targets, and the output layer."""
    lines = "".join(f"{line}\n" for line in ("The dog sleeps.", "I am tired.", "The cats that you see are small.") * 7)
    more = ["--confidence"] if precision == "int8" else []  # Sums in bfloat16 differ in their last bits.
    found = []
    for flags in ("", TILES_IN_C):
        library = compile_variant(flags)
        environ = {**os.environ, "CLEARHEAD_CACHE": str(library.parents[1])}
        command = [sys.executable, "-m", "clearhead", "translate", "street", "--to", "fr", "--precision", precision]
        done = subprocess.run(
            [*command, *more], input=lines, capture_output=True, text=True, env=environ, check=True, timeout=300
        )
        assert "compiling" not in done.stderr
        found.append(done.stdout.splitlines())
    assert len(found[0]) == 21
    assert found[0] == found[1]
