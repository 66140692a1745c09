"""A model prepared for a GPU, on the CPU: it finds what the model finds, recorded or not. Ids as in test_engine."""

import copy
import dataclasses
import random
from typing import Any

import pytest
import torch

from clearhead.decoding import device_model
from clearhead.decoding.device_model import DeviceModel, PreciseOutput, on_device, prepared
from clearhead.decoding.device_search import run
from clearhead.decoding.engine import LengthLimit, translate_ids
from clearhead.decoding.options import Sampling, SearchOptions
from clearhead.decoding.scores import LengthPenalty
from clearhead.errors import DecodingError
from clearhead.model import EncoderDecoder, TransformerConfig

PADDING, BEGIN, END, VOCABULARY = 0, 1, 2, 17
OPTIONS = SearchOptions(begin=BEGIN, end=END, suppressed=(PADDING, BEGIN), beam_size=4, top_beams=3)
GREEDY = dataclasses.replace(OPTIONS, beam_size=1, top_beams=1)


def tiny(seed: int = 29, **changes: Any) -> EncoderDecoder:
    """Random, but sure enough of itself that translations differ from source to source and end at different times."""
    config = TransformerConfig(
        source_vocabulary=VOCABULARY,
        target_vocabulary=VOCABULARY,
        width=16,
        heads=2,
        inner_width=32,
        encoder_layers=1,
        decoder_layers=1,
        max_length=16,
        norm_placement="pre",
        share_embeddings="none",
    )
    model = EncoderDecoder(dataclasses.replace(config, **changes), seed=seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2)
    return model


def sources_of(count: int, seed: int = 1) -> list[list[int]]:
    draw = random.Random(seed)
    return [[*(draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(1, 11))), END] for _ in range(count)]


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    return tiny()


@pytest.mark.parametrize(
    ("beam_size", "penalty"),
    [(1, "none"), (2, "gnmt:0.6"), (3, "mean:1.0"), (4, "none"), (4, "gnmt:2"), (5, "mean:1.0")],
)
def test_it_finds_what_the_model_finds(model: EncoderDecoder, assert_same: Any, beam_size: int, penalty: str) -> None:
    chosen = LengthPenalty.parse(penalty)
    options = dataclasses.replace(OPTIONS, beam_size=beam_size, top_beams=min(beam_size, 3), length_penalty=chosen)
    expected = translate_ids(model, sources_of(14), options)
    assert len({one.tokens for found in expected for one in found}) > 6
    assert_same(translate_ids(DeviceModel(model), sources_of(14), options), expected)


@pytest.mark.parametrize("kinds", [{"positions": "learned", "norm": "rms"}, {"positions": "rotary"}], ids=str)
@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_whatever_the_model_is(assert_same: Any, kinds: dict[str, Any], options: SearchOptions) -> None:
    """Longer than one reach, too."""
    model, sources = tiny(2, max_length=40, **kinds), sources_of(7, seed=3)
    expected = translate_ids(model, sources, options)
    assert max(len(best.tokens) for best, *_ in expected) > 17
    assert_same(translate_ids(DeviceModel(model), sources, options), expected)


@pytest.mark.parametrize("limit", [LengthLimit(0.0, 1), LengthLimit(1.0, 0)], ids=str)
@pytest.mark.parametrize("suppressed", [(), (PADDING, BEGIN, 5, 9)], ids=str)
def test_whatever_is_asked_for(
    model: EncoderDecoder, assert_same: Any, limit: LengthLimit, suppressed: tuple[int, ...]
) -> None:
    options = dataclasses.replace(OPTIONS, suppressed=suppressed)
    expected = translate_ids(model, sources_of(5), options, length_limit=limit)
    assert_same(translate_ids(DeviceModel(model), sources_of(5), options, length_limit=limit), expected)


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_recorded_it_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, assert_same: Any, tape: Any, options: SearchOptions
) -> None:
    """In batches of several shapes, of which sentences leave, twice: the second time nearly all is played."""
    monkeypatch.setattr("clearhead.decoding.device_search.FEW_ROWS", 4)
    model = tiny(max_length=20)
    device = DeviceModel(model, recorder=tape)
    sources = [*sources_of(13), *([*(source[:-1] * 9)[:17], END] for source in sources_of(8, seed=2))]
    expected = translate_ids(model, sources, options)
    assert_same(translate_ids(device, sources, options, batch_tokens=16 * options.beam_size * 6), expected)
    assert len(device._batches) > 1
    assert tape.recorded > 4
    assert tape.played > 3 * tape.recorded
    recorded, played = tape.recorded, tape.played
    assert_same(translate_ids(device, sources, options, batch_tokens=16 * options.beam_size * 6), expected)
    # What is left to record was asked for once before.
    assert tape.recorded - recorded < (tape.played - played) / 6


