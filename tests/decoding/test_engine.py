"""Many sentences at once, with a tiny random model. Ids: 0 padding, 1 begin, 2 end, then words."""

import copy
import dataclasses
import math
import random
from typing import Any

import pytest
import torch
from torch import Tensor

from clearhead.decoding.beam import beam_search
from clearhead.decoding.engine import LengthLimit, batches, score_ids, translate_ids
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig, masks_for

PADDING, BEGIN, END = 0, 1, 2
VOCABULARY, MAX_LENGTH = 17, 16
POSITIONS = ["sinusoidal", "sinusoidal-concatenated", "learned", "rotary"]
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=4, top_beams=3)
GREEDY = dataclasses.replace(OPTIONS, beam_size=1, top_beams=1)
SAMPLE = dataclasses.replace(OPTIONS, sampling=Sampling(seed=5, top_k=9))


def tiny(positions: Any = "sinusoidal") -> EncoderDecoder:
    """Random, but sure enough of itself that translations differ from source to source and end at different times."""
    config = TransformerConfig(
        source_vocabulary=VOCABULARY,
        target_vocabulary=VOCABULARY,
        width=16,
        heads=2,
        inner_width=32,
        encoder_layers=1,
        decoder_layers=2,
        positions=positions,
        max_length=MAX_LENGTH,
        norm_placement="pre",
        share_embeddings="none",
    )
    model = EncoderDecoder(config, seed=24)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2)
    return model


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    return tiny()


@pytest.fixture(scope="module")
def sources() -> list[list[int]]:
    draw = random.Random(1)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(1, 11))), END] for _ in range(14)]


class UncachedStep:
    """Runs the whole decoder over the whole prefix of every hypothesis, at every step; it remembers ids only."""

    def __init__(self, model: EncoderDecoder, source: Tensor) -> None:
        self.model, self.source = model, source
        self.prefixes = torch.empty(len(source), 1, 0, dtype=torch.long)

    def __call__(self, tokens: Tensor) -> Tensor:
        self.prefixes = torch.cat((self.prefixes, tokens[..., None]), dim=-1)
        sentences, beams, length = self.prefixes.shape
        logits = self.model(self.source.repeat_interleave(beams, dim=0), self.prefixes.reshape(-1, length))
        return logits[:, -1].view(sentences, beams, -1)

    def select(self, sentences: Tensor, beams: Tensor) -> None:
        self.source = self.source[sentences]
        self.prefixes = self.prefixes[sentences[:, None], beams]


def tokens_of(found: Any) -> list[list[tuple[int, ...]]]:
    return [[hypothesis.tokens for hypothesis in hypotheses] for hypotheses in found]


def test_the_tiny_model_is_worth_testing_with(model: EncoderDecoder, sources: list[list[int]]) -> None:
    best = [hypotheses[0] for hypotheses in translate_ids(model, sources, OPTIONS)]
    assert len({hypothesis.tokens for hypothesis in best}) > 10
    assert len({len(hypothesis.tokens) for hypothesis in best if hypothesis.finished}) > 4


@pytest.mark.parametrize("options", [OPTIONS, GREEDY, SAMPLE], ids=["beam", "greedy", "sample"])
def test_translations_are_the_same_for_any_batch_size(
    model: EncoderDecoder, sources: list[list[int]], options: SearchOptions
) -> None:
    """One at a time there is no padding and there are no batch mates."""
    expected = tokens_of(translate_ids(model, sources, options, batch_tokens=1))
    for batch_tokens in (100, 100_000):
        assert tokens_of(translate_ids(model, sources, options, batch_tokens=batch_tokens)) == expected


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_translations_are_the_same_in_any_order(
    model: EncoderDecoder, sources: list[list[int]], options: SearchOptions
) -> None:
    order = random.Random(2).sample(range(len(sources)), len(sources))
    expected = tokens_of(translate_ids(model, sources, options))
    shuffled = tokens_of(translate_ids(model, [sources[number] for number in order], options))
    assert shuffled == [expected[number] for number in order]


def test_translations_are_the_same_beside_a_much_longer_sentence(
    model: EncoderDecoder, sources: list[list[int]]
) -> None:
    longer = [*[5] * (MAX_LENGTH - 1), END]
    beside = translate_ids(model, [longer, *sources], OPTIONS, batch_tokens=100_000)
    assert tokens_of(beside[1:]) == tokens_of(translate_ids(model, sources, OPTIONS))


@pytest.mark.parametrize("positions", POSITIONS)
def test_cached_steps_find_what_the_uncached_loop_finds(positions: str, sources: list[list[int]]) -> None:
    model = tiny(positions).eval()
    found = translate_ids(model, sources[:6], OPTIONS)
    for source, hypotheses in zip(sources, found, strict=False):
        limit = LengthLimit().tokens(len(source), 0, MAX_LENGTH)
        with torch.inference_mode():
            [expected] = beam_search(UncachedStep(model, torch.tensor([source])), [limit], OPTIONS)
        assert tokens_of([hypotheses]) == tokens_of([expected])
        for hypothesis, other in zip(hypotheses, expected, strict=True):
            assert hypothesis.token_log_probabilities == pytest.approx(other.token_log_probabilities, abs=1e-5)


