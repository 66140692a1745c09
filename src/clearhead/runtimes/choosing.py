"""The most probable tokens of each row, by PyTorch: where logits are on a device, only the choice leaves it."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.runtimes.runtime import Bans, require_vocabulary
from clearhead.text.utf8 import FURTHEST, Standing

# How many neighbouring tokens are looked at by their greatest value first.
_BLOCK = 128
_MOST_TABLES = 8


class Chosen(NamedTuple):
    log_probabilities: Float[Tensor, "sentences beams choices"]
    tokens: Int[Tensor, "sentences beams choices"]


class Chooser:
    """Chooses on one device, to which the automaton's table is copied once."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._tables: dict[int, tuple[object, Tensor]] = {}

    def log_softmax(self, logits: Float[Tensor, "*rows vocabulary"]) -> Float[Tensor, "*rows vocabulary"]:
        # bfloat16 could not tell candidates apart; float64 logits stay what they are.
        return logits.log_softmax(-1, dtype=torch.promote_types(logits.dtype, torch.float32))

    def best(self, log_probabilities: Float[Tensor, "sentences beams vocabulary"], count: int, bans: Bans) -> Chosen:
        """What `runtime.best_of` gives, but that of equal tokens any may come first."""
        banned = self.banned(bans, log_probabilities.shape)
        # Masked after the softmax: a score stays the probability that the model gave, the same that scoring computes.
        return most_probable(log_probabilities.masked_fill(banned, -math.inf), count)

    def banned(self, bans: Bans, shape: torch.Size) -> Bool[Tensor, "sentences #beams vocabulary"]:
        """True for what may not be written; made for all beams at once where it is the same for them."""
        vocabulary = shape[-1]
        banned = torch.zeros(shape[0], 1, vocabulary, dtype=torch.bool, device=self.device)
        banned[..., list(bans.suppressed)] = True
        if bans.standing is not None:
            require_vocabulary(bans.standing, vocabulary)
            banned = banned | self._broken(bans.standing)
        if bans.forced is not None:
            forced = torch.as_tensor(bans.forced, device=self.device)[:, None, None]
            others = torch.arange(vocabulary, device=self.device) != forced
            banned = torch.where(forced >= 0, others, banned)
        return banned

    def _broken(self, standing: Standing) -> Bool[Tensor, "sentences beams vocabulary"]:
        states = torch.as_tensor(standing.states, device=self.device)
        if standing.furthest is None:
            return self.table(standing)[states] > FURTHEST[-1]
        return self.table(standing)[states] > torch.as_tensor(standing.furthest, device=self.device)[:, None, None]

    def table(self, standing: Standing) -> Tensor:
        """The automaton's ("states vocabulary"), here."""
        key = id(standing.table)
        if key not in self._tables:
            if len(self._tables) == _MOST_TABLES:
                self._tables.clear()
            # With the array itself, whose number nobody else can have then.
            self._tables[key] = standing.table, torch.tensor(standing.table, dtype=torch.uint8, device=self.device)
        return self._tables[key][1]


def most_probable(log_probabilities: Float[Tensor, "sentences beams vocabulary"], count: int) -> Chosen:
    """The `count` most probable tokens of each row, most probable first; all, if they are fewer.

    They are among the `count` blocks of tokens whose greatest values are the greatest. So all are read once, to find
    the blocks; `topk` reads them a dozen times.
    """
    vocabulary = log_probabilities.shape[-1]
    whole = vocabulary // _BLOCK
    if whole <= count:
        return Chosen(*log_probabilities.topk(min(count, vocabulary)))
    in_blocks = log_probabilities[..., : whole * _BLOCK].view(*log_probabilities.shape[:-1], whole, _BLOCK)
    greatest = in_blocks.amax(-1)
    if rest := vocabulary - whole * _BLOCK:
        greatest = torch.cat((greatest, log_probabilities[..., -rest:].amax(-1, keepdim=True)), dim=-1)
    blocks = greatest.topk(count, sorted=False).indices
    inside = torch.arange(_BLOCK, device=blocks.device)
    tokens = (blocks[..., None] * _BLOCK + inside).flatten(-2)
    values = log_probabilities.gather(-1, tokens.clamp(max=vocabulary - 1))
    values, places = values.masked_fill(tokens >= vocabulary, -math.inf).topk(count)
    return Chosen(values, tokens.gather(-1, places))