def test_a_recording_serves_other_sentences(model: EncoderDecoder, assert_same: Any, tape: Any) -> None:
    device = DeviceModel(model, recorder=tape)
    for seed in (1, 2, 3):
        sources = sources_of(3, seed)
        assert_same(device.search(sources, [16] * 3, GREEDY), translate_ids(model, sources, GREEDY))
    # One of reading, one of a step.
    assert tape.recorded == 2
    assert len(device._batches) == 1


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
def test_translations_are_the_same_for_any_batch_size_and_order(model: EncoderDecoder, options: SearchOptions) -> None:
    device, sources = DeviceModel(model), sources_of(5)
    together = [[one.tokens for one in found] for found in translate_ids(device, sources, options)]
    for batch_tokens in (1, 80):
        found = translate_ids(device, sources[::-1], options, batch_tokens=batch_tokens)
        assert [[one.tokens for one in each] for each in reversed(found)] == together


def test_batches_share_one_room_that_grows(model: EncoderDecoder, assert_same: Any, tape: Any) -> None:
    device, sizes = DeviceModel(model, recorder=tape), []
    for count in (2, 9, 3, 12, 2):
        sources = sources_of(count, seed=count)
        assert_same(translate_ids(device, sources, GREEDY), translate_ids(model, sources, GREEDY))
        sizes.append(len(device._room))
    assert sizes[0] < sizes[1] == sizes[2] <= sizes[3] == sizes[4]
    assert len({batch.step.past.untyped_storage().data_ptr() for batch in device._batches.values()}) == 1


def test_only_so_many_shapes_are_kept(
    monkeypatch: pytest.MonkeyPatch, model: EncoderDecoder, assert_same: Any, tape: Any
) -> None:
    monkeypatch.setattr(device_model, "_MOST_BATCHES", 2)
    device = DeviceModel(model, recorder=tape)
    for count in (5, 3, 2):
        sources = sources_of(count)
        assert_same(translate_ids(device, sources, GREEDY), translate_ids(model, sources, GREEDY))
        assert len(device._batches) <= 2


def test_sampling_and_prefixes_take_the_plain_way(
    monkeypatch: pytest.MonkeyPatch, model: EncoderDecoder, assert_same: Any
) -> None:
    device, sources = DeviceModel(model), sources_of(6)
    monkeypatch.setattr(device, "search", None)
    sample = dataclasses.replace(OPTIONS, sampling=Sampling(seed=5))
    assert_same(translate_ids(device, sources, sample), translate_ids(model, sources, sample))
    prefixes = [[5, 6], [], [7], [], [], []]
    expected = translate_ids(model, sources, OPTIONS, prefixes=prefixes)
    assert_same(translate_ids(device, sources, OPTIONS, prefixes=prefixes), expected)


def test_sampling_is_refused(model: EncoderDecoder) -> None:
    with pytest.raises(DecodingError, match="draws no samples"):
        DeviceModel(model).search([[5, END]], [9], dataclasses.replace(OPTIONS, sampling=Sampling()))


def test_bf16_is_near_and_its_scores_are_those_of_its_own_weights(model: EncoderDecoder) -> None:
    """Rounded weights give other log-probabilities, by some hundredths; most first words are the same."""
    sources = sources_of(30)
    exact, rounded = (translate_ids(DeviceModel(model, kind), sources, GREEDY) for kind in ("fp32", "bf16"))  # type: ignore[arg-type]
    pairs = [(one[0], other[0]) for one, other in zip(exact, rounded, strict=True)]
    same = [(one, other) for one, other in pairs if one.tokens[0] == other.tokens[0]]
    assert len(same) > 24
    differences = [abs(one.token_log_probabilities[0] - other.token_log_probabilities[0]) for one, other in same]
    assert 0 < max(differences) < 0.3
    # Logits that had been rounded as well would be some of few numbers.
    values = torch.tensor([other.token_log_probabilities[0] for _, other in pairs])
    assert (values != values.bfloat16().float()).any()


