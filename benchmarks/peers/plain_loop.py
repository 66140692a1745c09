"""The plainest loop that trains a model of torch well, for toolkits that are models without a `train` of their own."""

import sys
from collections.abc import Callable

import torch
import torch.nn.functional as F
from task import Batch, Task, measure
from torch import Tensor, nn


def train(model: nn.Module, logits: Callable[[Tensor, Tensor], Tensor], task: Task, seconds: float) -> None:
    """Train and print the speed. `logits` takes source and shifted target ids and gives those of each next token.

    Where "bf16" is among the command's arguments, torch's autocast multiplies in it.
    """
    padding = task.settings["padding"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), fused=True)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled="bf16" in sys.argv)

    def step(batch: Batch) -> None:
        source, target = torch.from_numpy(batch.source), torch.from_numpy(batch.target)
        with autocast:
            scores = logits(source, target[:, :-1])
        wanted = target[:, 1:].flatten()
        loss = F.cross_entropy(scores.flatten(0, 1).float(), wanted, ignore_index=padding, label_smoothing=0.1)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    measure(step, task.batches(), seconds, warm_up=5)
