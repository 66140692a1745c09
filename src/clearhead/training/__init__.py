"""From a recipe to a bundle: loss, schedule, optimiser, loop, checkpoints, validation."""

from clearhead.tasks.examples import Sample
from clearhead.training.callbacks import Callback, Callbacks, Progress
from clearhead.training.checkpoint import TrainState
from clearhead.training.checkpoint_averaging import Averaged, AveragedModel, average_models
from clearhead.training.choosing_checkpoints import best_checkpoints, last_checkpoints
from clearhead.training.logs import CsvLog, TensorBoardLog
from clearhead.training.loop import train
from clearhead.training.loss import cross_entropy
from clearhead.training.result import TrainingResult
from clearhead.training.run_inputs import RunInputs
from clearhead.training.seeds import SeedsResult, train_seeds
from clearhead.training.trying import DryRun, dry_run
from clearhead.training.validation import Validation

__all__ = [
    "Averaged",
    "AveragedModel",
    "Callback",
    "Callbacks",
    "CsvLog",
    "DryRun",
    "Progress",
    "RunInputs",
    "Sample",
    "SeedsResult",
    "TensorBoardLog",
    "TrainState",
    "TrainingResult",
    "Validation",
    "average_models",
    "best_checkpoints",
    "cross_entropy",
    "dry_run",
    "last_checkpoints",
    "train",
    "train_seeds",
]