@pytest.mark.parametrize("penalty", ["none", "mean:1.0", "gnmt:0.6"])
@pytest.mark.parametrize("options", [OPTIONS, GREEDY, SAMPLE], ids=["beam", "greedy", "sample"])
def test_scoring_a_translation_gives_the_score_that_it_had(
    model: EncoderDecoder, sources: list[list[int]], options: SearchOptions, penalty: str
) -> None:
    """In float64, in which reported scores are computed: a position at a time with a cache, or all at once."""
    model = copy.deepcopy(model).double()
    options = dataclasses.replace(options, length_penalty=LengthPenalty.parse(penalty))
    found = translate_ids(model, sources, options)
    pairs = [(s, h) for s, hypotheses in zip(sources, found, strict=True) for h in hypotheses if h.finished]
    assert len(pairs) >= 8
    scored = score_ids(model, [s for s, _ in pairs], [h.tokens[:-1] for _, h in pairs], options)
    for again, (_, hypothesis) in zip(scored, pairs, strict=True):
        assert again.tokens == hypothesis.tokens
        assert again.finished
        assert again.score == pytest.approx(hypothesis.score, rel=1e-12, abs=1e-12)


def test_a_score_is_the_sum_of_log_probabilities_one_sentence_at_a_time(
    model: EncoderDecoder, sources: list[list[int]]
) -> None:
    targets = [list(reversed(source[:-1])) for source in sources]
    options = dataclasses.replace(OPTIONS, length_penalty=LengthPenalty("none"))
    scored = score_ids(model, sources, targets, options, batch_tokens=90)
    model.eval()
    for source, target, hypothesis in zip(sources, targets, scored, strict=True):
        inputs, outputs = torch.tensor([[BEGIN, *target]]), torch.tensor([*target, END])
        with torch.no_grad():
            logits = model(torch.tensor([source]), inputs, masks_for(torch.tensor([source]), inputs))
        loss = torch.nn.functional.cross_entropy(logits[0], outputs, reduction="sum")
        assert hypothesis.score == pytest.approx(-loss.item(), rel=1e-6)
        assert len(hypothesis.token_log_probabilities) == len(target) + 1


def test_no_translation_is_longer_than_the_model_or_the_limit_allows(
    model: EncoderDecoder, sources: list[list[int]]
) -> None:
    never_ends = dataclasses.replace(GREEDY, end=16, suppressed=(PADDING, BEGIN))
    for hypotheses, source in zip(
        translate_ids(model, sources, never_ends, length_limit=LengthLimit(1.0, 2)), sources, strict=True
    ):
        assert len(hypotheses[0].tokens) <= len(source) + 2
    [[longest]] = translate_ids(model, sources[:1], never_ends, length_limit=LengthLimit(0.0, 10**6))
    assert len(longest.tokens) <= MAX_LENGTH


def test_a_length_limit_is_factor_times_source_plus_extra() -> None:
    """2 · 7 + 20 = 34; a prefix needs itself and one token more; the model's limit caps both."""
    assert LengthLimit().tokens(7, 0, 100) == 34
    assert LengthLimit(1.5, 1).tokens(7, 0, 100) == 11
    assert LengthLimit(0.0, 1).tokens(7, 5, 100) == 6
    assert LengthLimit().tokens(7, 0, 30) == 30
    with pytest.raises(DecodingError, match="may leave no token"):
        LengthLimit(0.0, 0)


def test_prefixes_go_with_their_sentences(model: EncoderDecoder, sources: list[list[int]]) -> None:
    prefixes = [[3 + number % 9] * (number % 4) for number in range(len(sources))]
    found = translate_ids(model, sources, OPTIONS, prefixes=prefixes, batch_tokens=200)
    for prefix, hypotheses in zip(prefixes, found, strict=True):
        assert all(list(hypothesis.tokens[: len(prefix)]) == prefix for hypothesis in hypotheses)
    assert tokens_of(found) == tokens_of(translate_ids(model, sources, OPTIONS, prefixes=prefixes, batch_tokens=1))


def test_batches_are_longest_first_and_stay_within_the_budget() -> None:
    """8 alone; 5 and 5 make 10; 3, 3 and 1 make 9; 12 is wider than the budget and alone."""
    assert list(batches([3, 5, 12, 1, 8, 5, 3], budget=10)) == [[2], [4], [1, 5], [0, 6, 3]]
    assert list(batches([], budget=10)) == []


