"""Many sentences at once: batches by length and budget, the model as a step function, answers in the input's order."""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from clearhead.bounds import real, whole
from clearhead.decoding.beam import Watch, beam_search
from clearhead.decoding.device_model import DeviceModel, prepared
from clearhead.decoding.options import SearchOptions
from clearhead.decoding.packed import PackedModel
from clearhead.decoding.sampling import sample
from clearhead.decoding.search import Hypothesis, Prefixes, StepFunction, checked_prefixes, make_hypothesis
from clearhead.decoding.shortlist import Lists, Shortlist
from clearhead.decoding.utf8 import Utf8Automaton
from clearhead.decoding.weights import require_finite
from clearhead.errors import DecodingError
from clearhead.model import DecoderCache, EncoderDecoder, TransformerConfig, masks_for, padding_mask

Progress = Callable[[int, int], None]
Ids = Sequence[Sequence[int]]
Model = EncoderDecoder | PackedModel | DeviceModel
Result = TypeVar("Result")
DEFAULT_BATCH_TOKENS = 4096
# A GPU is idle with a hundred rows at a time and busy with a thousand.
DEVICE_BATCH_TOKENS = 32_768


@dataclass(frozen=True)
class LengthLimit:
    """The greatest number of target tokens, the end token included: factor · source tokens + extra.

    Source tokens count the source's end token. The paper allows the input's length + 50 (section 6.1). The model's own
    limit caps the result, and a forced prefix raises it to the prefix and one token more.
    """

    factor: float = 2.0
    extra: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", real("factor", self.factor))
        object.__setattr__(self, "extra", whole("extra", self.extra))
        if self.factor + self.extra < 1:
            raise DecodingError(
                f"length limit {self.factor} · source + {self.extra} may leave no token; "
                "choose a factor and an extra of 0 or more with a sum of 1 or more, such as 2 and 20"
            )

    def tokens(self, source_tokens: int, prefix_tokens: int, model_limit: int) -> int:
        return min(max(int(self.factor * source_tokens) + self.extra, prefix_tokens + 1), model_limit)


class ModelStep:
    """A model and its cache, seen as the step function that search knows.

    allowed: the tokens that each sentence may have; the logits of all others are -inf. None where it may have all.
    """

    def __init__(
        self, model: EncoderDecoder, cache: DecoderCache, allowed: Bool[Tensor, "sentences vocabulary"] | None = None
    ) -> None:
        self.model, self.cache, self.allowed = model, cache, allowed

    def __call__(self, tokens: Int[Tensor, "sentences beams"]) -> Float[Tensor, "sentences beams vocabulary"]:
        logits = self.model.step(tokens, self.cache)
        return logits if self.allowed is None else logits.masked_fill(~self.allowed[:, None], -math.inf)

    def select(self, sentences: Int[Tensor, "kept"], beams: Int[Tensor, "kept new_beams"]) -> None:
        self.cache.select(sentences, beams)
        if self.allowed is not None:
            self.allowed = self.allowed[sentences]


def begin(
    model: Model,
    sources: Ids,
    beams: int,
    capacity: int,
    padding: int,
    threads: int,
    lists: Lists | None,
) -> StepFunction:
    """A step function that has read these sources, for at most `capacity` target positions."""
    if isinstance(model, PackedModel):
        return model.begin(sources, beams, capacity, threads, lists)
    if isinstance(model, DeviceModel):
        model = model.model
    source = padded(sources, padding, device_of(model))
    mask = padding_mask(source, padding)
    allowed = None if lists is None else lists.mask().to(source.device)
    return ModelStep(model, model.begin(model.encode(source, mask), mask, beams), allowed)


