"""From a corpus to the batches that a run reads, epoch after epoch."""

import itertools
from collections.abc import Iterator

import numpy as np

from clearhead.data import Batch, EpochCorpus, MergeDropout, ParallelCorpus, collate, collate_packed, pack, plan
from clearhead.training.checkpoint import TrainState
from clearhead.training.run_inputs import RunInputs


def batches_from(state: TrainState, inputs: RunInputs) -> Iterator[Batch]:
    """The batches from `state` on, without end; the state follows."""
    while True:
        for batch in _rest_of_epoch(state, inputs):
            state.batch += 1
            yield batch
        state.epoch, state.batch = state.epoch + 1, 0


def _rest_of_epoch(state: TrainState, inputs: RunInputs) -> Iterator[Batch]:
    training, tokenizer = inputs.recipe.training, inputs.target_tokenizer
    corpus = _corpus_of(state.epoch, inputs)
    lengths = corpus.source.lengths, corpus.target.lengths
    seed, epoch, weights = training.seed, state.epoch, inputs.training.weights
    if training.packing:
        rows, length = training.packed_shape
        packed = pack(*lengths, rows=rows, length=length, seed=seed, epoch=epoch, weights=weights)
        for one in itertools.islice(packed, state.batch, None):
            yield collate_packed(corpus, one, length, tokenizer.begin, tokenizer.padding)
    else:
        planned = plan(*lengths, batch_tokens=training.batch_tokens, seed=seed, epoch=epoch, weights=weights)
        for indices in planned[state.batch :]:
            yield collate(corpus, indices, tokenizer.begin, tokenizer.padding)


def _corpus_of(epoch: int, inputs: RunInputs) -> ParallelCorpus:
    """The training corpus as it is in one epoch: its words stand in other pieces in each, where the recipe says so."""
    corpus, rate = inputs.training, inputs.recipe.text.merge_dropout
    if not rate:
        return corpus
    common = {"longest": inputs.longest, "seed": inputs.recipe.training.seed, "epoch": epoch}
    source, target = (
        MergeDropout(file, np.array(tokenizer.merge_parents), rate, side=side, **common)
        for side, (file, tokenizer) in enumerate(
            [(corpus.source, inputs.source_tokenizer), (corpus.target, inputs.target_tokenizer)]
        )
    )
    return EpochCorpus(source, target)
