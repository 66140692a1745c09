"""From stored weights to a model: on a device that is there, in whatever mode the caller is."""

from pathlib import Path

import pytest
import torch

from clearhead.bundle import load
from clearhead.bundle.building import build
from clearhead.errors import BundleError, UsageError
from clearhead.model import feed_forward
from clearhead.model.config import BlockConfig
from clearhead.runtimes.stored import StoredWeights


@pytest.fixture
def stored(run_folder: Path) -> StoredWeights:
    return StoredWeights(run_folder / "bundle" / "model.safetensors", load(run_folder).config)


def test_it_has_the_files_weights_and_does_not_train(stored: StoredWeights) -> None:
    model = build(stored, "cpu")
    assert not model.training
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, torch.from_numpy(stored[name]))


def test_it_can_be_trained_wherever_it_was_built(stored: StoredWeights) -> None:
    """faults.md C14: built within inference mode, or where another kind of number is the default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode():
            model = build(stored, "cpu")
    finally:
        torch.set_default_dtype(before)
    assert all(one.dtype == torch.float32 and one.requires_grad for one in model.parameters())
    model.output.matrix.weight.sum().backward()


def test_a_device_that_is_not_there(stored: StoredWeights) -> None:
    with pytest.raises(UsageError, match="device='nowhere' cannot be used") as caught:
        build(stored, "nowhere")
    assert "\n" not in str(caught.value)


def test_a_model_whose_code_was_edited_alone(stored: StoredWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parameter that no bundle has: its name was a traceback."""
    built = feed_forward.FeedForward.__init__

    def edited(self: feed_forward.FeedForward, config: BlockConfig) -> None:
        built(self, config)
        self.temperature = torch.nn.Parameter(torch.ones(2))

    monkeypatch.setattr(feed_forward.FeedForward, "__init__", edited)
    with pytest.raises(BundleError, match=r"feed_forward\.temperature of shape .* list its weights in model/shapes.py"):
        build(stored, "cpu")
