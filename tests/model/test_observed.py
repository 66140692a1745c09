"""The seam through which a run is seen."""

import torch
from torch import Tensor

from clearhead.model import EncoderDecoder, Observed, TransformerConfig, unseen


def model() -> EncoderDecoder:
    sizes = {"width": 8, "heads": 2, "inner_width": 12, "encoder_layers": 1, "decoder_layers": 1}
    return EncoderDecoder(TransformerConfig(source_vocabulary=9, target_vocabulary=9, **sizes)).eval()


def watch(model: EncoderDecoder) -> dict[str, Tensor]:
    """Record what every module shows, under its path."""
    seen: dict[str, Tensor] = {}
    for path, module in model.named_modules():
        if isinstance(module, Observed):
            module.observer = lambda name, tensor, path=path: seen.setdefault(f"{path}.{name}", tensor)
    return seen


def test_nothing_is_called_and_nothing_stored_while_nobody_watches() -> None:
    tensor = torch.ones(2)
    assert unseen("any", tensor) is tensor
    assert Observed().see("any", tensor) is tensor
    assert not any("observer" in name for name in model().state_dict())


def test_every_tensor_has_its_module_s_path_and_no_result_changes() -> None:
    source, target = torch.tensor([[4, 5, 2]]), torch.tensor([[1, 6]])
    watched = model()
    expected = watched(source, target)
    seen = watch(watched)
    torch.testing.assert_close(watched(source, target), expected, rtol=0, atol=1e-5)
    for name in ("scores", "scaled", "masked", "weights", "context", "query", "key", "value", "concatenated", "output"):
        assert f"encoder.layers.0.self_attention.{name}" in seen
        assert f"decoder.layers.0.cross_attention.{name}" in seen
    for name in ("source_embedding.sum", "encoder.memory", "decoder.layers.0.feed_forward.activated", "output.logits"):
        assert name in seen
    assert seen["decoder.layers.0.cross_attention.weights"].shape == (1, 2, 2, 3)


def test_what_the_observer_returns_goes_on() -> None:
    """A run in which the memory is patched to zeros forgets its source."""
    patched = model()
    patched.encoder.observer = lambda name, tensor: torch.zeros_like(tensor)
    target = torch.tensor([[1, 6]])
    logits = [patched(torch.tensor([source]), target) for source in ([4, 5, 2], [7, 8, 2])]
    assert torch.equal(*logits)
