"""AdamW or Muon under a schedule, with clipping, and an update that is skipped where a gradient is not finite."""

from collections.abc import Collection, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from clearhead.recipe import OptimizerSettings
from clearhead.training.flat_parameters import FlatParameters
from clearhead.training.heads import is_of_head
from clearhead.training.muon import Muon
from clearhead.training.schedule import LearningRate


class OptimizerStep:
    """Scale → clip → skip what is not finite → update: the second half of a training step.

    Nothing here is read by the host, so that steps can follow each other on a device without waiting: `skipped` (all so
    far), `skipped_in_a_row` and `most_in_a_row` (since they were last read) are tensors; `read_skips` reads them. All
    tensors stay where they are, so that an update may be recorded once and replayed.

    Source: Adam, Kingma and Ba 2015; decoupled weight decay, Loshchilov and Hutter 2019; section 5.3 of the paper.
    """

    def __init__(
        self,
        flat: FlatParameters[Any],
        settings: OptimizerSettings,
        rate: LearningRate,
        matrix_rate: LearningRate | None = None,
        head_rate: LearningRate | None = None,
        matmul_dtype: torch.dtype | None = None,
    ) -> None:
        """matrix_rate: that of the matrices which Muon updates, head_rate that of heads; `rate` where None is given.

        matmul_dtype: in what Muon multiplies; None for float32.
        """
        device = flat.values.device
        self.flat = flat
        self.settings = settings
        self.rate, self._matrix_rate = rate, matrix_rate or rate
        # In float32 whatever numbers the caller has set as torch's own: a rate in bfloat16 would be another one.
        self.skipped = torch.zeros((), dtype=torch.float32, device=device)
        self.skipped_in_a_row = torch.zeros((), dtype=torch.float32, device=device)
        self.most_in_a_row = torch.zeros((), dtype=torch.float32, device=device)
        self._muon, others = None, [flat.matrices]
        names, outside = flat.inside_layers()
        if settings.name == "muon" and names:
            others, values, gradients = outside, flat.views(flat.values), flat.views(flat.gradients)
            self._muon = Muon(
                {name: values[name] for name in names},
                {name: gradients[name] for name in names},
                settings.weight_decay,
                matmul_dtype or torch.float32,
            )
        # Matrices decay; biases and normalisations do not: pulling those towards zero is no simplification.
        pieces = (
            [piece for part in others for piece in flat.apart(part, flat.partial.__contains__)]
            if flat.partial
            else [(part, False) for part in others]
        )
        decays = (
            *((part, 0.0 if is_partial else settings.weight_decay) for part, is_partial in pieces),
            (flat.vectors, 0.0),
        )
        # Without a rate of their own, heads are no group of their own.
        apart = is_of_head if head_rate is not None else lambda name: False
        groups = [
            (piece, decay, is_head)
            for part, decay in decays
            if part.start < part.stop
            for piece, is_head in flat.apart(part, apart)
        ]
        # AdamW must have something, also where Muon has all that learns, as of adapters.
        groups = groups or [(slice(0, 0), 0.0, False)]
        self._parts = [part for part, _, _ in groups]
        self._rates = [head_rate if is_head and head_rate is not None else rate for _, _, is_head in groups]
        self.optimizer = torch.optim.AdamW(
            [
                # Each has a rate of its own: a default's tensor would be one for all.
                {"params": [_part(flat, part)], "weight_decay": decay, "lr": _number(device)}
                for part, decay, _ in groups
            ],
            lr=_number(device),
            betas=settings.betas,
            eps=settings.epsilon,
            fused=True,
        )

    def prepare(self, step: int) -> None:
        """Set the learning rate of update number `step`."""
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            group["lr"].fill_(rate(step))
        if self._muon is not None:
            self._muon.rate.fill_(self._matrix_rate(step))

    def update(self, tokens: Tensor) -> None:
        """Apply the gradients that the backward passes have summed over `tokens` real target tokens, and clear them."""
        # In parts, and then of the parts: in float32 a sum of millions of squares loses its last terms.
        norm = torch.nn.utils.get_total_norm(torch.split(self.flat.gradients, _PART)) / tokens
        bad = (~torch.isfinite(norm)).float()
        clip = self.settings.clip
        shrink = torch.ones_like(norm) if clip is None else (clip / (norm + 1e-6)).clamp(max=1.0)
        # AdamW wants to know whether it is being recorded, and warns where it is told so and is not.
        recorded = bad.is_cuda and torch.cuda.is_current_stream_capturing()
        for group in self.optimizer.param_groups:
            group["capturable"] = recorded
        # The fused kernel divides by grad_scale and leaves everything as it is where found_inf is 1.
        fused = cast(Any, self.optimizer)
        fused.grad_scale, fused.found_inf = tokens / shrink, bad
        self.optimizer.step()
        if self._muon is not None:
            self._muon.update(shrink / tokens, bad)
        self.flat.gradients.zero_()
        self.skipped += bad
        self.skipped_in_a_row.add_(bad).mul_(bad)
        torch.maximum(self.most_in_a_row, self.skipped_in_a_row, out=self.most_in_a_row)

    def read_skips(self) -> tuple[int, int]:
        """How many updates were skipped in all, and the most in a row since this was last asked."""
        found = int(self.skipped), int(self.most_in_a_row)
        self.most_in_a_row.copy_(self.skipped_in_a_row)
        return found

    def state(self) -> dict[str, Tensor]:
        """The counts, and the moments under their parameters' names, to be stored."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        states = [self.optimizer.state[group["params"][0]] for group in self.optimizer.param_groups]
        if not all(states):
            return counts  # Before the first step there is nothing else.
        momenta = {} if self._muon is None else self._muon.state()
        moments = {f"{name}/{_MOMENTUM}": value for name, value in momenta.items()}
        for key in _MOMENTS:
            whole = torch.zeros_like(self.flat.values)
            for part, state in zip(self._parts, states, strict=True):
                whole[part] = state[key]
            moments |= {f"{name}/{key}": one for name, one in self.flat.views(whole).items() if name not in momenta}
        return counts | {"step": states[0]["step"]} | moments

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave."""
        for name in _COUNTS:
            getattr(self, name).copy_(state[name])
        if state.keys() == set(_COUNTS):
            return  # Before the first step there is nothing else.
        device = self.flat.values.device
        names: Collection[str] = ()
        if self._muon is not None:
            names = self._muon.state().keys()
            self._muon.restore({name: state[f"{name}/{_MOMENTUM}"] for name in names})
        whole = {key: torch.zeros_like(self.flat.values) for key in _MOMENTS}
        for key, values in whole.items():
            for name, view in self.flat.views(values).items():
                if name not in names:
                    view.copy_(state[f"{name}/{key}"])
        for group, part in zip(self.optimizer.param_groups, self._parts, strict=True):
            moments = {key: value[part].clone() for key, value in whole.items()}
            self.optimizer.state[group["params"][0]] = {"step": state["step"].to(device, copy=True), **moments}


def _number(device: torch.device) -> Tensor:
    return torch.zeros((), dtype=torch.float32, device=device)


_PART = 1 << 16
_COUNTS = ("skipped", "skipped_in_a_row", "most_in_a_row")
_MOMENTS = ("exp_avg", "exp_avg_sq")
_MOMENTUM = "momentum"


def _part(flat: FlatParameters[Any], part: slice) -> nn.Parameter:
    """Some of a model's parameters as one that the optimiser can hold."""
    parameter = nn.Parameter(flat.values[part])
    parameter.grad = flat.gradients[part]
    return parameter
