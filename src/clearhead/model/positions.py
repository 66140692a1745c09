"""Where a token stands: sinusoidal positions in each layout, learned ones, and rotary ones in both layouts."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from clearhead.errors import ConfigError
from clearhead.model import tables
from clearhead.model.config import BlockConfig

# Where vectors stand: the position of the first, which the others follow, or the position of each one.
Start = int | Int[Tensor, "batch length"]


def sinusoidal(positions: int, width: int) -> Float[Tensor, "positions width"]:
    """Sines and cosines in turn: see `tables.sinusoidal`. Source: "Attention Is All You Need", section 3.5."""
    return torch.from_numpy(tables.sinusoidal(positions, width))


def sinusoidal_concatenated(positions: int, width: int) -> Float[Tensor, "positions width"]:
    """All sines, then all cosines: see `tables.sinusoidal_concatenated`. Source: tensor2tensor."""
    return torch.from_numpy(tables.sinusoidal_concatenated(positions, width))


def restarted(segments: Int[Tensor, "rows length"]) -> Int[Tensor, "rows length"]:
    """Each place's position in its own segment, which begins wherever the number changes; 0 in segment 0, padding."""
    places = torch.arange(segments.shape[1], device=segments.device).expand_as(segments)
    begins = torch.ones_like(segments, dtype=torch.bool)
    begins[:, 1:] = segments[:, 1:] != segments[:, :-1]
    latest = (places * begins).cummax(dim=1).values
    return (places - latest) * (segments != 0)


class Positions(nn.Module):
    """The vectors that are added to the embeddings, from a fixed table or a learned one."""

    table: Tensor

    def __init__(self, config: BlockConfig, width: int | None = None) -> None:
        super().__init__()
        width = config.width if width is None else width
        self.kind, self.shift = config.positions, config.position_shift
        if config.positions == "learned":
            self.table = nn.Parameter(torch.empty(config.max_length, width, dtype=torch.float32))
        else:
            table = torch.from_numpy(tables.LAYOUTS[config.positions](config.max_length, width))
            # Not persistent: a formula need not be stored with the weights.
            self.register_buffer("table", table, persistent=False)

    def forward(self, start: Start, length: int, sequences: int = 1) -> Float[Tensor, "*batch length width"]:
        """The rows start … start + length - 1, or each one's own. Raises ConfigError past the table's end.

        In training each of so many sequences is shifted by a number of its own, where the config says so.
        """
        if self.training and self.shift:
            start = self._shifted(start, length, sequences)
        return rows_of(self.table, start, length)

    def _shifted(self, start: Start, length: int, sequences: int) -> Int[Tensor, "sequences length"]:
        """As far as the table has room: `start` is 0 here, or a position in a row of this length."""
        device = self.table.device
        most = max(0, min(self.shift, self.table.shape[0] - length))
        shifts = torch.randint(most + 1, (sequences, 1), device=device)
        places = start if isinstance(start, Tensor) else start + torch.arange(length, device=device)
        return places + shifts


class Rotary(nn.Module):
    """Turns each pair of numbers (2i, 2i+1) of a query or key by its position times base^(-2i/d_k).

    The dot product of a turned query and a turned key then depends on their distance only. With positions
    "rotary-halves" pairs are (i, i + d_k/2) instead, which is the same for matrices whose rows are ordered so, as
    Llama's files have them.
    Source: Su et al. 2021, "RoFormer", equation 34.
    """

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.in_halves = config.positions == "rotary-halves"
        self.settings = _turning(config)
        cosine, sine = map(torch.from_numpy, tables.rotary(config))
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)

    def forward(
        self, vectors: Float[Tensor, "batch heads length head_width"], start: Start = 0
    ) -> Float[Tensor, "batch heads length head_width"]:
        """Turn vectors that stand at start, start + 1, …, or each at its own. Raises ConfigError past max_length."""
        length = vectors.shape[-2]
        cosine, sine = (rows_of(table, start, length).unsqueeze(-3) for table in (self.cosine, self.sine))
        if self.in_halves:
            first, second = vectors.chunk(2, dim=-1)
            return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
        even, odd = vectors[..., 0::2], vectors[..., 1::2]
        return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


def _turning(config: BlockConfig) -> dict[str, Any]:
    """What says how a pair of numbers is turned, for a trace; of scaling only what there is."""
    layout = "halves" if config.positions == "rotary-halves" else "neighbours"
    found: dict[str, Any] = {"layout": layout, "base": config.rotary_base, "width": config.head_width}
    if config.rotary_scaling != "none":
        found["factor"] = config.rotary_factor
    if config.rotary_scaling == "llama3":
        found |= {"low": config.rotary_low_turns, "high": config.rotary_high_turns}
        found["trained"] = config.rotary_trained_length
    return found


def rows_of(table: Float[Tensor, "positions width"], start: Start, length: int) -> Float[Tensor, "*batch length width"]:
    """A table's rows for `length` positions from `start` on. Raises ConfigError past its end.

    Where each position is given, the caller has seen to it that there is room: looking would make a device wait.
    """
    if isinstance(start, Tensor):
        return F.embedding(start, table)
    require_room(start + length, table.shape[0])
    return table[start : start + length]


def require_room(length: int, max_length: int) -> None:
    """Raise ConfigError where a sequence is longer than the model has positions."""
    if length > max_length:
        raise ConfigError(
            f"a sequence of {length} tokens is longer than the model's max_length={max_length}; "
            f"shorten it, or train with a larger max_length"
        )
