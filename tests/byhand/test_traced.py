"""Sheets with the numbers of a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import clearhead
from clearhead.bundle import Bundle
from clearhead.byhand import LANGUAGES, TOPICS, sheet_from
from clearhead.byhand.modelled import WITHOUT_LAYERS
from clearhead.errors import UsageError
from clearhead.model import DecoderOnlyConfig, EncoderDecoder, EncoderOnlyConfig, TransformerConfig, causal_mask
from clearhead.model.families import built
from clearhead.tracing import Side, Trace, operations_of, record


@pytest.fixture(scope="module")
def trace(two_languages: Bundle) -> Trace:
    return two_languages.trace("one", "fr", target="un")


PATHS = {
    "self-attention": "encoder.layers.1.self_attention",
    "masked": "decoder.layers.1.self_attention",
    "cross-attention": "decoder.layers.1.cross_attention",
}


@pytest.mark.parametrize("topic", list(PATHS))
def test_its_numbers_are_the_models_rounded(
    trace: Trace, precise: Callable[..., Tensor], numbers: Callable[..., Tensor], topic: str
) -> None:
    layers = trace.config["encoder_layers"]
    sheet = sheet_from(trace, topic, layers - 1, 1)
    path = PATHS[topic].replace(".1.", f".{layers - 1}.")
    for key, name in (("S", "scores"), ("V", "value")):
        model = trace[f"{path}.{name}"][1].double()
        found = numbers(sheet.matrix(key))
        assert (found - model[: len(found), : found.shape[1]]).abs().max() <= 0.05 + 1e-9
    scores, value = numbers(sheet.matrix("S")), numbers(sheet.matrix("V"))
    head_width = trace[f"{path}.query"].shape[-1]
    # A query that is the scores and a key that is the identity make the scores; √d_k is then set right by the width.
    factor = (len(scores.T) / head_width) ** 0.5
    mask = causal_mask(scores.shape[1])[0, 0, : len(scores)] if topic == "masked" else None
    context, weights = clearhead.attention(scores * factor, torch.eye(scores.shape[1]).double(), value, mask)
    torch.testing.assert_close(precise(sheet.matrix("weights")), weights, rtol=0, atol=1e-12)
    torch.testing.assert_close(precise(sheet.matrix("context")), context, rtol=0, atol=1e-12)


def test_it_says_whose_numbers_they_are_and_how_they_are_rounded(trace: Trace) -> None:
    sheet = sheet_from(trace, "cross-attention", 0, 1)
    assert "“one”" in sheet.source
    assert "decoder, layer 1 · encoder-decoder attention, head 2" in sheet.source
    assert "rounded to 1 decimal" in sheet.rounding
    assert sheet.matrix("S").rows == trace.target.pieces[:4]
    assert sheet.matrix("S").columns == trace.source.pieces


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_names_the_part_as_a_person_does(trace: Trace, language: str) -> None:
    """faults.md D6: layers from 1, as in the command; no name of a tensor, which counts from 0."""
    for topic in TOPICS:
        try:
            sheet = sheet_from(trace, topic, language=language)
        except UsageError:
            continue
        assert ".layers." not in sheet.source, topic
        assert "_attention" not in sheet.source, topic
    assert ("1층" if language == "ko" else "layer 1") in sheet_from(trace, "block", 0, language=language).source


def close(found: Tensor, model: Tensor, by: float) -> None:
    assert found.shape == model.shape
    assert (found - model).abs().max() <= by


def test_the_feed_forward_layer_gives_the_models_own_numbers(
    trace: Trace, numbers: Callable[..., Tensor], precise: Callable[..., Tensor]
) -> None:
    """As near as the roundings: what the sheet leaves out is added to its sums."""
    sheet = sheet_from(trace, "feed-forward", 0)
    path = "encoder.layers.0.feed_forward"
    out = trace[f"{path}.output"].double().T[:3]
    close(numbers(sheet.matrix("Y")), out, 0.011)
    close(precise(sheet.matrix("Y")), out, 0.05)
    inner = trace[f"{path}.inner"].double().T
    for row in numbers(sheet.matrix("H")):
        assert (inner - row).abs().amax(1).min() <= 0.011
    rows = {key: numbers(sheet.matrix(key)) for key in ("Z", "W1", "b1", "W2", "b2")}
    hidden = rows["W1"] @ rows["Z"] + rows["b1"]
    torch.testing.assert_close(precise(sheet.matrix("H")), hidden, rtol=0, atol=1e-12)
    expected = rows["W2"] @ hidden.relu() + rows["b2"]
    torch.testing.assert_close(precise(sheet.matrix("Y")), expected, rtol=0, atol=1e-12)
    assert "added up for each place" in sheet.sections[0].text


def test_the_block_and_its_weighting(trace: Trace, numbers: Callable[..., Tensor]) -> None:
    path = "encoder.layers.0.self_attention"
    for topic in ("block", "attention-weighting"):
        sheet = sheet_from(trace, topic, 0, 1)
        assert "0 or 1" not in sheet.introduction
        assert "look where the ones stand" not in sheet.sections[0].text
        assert sheet.matrix("X").columns == trace.source.pieces
        close(numbers(sheet.matrix("A")), trace[f"{path}.weights"][1].double().T, 0.005)
        # Seven weights and a value of some size, each half a unit of its last decimal off.
        close(numbers(sheet.matrix("Z")), trace[f"{path}.context"][1].double().T[:3], 0.1)
    close(
        numbers(sheet_from(trace, "block").matrix("Y")),
        trace["encoder.layers.0.feed_forward.output"].double().T[:3],
        0.011,
    )


def test_layer_normalisation(trace: Trace, numbers: Callable[..., Tensor]) -> None:
    sheet = sheet_from(trace, "layer-norm", 0)
    expected = trace["encoder.layers.0.self_attention_residual.normalized"].double()[:4, :4]
    # σ is rounded to two decimals, and divides.
    close(numbers(sheet.matrix("normalized")), expected, 0.06)
    assert not any(cell.blank for row in sheet.matrix("mean").cells for cell in row)


def test_the_softmax(trace: Trace, numbers: Callable[..., Tensor]) -> None:
    sheet = sheet_from(trace, "softmax", 0, 1)
    weights = trace["encoder.layers.0.self_attention.weights"][1, :4].double()
    close(numbers(sheet.matrix("weights")), weights, 0.05)
    assert "last two rows" not in sheet.sections[-1].text


def test_positions(trace: Trace, numbers: Callable[..., Tensor], precise: Callable[..., Tensor]) -> None:
    sheet = sheet_from(trace, "positions")
    waves = trace["source_embedding.positions"].double()[:, :4]
    close(precise(sheet.matrix("PE")), waves, 1e-6)
    close(numbers(sheet.matrix("PE")), waves, 0.02)
    close(numbers(sheet.matrix("X")), trace["source_embedding.sum"].double()[:, :4], 0.07)


def test_cross_entropy(trace: Trace, numbers: Callable[..., Tensor], precise: Callable[..., Tensor]) -> None:
    """The least sure position: its own word is marked, and the loss is that of the rounded logits."""
    sheet = sheet_from(trace, "cross-entropy")
    logits, target = numbers(sheet.matrix("z")), numbers(sheet.matrix("t"))
    chosen = trace["output.probabilities"][torch.arange(len(trace.predicted.ids)), torch.tensor(trace.predicted.ids)]
    place = int(chosen.argmin())
    assert sheet.matrix("t").columns[int(target.argmax())] == trace.predicted.pieces[place]
    assert (trace["output.logits"][place].double() - logits.max()).abs().min() <= 0.051
    expected = torch.nn.functional.cross_entropy(logits, target.argmax(1))
    torch.testing.assert_close(precise(sheet.matrix("one_hot"))[0, 0], expected, rtol=0, atol=1e-12)


def test_two_heads_of_several(trace: Trace, numbers: Callable[..., Tensor], precise: Callable[..., Tensor]) -> None:
    """Each head as its own attention; what they are mixed to is the model's own result."""
    layer = trace.config["encoder_layers"] - 1
    sheet, path = sheet_from(trace, "multi-head", layer), f"encoder.layers.{layer}.self_attention"
    contexts = []
    for head in (1, 2):
        scores, value = numbers(sheet.matrix(f"S{head}")), numbers(sheet.matrix(f"V{head}"))
        close(scores, trace[f"{path}.scaled"][head - 1, :3].double(), 0.05 + 1e-9)
        close(value, trace[f"{path}.value"][head - 1, :, :2].double(), 0.05 + 1e-9)
        torch.testing.assert_close(
            precise(sheet.matrix(f"context{head}")), scores.softmax(1) @ value, rtol=0, atol=1e-12
        )
        contexts.append(numbers(sheet.matrix(f"context{head}")))
    output = trace.parameters[f"{path}.output.weight"].detach().double()
    width = trace[f"{path}.query"].shape[-1]
    taken = torch.cat((output[:3, :2], output[:3, width : width + 2]), dim=1).T
    close(numbers(sheet.matrix("WO")), taken, 0.005 + 1e-9)
    mixed = torch.cat(contexts, dim=1) @ numbers(sheet.matrix("WO")) + numbers(sheet.matrix("rest"))
    close(numbers(sheet.matrix("output")), mixed, 0.005 + 1e-9)
    close(numbers(sheet.matrix("output")), trace[f"{path}.output"].double()[:3, :3], 0.011)


