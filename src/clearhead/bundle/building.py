"""From the weights of a file to a model in PyTorch."""

import torch

from clearhead.bundle.fitting import require_listed
from clearhead.errors import UsageError
from clearhead.runtimes.stored import StoredWeights
from clearhead.tasks import Model, task_for

# Some devices' errors go on for a page.
_MOST_SAID = 200


def build(stored: StoredWeights, device: str) -> Model:
    """The model with these weights, on a device such as "cpu". Raises UsageError where that cannot be used."""
    # Whatever the caller has set: a model that is loaded in inference mode, too, can be used outside of it.
    with torch.inference_mode(False):
        with torch.device("cpu"), torch.no_grad():
            model = task_for(stored.config).new_model(stored.config)
            require_listed(model, stored.config)
            for name, parameter in model.named_parameters():
                parameter.copy_(torch.from_numpy(stored[name]))
            model.eval()
        return put(model, device)


def put(model: Model, device: str) -> Model:
    """Move a model to a device, itself. Raises UsageError where that cannot be used; the model is then where it was."""
    before = next(model.parameters()).device
    try:
        if torch.device(device).type == "meta":
            raise RuntimeError("it holds no numbers")
        with torch.inference_mode(False):
            return model.to(device)
    except (RuntimeError, AssertionError) as error:
        model.to(before)
        problem = " ".join(str(error).split())[:_MOST_SAID].rstrip(". ")
        raise UsageError(
            f"device={device!r} cannot be used ({problem}); choose cpu, or cuda where there is one"
        ) from None
