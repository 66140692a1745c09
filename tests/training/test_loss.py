"""Label-smoothed cross-entropy: against the definition, by hand, and against torch's own gradients."""

import functools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from clearhead.training import loss as module

# As the tokenizers of these targets have it.
chunked_cross_entropy, cross_entropy, linear_cross_entropy, static_linear_cross_entropy = (
    functools.partial(one, padding=0)
    for one in (
        module.chunked_cross_entropy,
        module.cross_entropy,
        module.linear_cross_entropy,
        module.static_linear_cross_entropy,
    )
)


def by_definition(logits: Tensor, target: Tensor, smoothing: float) -> float:
    """Σ over real tokens of KL(q ‖ p) + H(q), where q is the smoothed target: 1 - ε on the token, ε/V on every one."""
    total = 0.0
    for row, token in zip(logits.double(), target.tolist(), strict=True):
        if token == 0:
            continue
        weights = [math.exp(value) for value in row.tolist()]
        p = [weight / sum(weights) for weight in weights]
        q = [smoothing / len(p) + (1 - smoothing) * (index == token) for index in range(len(p))]
        divergence = sum(a * math.log(a / b) for a, b in zip(q, p, strict=True) if a)
        entropy = -sum(a * math.log(a) for a in q if a)
        total += divergence + entropy
    return total


def test_three_tokens_by_hand() -> None:
    """p = (1/6, 2/6, 3/6), the token is 2, ε = 0.3: q = (0.1, 0.1, 0.8)."""
    logits = torch.tensor([[1.0, 2.0, 3.0]]).log()
    expected = -(0.1 * math.log(1 / 6) + 0.1 * math.log(2 / 6) + 0.8 * math.log(3 / 6))
    assert float(cross_entropy(logits, torch.tensor([2]), 0.3)) == pytest.approx(expected, rel=1e-6)


def test_without_smoothing_it_is_the_negative_log_probability() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 2.0]]).log()
    assert float(cross_entropy(logits, torch.tensor([2, 1]))) == pytest.approx(math.log(2) + math.log(4), rel=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_it_is_the_divergence_and_the_targets_entropy(smoothing: float) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(12, 7, generator=generator) * 3
    target = torch.tensor([1, 0, 6, 2, 0, 3, 4, 5, 1, 1, 0, 2])
    expected = by_definition(logits, target, smoothing)
    assert float(cross_entropy(logits, target, smoothing)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 700])
def test_in_chunks_to_judge_by(count: int) -> None:
    """faults.md C9: as torch's own of whole logits in float64, with padding anywhere."""
    generator = torch.Generator().manual_seed(count)
    vectors = torch.randn(1, count, 8, generator=generator)
    matrix = torch.randn(11, 8, generator=generator, requires_grad=True)
    target = torch.randint(0, 11, (1, count), generator=generator)
    logits = vectors[0].double() @ matrix.double().T
    expected = F.cross_entropy(logits, target[0], ignore_index=0, reduction="sum")
    found = chunked_cross_entropy(vectors, matrix, target)
    assert float(found) == pytest.approx(float(expected.detach()), rel=1e-6)
    assert not found.requires_grad


def test_padding_counts_for_nothing() -> None:
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([[1, 2, 0], [3, 0, 0]])
    real = logits.flatten(0, 1)[[0, 1, 3]]
    assert torch.allclose(cross_entropy(logits, target, 0.1), cross_entropy(real, torch.tensor([1, 2, 3]), 0.1))
    logits.requires_grad_()
    torch.autograd.backward(cross_entropy(logits, target, 0.1))
    assert logits.grad is not None
    assert not logits.grad[target == 0].any()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_sixteen_bits_are_summed_in_thirty_two(kind: torch.dtype) -> None:
    """A sum of 20,000 equal terms stops growing in 16 bits: float16 at 2,048, bfloat16 at 256."""
    logits = torch.zeros(3, 20_000, dtype=kind)
    loss = cross_entropy(logits, torch.tensor([1, 2, 3]), 0.1)
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(3 * math.log(20_000), rel=1e-6)