def test_a_trace_without_its_weights(trace: Trace, tmp_path: Path) -> None:
    trace.save(tmp_path / "trace.safetensors")
    loaded = Trace.load(tmp_path / "trace.safetensors")
    assert sheet_from(loaded, "softmax") == sheet_from(trace, "softmax")
    for topic in ("feed-forward", "block", "layer-norm", "multi-head"):
        with pytest.raises(UsageError, match="was read without its model's weights"):
            sheet_from(loaded, topic)


@pytest.mark.parametrize("topic", list(TOPICS))
def test_every_topic_has_its_numbers_or_says_why_not(trace: Trace, street: Bundle, topic: str) -> None:
    if topic == "by-hand-transformer":
        with pytest.raises(UsageError, match="by-hand-transformer cannot be made from a model: no trained model"):
            sheet_from(trace, topic)
        return
    searched = street.trace("I am a student.", "fr", beam_size=2) if topic == "beam-search" else trace
    sheet = sheet_from(searched, topic)
    assert "round" in sheet.rounding.lower()
    assert len(list(sheet.blanks())) > 10
    korean = sheet_from(searched, topic, language="ko")
    assert [one[3].text for one in korean.blanks()] == [one[3].text for one in sheet.blanks()]
    assert "반올림" in korean.rounding


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("beam-search",), "beam-search needs a trace of a search; make it with trace(text, beam_size=2)"),
        (("beam-search", 1), "--layer 2: beam-search stands outside the layers; leave --layer out"),
        (("masked", 9), "--layer 10: the model's decoder has"),
        (("masked", 0, -1), "--head 0: the model's decoder has 2 heads; choose one from 1 to 2"),
        (("layer-norm", 0, 1), "--head 2: layer-norm has no heads; leave --head out"),
        (("positions", 1), "--layer 2: positions stands outside the layers; leave --layer out"),
    ],
)
def test_what_the_model_does_not_have(trace: Trace, arguments: tuple[str, int], message: str) -> None:
    with pytest.raises(UsageError) as error:
        sheet_from(trace, *arguments)
    assert str(error.value).startswith(message)


