"""From the weights of a file to a model in PyTorch."""

import torch

from clearhead.errors import UsageError
from clearhead.model import EncoderDecoder
from clearhead.runtimes.stored import StoredWeights


def build(stored: StoredWeights, device: str) -> EncoderDecoder:
    """The model with these weights, on a device such as "cpu". Raises UsageError where that cannot be used."""
    # Whatever the caller has set: a model that is loaded in inference mode, too, can be used outside of it.
    with torch.inference_mode(False):
        with torch.device("cpu"), torch.no_grad():
            model = EncoderDecoder(stored.config)
            for name, parameter in model.named_parameters():
                parameter.copy_(torch.from_numpy(stored[name]))
        try:
            return model.eval().to(device)
        except (RuntimeError, AssertionError) as error:
            raise UsageError(
                f"device={device!r} cannot be used ({error}); choose cpu, or cuda where there is one"
            ) from None