class TestLastLayer:
    """The loss through the last linear layer, which never holds all logits."""

    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    @pytest.mark.parametrize("rows", [1, 255, 700])
    def test_loss_and_gradients_are_torchs(self, smoothing: float, rows: int) -> None:
        """F.cross_entropy in float64, with autograd's gradients; 700 rows take several chunks."""
        generator = torch.Generator().manual_seed(rows)
        vectors = torch.randn(rows, 8, generator=generator)
        matrix = torch.randn(11, 8, generator=generator)
        target = torch.randint(0, 11, (rows,), generator=generator)
        target[0] = 3
        ours = [vectors.clone().requires_grad_(), matrix.clone().requires_grad_()]
        loss = linear_cross_entropy(ours[0], ours[1], target, smoothing)
        torch.autograd.backward(loss * 0.5)
        theirs = [vectors.double().requires_grad_(), matrix.double().requires_grad_()]
        reference = F.cross_entropy(
            theirs[0] @ theirs[1].T, target, ignore_index=0, reduction="sum", label_smoothing=smoothing
        )
        torch.autograd.backward(reference * 0.5)
        assert float(loss.detach()) == pytest.approx(float(reference.detach()), rel=1e-5)
        for one, other in zip(ours, theirs, strict=True):
            assert one.grad is not None
            assert other.grad is not None
            torch.testing.assert_close(one.grad.double(), other.grad, rtol=1e-4, atol=1e-4)

    def test_it_is_the_plain_one(self) -> None:
        generator = torch.Generator().manual_seed(1)
        vectors, matrix = torch.randn(2, 5, 8, generator=generator), torch.randn(9, 8, generator=generator)
        target = torch.tensor([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]])
        plain = cross_entropy(vectors @ matrix.T, target, 0.1)
        torch.testing.assert_close(linear_cross_entropy(vectors, matrix, target, 0.1), plain)

    def test_a_token_beyond_the_reach_of_a_probability(self) -> None:
        """exp(-200) is 0 in float32, but its logarithm is -200 all the same."""
        matrix = torch.tensor([[0.0], [0.0], [-200.0]])
        vectors = torch.ones(1, 1, requires_grad=True)
        loss = linear_cross_entropy(vectors, matrix, torch.tensor([2]))
        assert float(loss.detach()) == pytest.approx(200 + math.log(2), rel=1e-6)

    def test_the_small_loss_of_a_sure_model(self) -> None:
        """Each row's own token leads by 20: log(1 + 10·e⁻²⁰) is 2.06e-8 a row, beside logits of 100."""
        matrix, target = torch.eye(11) * 20.0, torch.arange(1, 11)
        vectors = torch.eye(11)[target] + 5.0
        exact = F.cross_entropy((vectors.double() @ matrix.double().T), target, reduction="sum")
        assert float(linear_cross_entropy(vectors, matrix, target)) == pytest.approx(float(exact), abs=1e-4)

    def test_factors_rounded_to_eight_bits(self) -> None:
        """Vectors and matrices of 8 bits lose nothing before the product; logits and gradients are rounded after it."""
        generator = torch.Generator().manual_seed(2)
        vectors = torch.randn(300, 8, generator=generator).bfloat16().float()
        matrix = torch.randn(11, 8, generator=generator).bfloat16().float()
        target = torch.randint(1, 11, (300,), generator=generator)
        ours = [vectors.clone().requires_grad_(), matrix.clone().requires_grad_()]
        theirs = [vectors.clone().requires_grad_(), matrix.clone().requires_grad_()]
        loss = linear_cross_entropy(ours[0], ours[1], target, 0.1, matmul_dtype=torch.bfloat16)
        reference = linear_cross_entropy(theirs[0], theirs[1], target, 0.1)
        assert loss.dtype == torch.float32
        assert float(loss.detach()) != float(reference.detach())
        assert float(loss.detach()) == pytest.approx(float(reference.detach()), rel=2**-9)
        for one in (loss, reference):
            torch.autograd.backward(one)
        for one, other in zip(ours, theirs, strict=True):
            assert one.grad is not None
            assert other.grad is not None
            torch.testing.assert_close(one.grad, other.grad, rtol=2**-6, atol=0.05)

    def test_nothing_but_padding(self) -> None:
        vectors = torch.randn(3, 4, requires_grad=True)
        loss = linear_cross_entropy(vectors, torch.randn(5, 4), torch.zeros(3, dtype=torch.long), 0.1)
        torch.autograd.backward(loss)
        assert float(loss.detach()) == 0.0
        assert vectors.grad is not None
        assert not vectors.grad.any()