@pytest.fixture(scope="module")
def make_trace() -> Callable[..., Trace]:
    """Of an untrained model with four heads and these choices."""

    def make(**choices: Any) -> Trace:
        sizes = {"width": 16, "heads": 4, "inner_width": 8, "encoder_layers": 1, "decoder_layers": 1, "max_length": 9}
        vocabularies = {"source_vocabulary": 12, "target_vocabulary": 12}
        model = EncoderDecoder(TransformerConfig(**{**vocabularies, **sizes, **choices}), seed=3).eval()
        source, target = Side("a b", (5, 6, 2), ("a", "b", "⟨end⟩")), Side("c", (1, 8), ("⟨begin⟩", "c"))
        predicted = Side("c", (8, 2), ("c", "⟨end⟩"))
        return Trace(
            record(model, source.ids, target.ids), operations_of(model.config), source=source, target=target,
            predicted=predicted, config=model.config.as_plain(), parameters=dict(model.named_parameters()),
        )  # fmt: skip

    return make


def test_heads_that_share_keys_and_have_a_width_of_their_own(
    make_trace: Callable[..., Trace], precise: Callable[..., Tensor]
) -> None:
    """Heads 1 and 2 have the first values, 3 and 4 the second; scores are divided by √9, not by √(16 ÷ 4)."""
    trace = make_trace(kv_heads=2, head_width=9, bias=False)
    path = "encoder.layers.0.self_attention"
    for head, shared in enumerate((0, 0, 1, 1)):
        sheet = sheet_from(trace, "self-attention", 0, head)
        close(precise(sheet.matrix("V")), trace[f"{path}.value"][shared, :, :3].double(), 0.051)
        close(precise(sheet.matrix("scaled")), trace[f"{path}.scores"][head].double() / 3, 0.051 / 3)
        close(
            precise(sheet_from(trace, "block", 0, head).matrix("X")).T,
            trace[f"{path}.value"][shared, :, :3].double(),
            0.051,
        )
    assert not precise(sheet_from(trace, "layer-norm").matrix("beta")).any()
    assert len(sheet_from(trace, "multi-head").matrix("V2").cells) == 3
    assert sheet_from(trace, "cross-entropy").matrix("z").columns


