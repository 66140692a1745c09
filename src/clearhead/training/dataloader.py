"""From a corpus to the batches that a run reads, epoch after epoch."""

from collections.abc import Iterator

from clearhead.tasks.examples import TrainingBatch
from clearhead.training.checkpoint import TrainState
from clearhead.training.run_inputs import RunInputs


def batches_from(state: TrainState, inputs: RunInputs) -> Iterator[TrainingBatch]:
    """The batches from `state` on, without end; the state follows."""
    while True:
        for batch in inputs.task.batches(inputs.recipe, inputs.training, inputs.tokenizers, state.epoch, state.batch):
            state.batch += 1
            yield batch
        state.epoch, state.batch = state.epoch + 1, 0