def translate_ids(
    model: Model,
    sources: Ids,
    options: SearchOptions,
    *,
    padding: int = 0,
    prefixes: Prefixes | None = None,
    numbers: Sequence[int] | None = None,
    length_limit: LengthLimit | None = None,
    shortlist: Shortlist | None = None,
    batch_tokens: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> list[list[Hypothesis]]:
    """Translate every source; for each, in the input's order, its best hypotheses, best first.

    Beam search, greedy where `options.beam_size` is 1, sampling where `options.sampling` is given. What comes out does
    not depend on the order of the sources, on `batch_tokens`, or on what else is translated.

    A model on a CUDA GPU is prepared for it first (`DeviceModel`), and kept so until a weight is changed.

    sources: ids as the encoder reads them, each with its end token. prefixes: for each, target tokens to begin with.
    numbers: the sources' numbers among all that are translated; 0, 1, 2, … where not given. Errors name them, and draws
        of sampling differ by them.
    shortlist: lets each sentence have only the target tokens that its source tokens may become, its prefix, the end
        token and, where `options.utf8` is given, the bytes that end a character; log-probabilities then are shared out
        among these.
    batch_tokens: a batch's sentences × hypotheses × longest source, padding included, stay within it; where not given,
        4,096 on a CPU and 32,768 on a GPU.
    workers: how many batches to translate at once, sharing the cores that torch is set to use. Where not given, a
        packed model has a worker for each core and batch; another model has one, whose products use all cores.
    progress: called after each batch with the number of sentences done and of all.
    watch: is told of every step of a beam search; with one batch and one worker, so of one source, its steps are in
        order.
    Raises DecodingError for a source or prefix that the model cannot take, for a setting out of its bounds, and for
    weights that are no numbers.
    """
    budget = None if batch_tokens is None else whole("batch_tokens", batch_tokens)
    wanted = None if workers is None else whole("workers", workers)
    if isinstance(model, EncoderDecoder):
        require_finite(model)
        model = prepared(model)
    own = range(len(sources)) if numbers is None else numbers
    check_ids("source", sources, own, model.config.source_vocabulary, model.config.max_length)
    check_options(options, model.config.target_vocabulary)
    check_shortlist(shortlist, model.config)
    shortlist = spelling(shortlist, options.utf8)
    prefixes = [()] * len(sources) if prefixes is None else prefixes
    if len(prefixes) != len(sources):
        raise DecodingError(f"{len(prefixes)} prefixes for {len(sources)} sources; give one for each, or none")
    check_ids("prefix", prefixes, own, model.config.target_vocabulary, model.config.max_length, at_least=0)
    max_lengths = greatest_lengths(model, sources, prefixes, length_limit or LengthLimit(), options.utf8)
    prefixes = checked_prefixes(max_lengths, options, prefixes)
    rows = options.beam_size if options.sampling is None else options.top_beams
    device = device_of(model)
    taken = model.source_length if isinstance(model, DeviceModel) else int
    widths = [taken(len(source)) * rows for source in sources]
    planned = list(batches(widths, budget or default_batch_tokens(model)))
    cores = torch.get_num_threads()
    wanted = wanted or (cores if isinstance(model, PackedModel) else 1)
    workers = max(1, min(wanted, len(planned)))
    threads = max(1, cores // workers)

    def translate(numbers: Sequence[int]) -> list[list[Hypothesis]]:
        chosen, limits = [sources[n] for n in numbers], [max_lengths[n] for n in numbers]
        forced = [prefixes[n] for n in numbers]
        # A device's own search knows neither prefixes nor shortlists, draws nothing, and is not watched.
        usual = options.sampling is None and watch is None and shortlist is None and not any(forced)
        if isinstance(model, DeviceModel) and usual:
            return model.search(chosen, limits, options, padding)
        # Search begins with one row a sentence and widens when hypotheses differ; sampling needs all from the start.
        beams = 1 if options.sampling is None else rows
        lists = None
        if shortlist is not None:
            lists = shortlist.lists(chosen, [(options.end, *prefix) for prefix in forced])
        step = begin(model, chosen, beams, max(limits), padding, threads, lists)
        if options.sampling is not None:
            return sample(step, limits, options, numbers=[own[n] for n in numbers], prefixes=forced, device=device)
        return beam_search(step, limits, options, prefixes=forced, device=device, watch=watch)

    return in_batches(model, planned, translate, progress, workers)


def score_ids(
    model: EncoderDecoder,
    sources: Ids,
    targets: Ids,
    options: SearchOptions,
    *,
    ended: Sequence[bool] | None = None,
    numbers: Sequence[int] | None = None,
    padding: int = 0,
    batch_tokens: int | None = None,
    progress: Progress | None = None,
) -> list[Hypothesis]:
    """The score that each given target would have had as a translation of its source, the end token included.

    All positions at once, as in training, without a cache: equal within rounding to what `translate_ids` reports.

    targets: ids without begin and without end. Of the options, begin, end and length_penalty count.
    ended: for each target, False where it stopped before its end, which then is not part of it; None for all True.
    numbers: as in `translate_ids`.
    batch_tokens: a batch's sentences × longest source or target, padding included, stay within it, 2,048 where it is
    not given; the logits of a batch take 4 · batch_tokens · vocabulary bytes. Raises DecodingError for ids that the
    model cannot take.
    """
    if len(sources) != len(targets):
        raise DecodingError(f"{len(sources)} sources but {len(targets)} targets; give one target for each source")
    limit = model.config.max_length
    own = range(len(sources)) if numbers is None else numbers
    check_ids("source", sources, own, model.config.source_vocabulary, limit)
    check_options(options, model.config.target_vocabulary)
    # Begin is read and the last token is not, so as many tokens fit as there are positions, an end among them.
    room = limit - 1 if ended is None else limit
    check_ids("target", targets, own, model.config.target_vocabulary, room, at_least=0)
    ends = [[options.end] if one else [] for one in ended or [True] * len(targets)]
    wanted = [[*target, *end] for target, end in zip(targets, ends, strict=True)]

    def score(numbers: Sequence[int]) -> list[Hypothesis]:
        source = padded([sources[number] for number in numbers], padding, device_of(model))
        chosen = [wanted[number] for number in numbers]
        inputs = padded([[options.begin, *ids[:-1]] for ids in chosen], padding, source.device)
        logits = model(source, inputs, masks_for(source, inputs, padding))
        log_probabilities = logits.log_softmax(-1, dtype=torch.promote_types(logits.dtype, torch.float32))
        values = log_probabilities.gather(-1, padded(chosen, padding, source.device)[..., None])[..., 0].tolist()
        return [make_hypothesis(ids, row[: len(ids)], options) for ids, row in zip(chosen, values, strict=True)]

    widths = [max(len(source), len(target)) for source, target in zip(sources, wanted, strict=True)]
    budget = DEFAULT_BATCH_TOKENS // 2 if batch_tokens is None else whole("batch_tokens", batch_tokens)
    return in_batches(model, list(batches(widths, budget)), score, progress)


def default_batch_tokens(model: Model) -> int:
    return DEFAULT_BATCH_TOKENS if device_of(model).type == "cpu" else DEVICE_BATCH_TOKENS


def greatest_lengths(
    model: Model, sources: Ids, prefixes: Prefixes, limit: LengthLimit, utf8: Utf8Automaton | None
) -> list[int]:
    """For each sentence, the greatest number of target tokens; a prefix has room to end its last character."""
    dues = [utf8.due(prefix) if utf8 is not None and prefix else 0 for prefix in prefixes]
    return [
        limit.tokens(len(source), len(prefix) + due, model.config.max_length)
        for source, prefix, due in zip(sources, prefixes, dues, strict=True)
    ]


def spelling(shortlist: Shortlist | None, utf8: Utf8Automaton | None) -> Shortlist | None:
    """The shortlist with the single bytes that end a character, without which a search might find no way to go on."""
    if shortlist is None or utf8 is None or shortlist.always_has(utf8.continuing):
        return shortlist
    return replace(shortlist, always=np.union1d(shortlist.always, utf8.continuing))


def in_batches(
    model: Model,
    planned: Sequence[Sequence[int]],
    work: Callable[[Sequence[int]], Sequence[Result]],
    progress: Progress | None,
    workers: int = 1,
) -> list[Result]:
    """What `work` makes of every sentence number in these batches, in the order of the numbers."""

    @torch.inference_mode()  # which each thread sets for itself
    def worked(numbers: Sequence[int]) -> Sequence[Result]:
        return work(numbers)

    results: dict[int, Result] = {}
    total = sum(map(len, planned))
    with evaluating(model), ThreadPoolExecutor(workers) as pool:
        done = map(worked, planned) if workers == 1 else pool.map(worked, planned)
        try:
            for numbers, found in zip(planned, done, strict=True):
                results.update(zip(numbers, found, strict=True))
                if progress is not None:
                    progress(len(results), total)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [results[number] for number in range(total)]


def batches(widths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Sentence numbers by falling width, in batches whose size × greatest width stays within the budget.

    Longest first, so that the batch that needs the most memory comes before any work is lost to it. A sentence that is
    wider than the budget is a batch of its own.
    """
    batch: list[int] = []
    for number in sorted(range(len(widths)), key=lambda number: -widths[number]):
        if batch and (len(batch) + 1) * widths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def padded(ids: Ids, padding: int, device: torch.device) -> Int[Tensor, "sentences length"]:
    """The sentences as one tensor, each filled up at its end."""
    longest = max(len(sentence) for sentence in ids)
    return torch.tensor([[*sentence, *[padding] * (longest - len(sentence))] for sentence in ids], device=device)


@contextmanager
def evaluating(model: Model) -> Iterator[None]:
    """Without dropout; afterwards every module trains or does not, as before."""
    modules = model.modules() if isinstance(model, EncoderDecoder) else ()
    training = [module for module in modules if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def device_of(model: Model) -> torch.device:
    if isinstance(model, EncoderDecoder):
        return next(model.parameters()).device
    return model.device if isinstance(model, DeviceModel) else torch.device("cpu")


def check_ids(
    what: str, sentences: Ids, numbers: Sequence[int], vocabulary: int, limit: int, at_least: int = 1
) -> None:
    """Raise DecodingError for the first sentence whose ids the model could not read, named by its number."""
    for number, ids in zip((number + 1 for number in numbers), sentences, strict=True):
        if not at_least <= len(ids) <= limit:
            raise DecodingError(
                f"sentence {number}: its {what} has {len(ids)} tokens but the model takes {at_least} to {limit}; "
                + ("split it into shorter ones" if len(ids) > limit else "give it at least its end token")
            )
        if ids and not 0 <= min(ids) <= max(ids) < vocabulary:
            raise DecodingError(
                f"sentence {number}: its {what} has ids from {min(ids)} to {max(ids)} but the model knows 0 to "
                f"{vocabulary - 1}; use the tokenizer that the model was trained with"
            )


def check_options(options: SearchOptions, vocabulary: int) -> None:
    """Raise DecodingError if an id that the options name is not in the model's target vocabulary."""
    if options.utf8 is not None and options.utf8.vocabulary != vocabulary:
        raise DecodingError(
            f"utf8 is for a vocabulary of {options.utf8.vocabulary} ids but the model's has {vocabulary}; "
            "use the tokenizer that the model was trained with"
        )
    greatest = max(options.begin, options.end, *options.suppressed)
    if greatest >= vocabulary:
        raise DecodingError(
            f"begin, end or suppressed names id {greatest} but the model's target vocabulary has {vocabulary} ids; "
            "use the tokenizer that the model was trained with"
        )


def check_shortlist(shortlist: Shortlist | None, config: TransformerConfig) -> None:
    """Raise DecodingError if a shortlist was made for other vocabularies than the model's."""
    if shortlist is None:
        return
    known = shortlist.source_vocabulary, shortlist.target_vocabulary
    if known != (config.source_vocabulary, config.target_vocabulary):
        raise DecodingError(
            f"the shortlist is for vocabularies of {known[0]} and {known[1]} ids but the model has "
            f"{config.source_vocabulary} and {config.target_vocabulary}; use the one that was made for this model"
        )