def test_another_scale_is_refused(make_trace: Callable[..., Trace]) -> None:
    with pytest.raises(UsageError, match="masked cannot be made from this model: it divides scores by 4, not by √4"):
        sheet_from(make_trace(scale=0.25), "masked")


@pytest.mark.parametrize("kind", ["relative", "alibi"])
def test_positions_that_are_added_to_scores(
    make_trace: Callable[..., Trace], precise: Callable[..., Tensor], kind: str
) -> None:
    """A sheet's softmax begins with what the model's does; one that works scores out itself would find others."""
    trace = make_trace(positions=kind)
    into = trace["encoder.layers.0.self_attention.biased"]
    close(precise(sheet_from(trace, "softmax", 0, 1).matrix("x")), into[1, :3].double(), 0.051)
    close(precise(sheet_from(trace, "multi-head").matrix("S2")), into[1, :3].double(), 0.051)
    with pytest.raises(UsageError, match=f"cannot be made from this model: its positions, {kind}, are added to scores"):
        sheet_from(trace, "self-attention")
    assert sheet_from(trace, "cross-attention")


def test_a_text_that_is_too_long(two_languages: Bundle) -> None:
    trace = two_languages.trace("one two three " * 4, "fr", target="un")
    with pytest.raises(UsageError, match="tokens, but a sheet has room for 7; choose a shorter text"):
        sheet_from(trace, "self-attention")


SIZES = {"vocabulary": 20, "width": 8, "heads": 2, "inner_width": 8, "layers": 2, "activation": "relu"}
IDS, PIECES = (3, 4, 5, 6, 7), ("a", "b", "c", "d", "e")


