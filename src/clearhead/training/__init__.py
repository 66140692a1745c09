"""From a recipe to a bundle: loss, schedule, optimiser, loop, checkpoints, validation."""

from clearhead.training.checkpoint import Position
from clearhead.training.loop import train
from clearhead.training.loss import cross_entropy
from clearhead.training.preparation import Materials
from clearhead.training.reporting import Progress, Reporter, Silent
from clearhead.training.validation import Validation

__all__ = [
    "Materials",
    "Position",
    "Progress",
    "Reporter",
    "Silent",
    "Validation",
    "cross_entropy",
    "train",
]