def test_progress_counts_up_to_all(model: EncoderDecoder, sources: list[list[int]]) -> None:
    seen: list[tuple[int, int]] = []
    translate_ids(model, sources, GREEDY, batch_tokens=60, progress=lambda done, count: seen.append((done, count)))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (14, 14)


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_change_nothing(model: EncoderDecoder, sources: list[list[int]], workers: int) -> None:
    alone = translate_ids(model, sources, OPTIONS, batch_tokens=30, workers=1)
    assert translate_ids(model, sources, OPTIONS, batch_tokens=30, workers=workers) == alone


def test_a_failure_in_a_worker_ends_the_work(model: EncoderDecoder, sources: list[list[int]]) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        translate_ids(model, sources, OPTIONS, batch_tokens=30, workers=2, progress=interrupt)


def test_every_module_trains_again_or_not_as_before(sources: list[list[int]]) -> None:
    model = tiny().train()
    model.encoder.eval()
    before = [module.training for module in model.modules()]
    translate_ids(model, sources[:2], GREEDY)
    score_ids(model, sources[:2], [[5], []], GREEDY)
    with pytest.raises(DecodingError):
        translate_ids(model, sources[:1], OPTIONS, progress=failing)
    assert [module.training for module in model.modules()] == before
    assert all(parameter.requires_grad for parameter in model.parameters())


def failing(done: int, count: int) -> None:
    raise DecodingError("the caller has had enough")


def test_no_sources_give_no_translations(model: EncoderDecoder) -> None:
    assert translate_ids(model, [], OPTIONS) == []
    assert score_ids(model, [], [], OPTIONS) == []


GOOD = [5, END]


@pytest.mark.parametrize(
    ("sources", "prefixes", "message"),
    [
        ([GOOD, [5] * 17], None, "sentence 2: its source has 17 tokens but the model takes 1 to 16; split it"),
        ([GOOD, []], None, "sentence 2: its source has 0 tokens .* give it at least its end token"),
        ([[17, END]], None, "sentence 1: its source has ids from 2 to 17 but the model knows 0 to 16"),
        ([GOOD], [[-1]], "sentence 1: its prefix has ids from -1 to -1"),
        ([GOOD, GOOD], [[5], [END]], "sentence 2: its prefix contains the end token 2"),
        ([GOOD], [[5] * 17], "sentence 1: its prefix has 17 tokens but the model takes 0 to 16"),
        ([GOOD], [[5], [5]], "2 prefixes for 1 sources"),
    ],
)
def test_what_the_model_cannot_take_is_one_plain_line(
    model: EncoderDecoder, sources: Any, prefixes: Any, message: str
) -> None:
    with pytest.raises(DecodingError, match=message) as error:
        translate_ids(model, sources, OPTIONS, prefixes=prefixes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([], "1 sources but 0 targets; give one target for each source"),
        ([[5] * 16], "sentence 1: its target has 16 tokens but the model takes 0 to 15; split it"),
        ([[99]], "sentence 1: its target has ids from 99 to 99"),
    ],
)
def test_targets_that_cannot_be_scored(model: EncoderDecoder, targets: Any, message: str) -> None:
    with pytest.raises(DecodingError, match=message):
        score_ids(model, [GOOD], targets, OPTIONS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_tokens": 0}, "batch_tokens=0 must be a whole number from 1 to 1000000000"),
        ({"batch_tokens": 10**10}, "batch_tokens=10000000000 must be"),
        ({"workers": 0}, "workers=0 must be a whole number from 1 to 1024"),
        ({"workers": -3}, "workers=-3 must be"),
    ],
)
def test_batches_and_workers_have_bounds(model: EncoderDecoder, settings: Any, message: str) -> None:
    """faults.md A17. Whether or not there is anything to translate."""
    for sources in ([GOOD], []):
        with pytest.raises(DecodingError, match=message):
            translate_ids(model, sources, OPTIONS, **settings)
    if "batch_tokens" in settings:
        with pytest.raises(DecodingError, match=message):
            score_ids(model, [GOOD], [[5]], OPTIONS, **settings)


@pytest.mark.parametrize("limits", [(math.nan, 20), (math.inf, 20), (2.0, -1), (-1.0, 20), (2.0, 10**10)])
def test_a_length_limit_has_bounds(limits: tuple[float, int]) -> None:
    with pytest.raises(DecodingError, match=r"must be a (whole )?number from 0"):
        LengthLimit(*limits)


def test_options_for_another_vocabulary_are_refused(model: EncoderDecoder) -> None:
    with pytest.raises(DecodingError, match="names id 99 but the model's target vocabulary has 17 ids"):
        translate_ids(model, [GOOD], dataclasses.replace(OPTIONS, suppressed=(99,)))


def test_a_damaged_model_is_named_as_the_cause() -> None:
    model = tiny()
    with torch.no_grad():
        model.target_embedding.matrix.weight.fill_(math.nan)
    with pytest.raises(DecodingError, match="weights are damaged"):
        translate_ids(model, [GOOD], OPTIONS)