def one_stack(config: Any) -> Trace:
    """A trace of an untrained decoder-only or encoder-only model."""
    model = built(config).eval()
    with torch.no_grad():
        for number, one in enumerate(model.parameters()):
            one.add_(torch.randn(one.shape, generator=torch.Generator().manual_seed(number)), alpha=0.3)
    family = "decoder-only" if isinstance(config, DecoderOnlyConfig) else "encoder-only"
    sides = {"text": Side("a b c d e", IDS, PIECES)}
    if family == "decoder-only":
        sides["predicted"] = Side("f", (*IDS[1:], 8), (*PIECES[1:], "f"))
    return Trace(
        record(model, IDS), operations_of(config), family=family, config=config.as_plain(),
        parameters=dict(model.named_parameters(remove_duplicate=False)), **sides,
    )  # fmt: skip


@pytest.fixture(scope="module")
def causal() -> Trace:
    return one_stack(DecoderOnlyConfig(**SIZES, norm_placement="pre"))


@pytest.fixture(scope="module")
def full() -> Trace:
    return one_stack(EncoderOnlyConfig(**SIZES))


REFUSED = {
    "causal": {
        "cross-attention": "it reads one text, and looks at no other",
        "beam-search": "its trace holds no search",
        "by-hand-transformer": "no trained model is small enough",
    },
    "full": {
        "masked": "each of its places sees the whole text",
        "cross-attention": "it reads one text, and looks at no other",
        "cross-entropy": "its places predict no next token",
        "beam-search": "its trace holds no search",
        "by-hand-transformer": "no trained model is small enough",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", REFUSED)
def test_a_model_with_one_stack(request: pytest.FixtureRequest, kind: str, language: str) -> None:
    """Every topic that it has numbers for, of its last layer; the others say why not, in one line."""
    trace = request.getfixturevalue(kind)
    for topic in TOPICS:
        layer = None if topic in WITHOUT_LAYERS else 1
        if topic in REFUSED[kind]:
            with pytest.raises(UsageError, match=f"{topic} cannot be made from a?.*{REFUSED[kind][topic]}") as refused:
                sheet_from(trace, topic, layer, language=language)
            assert "\n" not in str(refused.value)
            continue
        sheet = sheet_from(trace, topic, layer, language=language)
        assert "“a b c d e”" in sheet.source
        assert "embedding." not in sheet.source


def test_under_a_causal_mask_the_last_position_sees_all(
    causal: Trace, numbers: Callable[..., Tensor], precise: Callable[..., Tensor]
) -> None:
    """So a sheet without a mask has its row alone; its weights and results are the model's."""
    path = "decoder.layers.1.self_attention"
    for topic in ("softmax", "self-attention"):
        sheet = sheet_from(causal, topic, 1, 1)
        found = precise(sheet.matrix("weights"))
        close(found, causal[f"{path}.weights"][1, -1:].double(), 0.06)
        assert "which alone may look at all the others" in sheet.rounding
        assert sheet.matrix("weights").rows == ("e",)
    sheet = sheet_from(causal, "multi-head", 1)
    close(numbers(sheet.matrix("output")), causal[f"{path}.output"][-1:, :3].double(), 0.011)
    close(precise(sheet.matrix("weights2")), causal[f"{path}.weights"][1, -1:].double(), 0.06)
    # With the mask on the sheet the first positions are there.
    masked = sheet_from(causal, "masked", 1, 1)
    close(precise(masked.matrix("weights")), causal[f"{path}.weights"][1, :4].double(), 0.06)


def test_under_a_full_mask_the_first_positions_are_shown(full: Trace, precise: Callable[..., Tensor]) -> None:
    sheet = sheet_from(full, "self-attention", 1, 1)
    close(precise(sheet.matrix("weights")), full["encoder.layers.1.self_attention.weights"][1, :4].double(), 0.06)


def test_the_next_token_that_was_least_expected(causal: Trace, numbers: Callable[..., Tensor]) -> None:
    sheet = sheet_from(causal, "cross-entropy")
    shares = causal["output.probabilities"][range(5), list(causal.predicted.ids)]
    place = int(shares.argmin())
    assert f"“{PIECES[place]}”" in sheet.rounding
    [logits] = numbers(sheet.matrix("z"))
    assert logits.max() == pytest.approx(float(causal["output.logits"][place].max()), abs=0.051)