def test_logits_of_bfloat16_are_summed_and_kept_in_float32() -> None:
    generator = torch.Generator().manual_seed(1)
    matrix = torch.nn.Embedding(7, 64).bfloat16()
    vectors = torch.randn(2, 3, 64, generator=generator).bfloat16()
    found = PreciseOutput(matrix)(vectors)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), vectors.double() @ matrix.weight.double().t(), atol=1e-4, rtol=1e-5)
    # What a GPU is asked for exists, and has this shape and type.
    matrix.to("meta")
    meta = PreciseOutput(matrix)(vectors.to("meta"))
    assert (meta.shape, meta.dtype) == (found.shape, found.dtype)


@pytest.mark.parametrize("options", [OPTIONS, GREEDY], ids=["beam", "greedy"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_step_of_the_whole_search_reads_nothing(precision: Any, options: SearchOptions) -> None:
    """On the meta device there is nothing to read, and tensors of the host do not mix with its own."""
    device = DeviceModel(tiny(target_vocabulary=3000).to("meta"), precision)
    batch = device._batch([[5, END]] * 3, [9, 8, 7], options)
    batch.step.begin([[5, END]] * 3, PADDING)
    batch.read()
    batch.search.begin([9, 8, 7])
    for sentences in (3, 1):
        batch.search.advance(sentences, 16)


def test_training_on_does_not_change_what_was_prepared(model: EncoderDecoder) -> None:
    trained = copy.deepcopy(model)
    device, sources = DeviceModel(trained), sources_of(3)
    before = translate_ids(device, sources, GREEDY)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.mul_(-2)
    assert translate_ids(device, sources, GREEDY) == before


def test_a_damaged_model_is_named_as_the_cause() -> None:
    model = tiny()
    with torch.no_grad():
        model.decoder.layers[0].self_attention.key.weight.fill_(float("nan"))  # type: ignore[union-attr, operator]
    for options in (OPTIONS, GREEDY):
        with pytest.raises(DecodingError, match="weights are damaged"):
            translate_ids(DeviceModel(model), sources_of(3), options)


class TestPreparing:
    """What a model on a GPU becomes; here a model on the CPU is taken for one."""

    @pytest.fixture(autouse=True)
    def gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(device_model, "is_on_gpu", lambda model: True)

    def test_translating_prepares_it(self, monkeypatch: pytest.MonkeyPatch, assert_same: Any) -> None:
        model, searched = tiny(), []

        def noted(*arguments: Any) -> Any:
            searched.append(arguments)
            return run(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(device_model, "is_on_gpu", lambda model: False)
            expected = translate_ids(model, sources_of(5), OPTIONS)
        monkeypatch.setattr(device_model, "run", noted)
        assert_same(translate_ids(model, sources_of(5), OPTIONS), expected)
        assert len(searched) == 1

    def test_it_is_prepared_once_until_a_weight_is_changed(self) -> None:
        model = tiny()
        first = prepared(model)
        assert isinstance(first, DeviceModel)
        assert prepared(model) is first
        with torch.no_grad():
            model.output.matrix.weight.mul_(2)
        second = prepared(model)
        assert second is not first
        assert prepared(model) is second

    def test_a_model_that_is_watched_stays_itself(self) -> None:
        model, seen = tiny(), []
        model.decoder.observer = lambda name, tensor: seen.append(name) or tensor  # type: ignore[func-returns-value]
        assert prepared(model) is model
        translate_ids(model, [[5, END]], GREEDY, length_limit=LengthLimit(0.0, 3))
        assert set(seen) == {"normalized"}

    def test_precisions(self, caplog: pytest.LogCaptureFixture) -> None:
        kinds = {}
        for precision in ("fp32", "bf16", "int8"):
            device = on_device(tiny(), precision)  # type: ignore[arg-type]
            assert device is not None
            kinds[precision] = next(device.model.parameters()).dtype
        assert kinds == {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.bfloat16}
        assert caplog.text.count("int8 is for CPUs; bf16 is used") == 1


def test_on_a_cpu_a_model_stays_itself(model: EncoderDecoder) -> None:
    assert prepared(model) is model
    assert on_device(model, "bf16") is None
