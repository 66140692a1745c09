"""What training computes of a masked language model equals what the model says itself, its gradients too."""

import pytest
import torch
import torch.nn.functional as F

from clearhead.data import MaskedBatch
from clearhead.model import EncoderOnly, EncoderOnlyConfig
from clearhead.tasks.masked_language_modelling.learning import predicting_vectors, weight_and_bias
from clearhead.training.loss import linear_cross_entropy, static_linear_cross_entropy

BATCH = MaskedBatch(
    torch.tensor([[1, 3, 5, 2], [1, 6, 2, 0]]), torch.tensor([1, 2, 5]), torch.tensor([4, 5, 6]), 3, padding=0
)


def model(**changes: object) -> EncoderOnly:
    sizes = {"vocabulary": 9, "width": 8, "heads": 2, "inner_width": 8, "layers": 1, "dropout": 0.0, **changes}
    made = EncoderOnly(EncoderOnlyConfig(**sizes), seed=3).double()  # type: ignore[arg-type]
    if made.output is not None and made.output.bias is not None:
        torch.nn.init.normal_(made.output.bias, generator=torch.Generator().manual_seed(1))
    return made


@pytest.mark.parametrize("loss", [linear_cross_entropy, static_linear_cross_entropy])
@pytest.mark.parametrize(
    "changes", [{}, {"bias": False}, {"masked_head": "plain"}, {"share_embeddings": False}], ids=str
)
def test_loss_and_gradients_are_torchs(changes: dict[str, object], loss: object) -> None:
    """At the masked places alone; the bias of the last layer learns as it would in the model's own call."""
    ours, theirs = model(**changes), model(**changes)
    found = loss(predicting_vectors(ours, BATCH), weight_and_bias(ours), BATCH.target_output, padding=0)  # type: ignore[operator]
    mask = (BATCH.ids != 0)[:, None, None, :]
    logits = theirs(BATCH.ids, mask).logits
    expected = F.cross_entropy(logits.flatten(0, 1)[[1, 2, 5]], BATCH.target_output, reduction="sum")
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-9)
    torch.autograd.backward(found)
    torch.autograd.backward(expected)
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None), name
        if one.grad is not None and other.grad is not None:
            assert torch.allclose(one.grad, other.grad, atol=1e-12), name
    assert ours.output is not None
    assert ours.output.bias is None or (ours.output.bias.grad != 0).any()