class TestStatic:
    """The same without looking at what the targets are."""

    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    @pytest.mark.parametrize("vocabulary", [11, 64, 65])
    @pytest.mark.parametrize("rows", [1, 255, 700])
    def test_loss_and_gradients_are_torchs(self, rows: int, vocabulary: int, smoothing: float) -> None:
        """F.cross_entropy in float64, with autograd's gradients; a vocabulary of one tile, of less and of more."""
        generator = torch.Generator().manual_seed(rows)
        vectors = torch.randn(rows, 8, generator=generator, dtype=torch.float64)
        matrix = torch.randn(vocabulary, 8, generator=generator, dtype=torch.float64)
        target = torch.randint(0, vocabulary, (rows,), generator=generator)
        target[0] = 3
        ours = [vectors.clone().requires_grad_(), matrix.clone().requires_grad_()]
        theirs = [vectors.clone().requires_grad_(), matrix.clone().requires_grad_()]
        loss = static_linear_cross_entropy(ours[0], ours[1], target, smoothing)
        reference = F.cross_entropy(
            theirs[0] @ theirs[1].T, target, ignore_index=0, reduction="sum", label_smoothing=smoothing
        )
        for one in (loss, reference):
            torch.autograd.backward(one * 0.5)
        assert float(loss.detach()) == pytest.approx(float(reference.detach()), rel=1e-12)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one.grad, other.grad, rtol=1e-10, atol=1e-10)

    def test_large_logits_and_sure_models(self) -> None:
        """Logits of ±200 in float32: no infinity on the way, and what exp(-200) loses is not needed."""
        matrix = torch.tensor([[0.0], [200.0], [-200.0]])
        vectors = torch.ones(1, 2, 1, requires_grad=True)
        loss = static_linear_cross_entropy(vectors, matrix, torch.tensor([[2, 1]]))
        torch.autograd.backward(loss)
        assert float(loss.detach()) == pytest.approx(400, rel=1e-6)
        # The first row's gradient is (p - y)·matrix = 200 - -200, the second's nothing.
        assert vectors.grad is not None
        assert vectors.grad.flatten().tolist() == pytest.approx([400.0, 0.0], abs=1e-4)

    def test_factors_rounded_to_eight_bits(self) -> None:
        generator = torch.Generator().manual_seed(2)
        vectors = torch.randn(2, 150, 8, generator=generator).bfloat16().float().requires_grad_()
        matrix = torch.randn(70, 8, generator=generator).bfloat16().float().requires_grad_()
        target = torch.randint(0, 70, (2, 150), generator=generator)
        loss = static_linear_cross_entropy(vectors, matrix, target, 0.1, matmul_dtype=torch.bfloat16)
        reference = linear_cross_entropy(vectors, matrix, target, 0.1)
        assert loss.dtype == torch.float32
        assert float(loss.detach()) != float(reference.detach())
        assert float(loss.detach()) == pytest.approx(float(reference.detach()), rel=2**-9)
        ours, theirs = (torch.autograd.grad(one, (vectors, matrix)) for one in (loss, reference))
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=2**-6, atol=0.05)

    def test_nothing_but_padding(self) -> None:
        vectors = torch.randn(3, 4, requires_grad=True)
        loss = static_linear_cross_entropy(vectors, torch.randn(5, 4), torch.zeros(3, dtype=torch.long), 0.1)
        torch.autograd.backward(loss)
        assert float(loss.detach()) == 0.0
        assert vectors.grad is not None
        assert not vectors.grad.any()

    @pytest.mark.parametrize("limit", [100, 700])
    def test_as_many_chunks_as_a_gpu_has_room_for(self, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ten rows of 64 logits, of which at most so many are held at once."""
        monkeypatch.setattr(module, "_CHUNK", {})
        monkeypatch.setattr(module, "_LOGITS", {False: limit})
        vectors, matrix = torch.randn(10, 8, requires_grad=True), torch.randn(30, 8)
        target = torch.randint(1, 30, (10,))
        loss = static_linear_cross_entropy(vectors, matrix, target, 0.1)
        torch.testing.assert_close(loss, cross_entropy(vectors @ matrix.T, target, 0.1))

    @pytest.mark.slow
    def test_compiled_it_is_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As one graph, as torch's compiler sees it; 300 rows are two chunks, of two shapes."""
        compiled = torch.compile(module._static_loss_and_gradient, fullgraph=True, dynamic=False, backend="aot_eager")
        monkeypatch.setattr(module, "_compiled_static_loss", lambda: compiled)
        vectors, matrix = torch.randn(300, 8, requires_grad=True), torch.randn(30, 8, requires_grad=True)
        target = torch.randint(0, 30, (300,))
        results = []
        for choice in (True, False):
            loss = static_linear_cross_entropy(vectors, matrix, target, 0.1, compiled=choice)
            results.append((loss.detach(), *torch.autograd.grad(loss, (vectors, matrix))))
        for one, other in zip(*results, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["chunked_cross_entropy", "linear_cross_entropy", "static_linear_cross_entropy"])
def test_padding_may_be_no_id(name: str) -> None:
    """As where a model writes every id, its padding too: the places that are -1 count for nothing."""
    loss = getattr(module, name)
    vectors, matrix = torch.randn(4, 6), torch.randn(5, 6)
    found = loss(vectors, matrix, torch.tensor([0, -1, 4, -1]), padding=-1)
    expected = F.cross_entropy(vectors[[0, 2]] @ matrix.T, torch.tensor([0, 4]), reduction="sum")
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
