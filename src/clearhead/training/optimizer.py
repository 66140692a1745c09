"""AdamW under a schedule, with clipping, and an update that is skipped where a gradient is not finite."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from clearhead.recipe import Optimizer
from clearhead.training.schedule import LearningRate


class Updater:
    """Scale → clip → skip what is not finite → update: the second half of a training step.

    Nothing here is read by the host, so that steps can follow each other on a device without waiting: `skipped` (all so
    far), `skipped_in_a_row` and `most_in_a_row` (since they were last read) are tensors; `read_skips` reads them.

    Source: Adam, Kingma and Ba 2015; decoupled weight decay, Loshchilov and Hutter 2019; section 5.3 of the paper.
    """

    def __init__(self, model: nn.Module, settings: Optimizer, rate: LearningRate) -> None:
        self.parameters = dict(model.named_parameters())
        device = next(iter(self.parameters.values())).device
        self.settings = settings
        self.rate = rate
        self.skipped = torch.zeros((), device=device)
        self.skipped_in_a_row = torch.zeros((), device=device)
        self.most_in_a_row = torch.zeros((), device=device)
        self.optimizer = torch.optim.AdamW(
            _groups(self.parameters, settings.weight_decay),
            lr=torch.tensor(0.0, device=device),
            betas=settings.betas,
            eps=settings.epsilon,
            fused=True,
        )

    def update(self, step: int, tokens: Tensor) -> None:
        """Apply the gradients that the backward passes have summed over `tokens` real target tokens, and clear them."""
        gradients = [parameter.grad for parameter in self.parameters.values() if parameter.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients) / tokens
        bad = (~torch.isfinite(norm)).float()
        clip = self.settings.clip
        shrink = torch.ones_like(norm) if clip is None else (clip / (norm + 1e-6)).clamp(max=1.0)
        for group in self.optimizer.param_groups:
            group["lr"].fill_(self.rate(step))
        # The fused kernel divides by grad_scale and leaves everything as it is where found_inf is 1.
        fused = cast(Any, self.optimizer)
        fused.grad_scale, fused.found_inf = tokens / shrink, bad
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.skipped += bad
        self.skipped_in_a_row = (self.skipped_in_a_row + bad) * bad
        self.most_in_a_row = torch.maximum(self.most_in_a_row, self.skipped_in_a_row)

    def read_skips(self) -> tuple[int, int]:
        """How many updates were skipped in all, and the most in a row since this was last asked."""
        found = int(self.skipped), int(self.most_in_a_row)
        self.most_in_a_row = self.skipped_in_a_row.clone()
        return found

    def state(self) -> dict[str, Tensor]:
        """The moments and step counts under their parameters' names, to be stored."""
        counts = {name: getattr(self, name) for name in ("skipped", "skipped_in_a_row", "most_in_a_row")}
        moments = {
            f"{name}/{key}": value
            for name, parameter in self.parameters.items()
            for key, value in self.optimizer.state[parameter].items()
        }
        return counts | moments

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave."""
        for name in ("skipped", "skipped_in_a_row", "most_in_a_row"):
            setattr(self, name, state[name].to(self.skipped.device, copy=True))
        for name, parameter in self.parameters.items():
            if f"{name}/step" not in state:
                continue  # Before the first step there is nothing yet.
            self.optimizer.state[parameter] = {
                key: state[f"{name}/{key}"].to(parameter.device, copy=True) for key in ("step", "exp_avg", "exp_avg_sq")
            }


def _groups(parameters: dict[str, nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases and normalisations do not: pulling those towards zero is no simplification."""
    matrices = [parameter for parameter in parameters.values() if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters.values() if parameter.ndim <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
